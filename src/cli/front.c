/* SPDX-License-Identifier: GPL-2.0-or-later */
/* front.c owns the process that a shell waits for while a program with a terminal can be left running. */
/*
 * Theory of operation. Who supervises a program in the foreground, a container's first or one of `exec`, is its parent, and cannot be
 * exchanged. So that it can go on when the user leaves, another process is what the shell started. Both are one job: what the
 * terminal does to it reaches both. Until the program is left the child ends with its front, as one process would.
 */
#include "src/cli/front.h"

#include "src/base/fd.h"
#include "src/base/process.h"
#include "src/runtime/shortage.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* There is one at most: a process has one standard input. */
static struct relay_leave leave = { .ready_fd = -1 };

const struct relay_leave *front_leave(void)
{
	return leave.ready_fd < 0 ? NULL : &leave;
}

int front_ready_fd(void)
{
	return leave.ready_fd;
}

/*
 * What keys send reaches the child as well. The hangup of a terminal is told to its session's leader alone, which the front is where
 * no shell is (ssh -t HOST xrun ...); where both are told, a second one changes nothing.
 */
static void pass_signals(int signal_fd, pid_t child)
{
	struct signalfd_siginfo info;
	while (read(signal_fd, &info, sizeof info) == sizeof info)
		if (info.ssi_signo == SIGHUP || (info.ssi_signo != SIGCHLD && info.ssi_code == SI_USER))
			kill(child, (int)info.ssi_signo);
}

/* 1: it was left; 0: the child has ended, or is about to; a negative errno where leaving failed. */
static int await_leave(int ready_fd, int signal_fd, pid_t child, struct err *err)
{
	struct err said;
	struct pollfd polls[] = { { .fd = ready_fd, .events = POLLIN }, { .fd = signal_fd, .events = POLLIN } };
	while (!polls[0].revents) {
		if (poll(polls, 2, -1) < 0 && errno != EINTR)
			return err_sys(err, "cannot wait for the program");
		if (polls[1].revents)
			pass_signals(signal_fd, child);
	}
	if (read(ready_fd, &said, sizeof said) != sizeof said)
		return 0;
	if (said.code < 0)
		*err = said;
	return said.code < 0 ? said.code : 1;
}

static int wait_in_front(pid_t child, const char *what, int ready_fd, struct err *err)
{
	cleanup_fd int signal_fd = relay_block_signals(err);
	int r = signal_fd < 0 ? signal_fd : await_leave(ready_fd, signal_fd, child, err);
	if (r > 0)
		fprintf(stderr, "\nxrun: left the %s running\n", what);
	return r < 0 ? r : r > 0 ? 0 : process_wait(child);
}

bool front_stay(const char *keys, const char *what, int *ret_status, struct err *err)
{
	int ends[2];
	struct keys parsed;
	pid_t front = getpid();
	if (!isatty(0))
		return false;
	*ret_status = keys_parse(keys, &parsed, err);
	if (*ret_status < 0)
		return true;
	if (pipe2(ends, O_CLOEXEC) < 0) {
		*ret_status = err_sys(err, "cannot make a pipe");
		return true;
	}
	pid_t child = fork();
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != front)
			_exit(STATUS_FAILED);
		close(ends[0]);
		leave = (struct relay_leave){ .ready_fd = ends[1], .keys = parsed };
		return false;
	}
	close(ends[1]);
	cleanup_fd int ready_fd = ends[0];
	*ret_status = child < 0 ? shortage_of_processes(err) : wait_in_front(child, what, ready_fd, err);
	return true;
}
