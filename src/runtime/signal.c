/* SPDX-License-Identifier: GPL-2.0-or-later */
/* signal.c owns sending signals to a container's first process, and ending a container. */
#include "src/runtime/signal.h"

#include "src/base/fd.h"
#include "src/base/now.h"
#include "src/base/process.h"
#include "src/runtime/cgroup.h"
#include "src/runtime/containers.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* proc_pid_status(5): a mask in hexadecimal, bit n-1 for signal n. */
static bool mask_has(const char *status, const char *key, int number)
{
	const char *at = strstr(status, key);
	return at && (strtoull(at + strlen(key), NULL, 16) >> (number - 1) & 1);
}

/* signal(7), "Standard signals": those whose default is something else than to end the program. */
static bool ends_by_default(int number)
{
	return number != SIGCHLD && number != SIGCONT && number != SIGURG && number != SIGWINCH && number != SIGTSTP && number != SIGTTIN &&
	       number != SIGTTOU && number != SIGSTOP;
}

/*
 * Whether it sits in sigwait(3), which lifts the block of what it waits for meanwhile (kernel/signal.c, do_sigtimedwait), so that
 * /proc/PID/status shows such a signal as one that nobody cares for: --init, tini and dumb-init do. True also where that cannot be known.
 */
static bool waits_for_signals(pid_t pid)
{
	enum { COMPAT_WAIT = 177, COMPAT_WAIT_64 = 421 }; /* of i386 and 32-bit arm; no call of 64-bit programs that sleeps */
	struct err ignored;
	cleanup_buf struct buf call = { 0 };
	cleanup_free char *path = str_fmt("/proc/%d/syscall", pid); /* "running", or the call's number and arguments */
	if (fd_read_file(AT_FDCWD, path, 1024, &call, &ignored) < 0 || !call.len)
		return true;
	long number = strtol(call.data, NULL, 10);
	return number == SYS_rt_sigtimedwait || number == COMPAT_WAIT || number == COMPAT_WAIT_64;
}

bool signal_is_caught(pid_t pid, int number)
{
	cleanup_buf struct buf status = { 0 };
	return process_status(pid, &status) && mask_has(status.data, "\nSigCgt:\t", number);
}

static bool has_no_handler(pid_t pid, int number)
{
	cleanup_buf struct buf status = { 0 };
	if (!ends_by_default(number) || !process_status(pid, &status))
		return false;
	return !mask_has(status.data, "\nSigCgt:\t", number) && !mask_has(status.data, "\nSigIgn:\t", number) &&
	       !mask_has(status.data, "\nSigBlk:\t", number);
}

/* One that waits for a signal by signalfd(2) has it blocked. Looked at twice, as it may begin to wait in between. */
bool signal_is_lost(pid_t pid, int number)
{
	return has_no_handler(pid, number) && !waits_for_signals(pid) && has_no_handler(pid, number) && !waits_for_signals(pid);
}

bool signal_first(pid_t pid, int number)
{
	bool lost = number != SIGKILL && signal_is_lost(pid, number);
	kill(pid, lost ? SIGKILL : number);
	return lost;
}

/* What is paused cannot end. Its state does not say so where who pauses it was killed, or is at it. */
static void let_go(const struct state *state)
{
	cleanup_cgroup struct cgroup cgroup = { 0 };
	cgroup_of_process(&cgroup, state->id, state->pid);
	cgroup_thaw(&cgroup);
}

int signal_container(const struct state *state, int number, bool as_is, struct err *err)
{
	cleanup_fd int pid_fd = state_open_process(state, err);
	if (pid_fd < 0)
		return pid_fd;
	if (!as_is && number != SIGKILL && signal_is_lost(state->pid, number))
		number = SIGKILL;
	if (syscall(SYS_pidfd_send_signal, pid_fd, number, NULL, 0) < 0)
		return err_sys(err, "cannot signal container %s", state->name);
	if (number == SIGKILL)
		let_go(state);
	return 0;
}

/* pidfd_open(2): readable when the process has ended. */
static bool ends_within(int pid_fd, unsigned seconds)
{
	struct pollfd ended = { .fd = pid_fd, .events = POLLIN };
	int64_t until = now_ns() + seconds * 1000000000ll;
	int r;
	do {
		int64_t left = (until - now_ns()) / 1000000;
		r = poll(&ended, 1, left > 0 ? (int)left : 0);
	} while (r < 0 && errno == EINTR);
	return r > 0;
}

static int end_first(const struct state *state, int number, unsigned timeout, struct err *err)
{
	cleanup_fd int pid_fd = state_open_process(state, err);
	if (pid_fd < 0) { /* between two starts, or about to be done */
		if (state->supervisor > 0)
			kill(state->supervisor, SIGTERM);
		err_clear(err);
		return 0;
	}
	int r = signal_container(state, number, false, err);
	let_go(state);
	if (r < 0 || ends_within(pid_fd, timeout))
		return r == -ESRCH ? 0 : r;
	if (syscall(SYS_pidfd_send_signal, pid_fd, SIGKILL, NULL, 0) < 0 && errno != ESRCH)
		return err_sys(err, "cannot kill container %s", state->name);
	let_go(state); /* somebody may have paused it meanwhile */
	return 0;
}

/*
 * Who is stopped, by Ctrl-Z for one, does not see that the container has ended: everybody would wait. It lives, as its lock said. Not before
 * the end: it passes SIGCONT on, and an init that this takes out of sigwait(3) is for a moment one to which SIGTERM would be lost.
 */
static void wake(const struct state *state)
{
	if (state->supervisor > 0)
		kill(state->supervisor, SIGCONT);
}

int signal_stop(int dir_fd, const struct state *state, int number, unsigned timeout, struct err *err)
{
	struct state now = { 0 };
	if (!containers_is_alive(dir_fd))
		return 0;
	int r = containers_write_file(dir_fd, "stop", "", 0, err);
	if (r == 0)
		r = state_read(dir_fd, &now, err); /* the process may be another by now, where it is started again and again */
	if (r == 0)
		r = end_first(now.pid > 0 ? &now : state, number, timeout, err);
	if (r == 0)
		wake(now.pid > 0 ? &now : state);
	state_done(&now);
	if (r < 0)
		return r;
	cleanup_fd int lock_fd = containers_await_end(dir_fd, err);
	if (lock_fd != -ENOENT) /* its supervisor has removed it already */
		return lock_fd < 0 ? lock_fd : 0;
	err_clear(err);
	return 0;
}
