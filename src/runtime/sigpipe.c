/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sigpipe.c owns ending a first process that writes to a pipe which nobody reads any more. */
#include "src/runtime/sigpipe.h"

#include "src/base/fd.h"
#include "src/base/process.h"
#include "src/base/str.h"
#include "src/runtime/signal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

void sigpipe_polls(const struct sigpipe *s, struct pollfd polls[2])
{
	for (int i = 0; i < 2; i++)
		polls[i] = (struct pollfd){ .fd = s->watch[i] ? 1 + i : -1 }; /* errors are told unasked */
}

/* One in a namespace of others dies of SIGPIPE as it is. */
static void trace(struct sigpipe *s, pid_t pid)
{
	cleanup_free char *path = str_fmt("/proc/%d/task", pid);
	cleanup_dir DIR *dir = process_is_first(pid) ? opendir(path) : NULL;
	for (struct dirent *entry; dir && s->count < SIGPIPE_THREADS && (entry = readdir(dir));) {
		pid_t thread = atoi(entry->d_name);
		if (thread > 0 && ptrace(PTRACE_SEIZE, thread, NULL, NULL) == 0)
			s->threads[s->count++] = thread;
	}
}

void sigpipe_check(struct sigpipe *s, const struct pollfd polls[2], pid_t pid)
{
	for (int i = 0; i < 2; i++) {
		s->watch[i] = s->watch[i] && !polls[i].revents;
		if (!s->count && polls[i].revents && !(polls[i].revents & POLLNVAL)) /* which says that it was closed from the start */
			trace(s, pid);
	}
}

/*
 * SIGSTOP from its own namespace does not reach a first process that nobody traces; the sender's number is 0 where it is of another
 * (kernel/signal.c: sig_task_ignored, get_signal). The rest without a handler is dropped as ever.
 */
static bool is_kept_away(pid_t thread, int number)
{
	siginfo_t info;
	return number == SIGSTOP && ptrace(PTRACE_GETSIGINFO, thread, NULL, &info) == 0 && info.si_pid != 0;
}

/* What the kernel itself sends a thread for what it did just now. */
static bool is_forced(pid_t thread)
{
	siginfo_t info;
	return ptrace(PTRACE_GETSIGINFO, thread, NULL, &info) == 0 && info.si_code > 0;
}

/*
 * A fault ends a first process, too, but not while that is traced (kernel/signal.c: force_sig_info_to_task): its signal would be dropped, and
 * the instruction tried again for ever. So the thread is let go, and meets the fault again, untraced.
 */
static bool ends_untraced(pid_t pid, pid_t thread, int number)
{
	return (number == SIGSEGV || number == SIGBUS || number == SIGILL || number == SIGFPE) && is_forced(thread) && !signal_is_caught(pid, number);
}

/* SIGPIPE, and those of the forced ones after which the program goes on behind the instruction: a breakpoint, a forbidden system call. */
static bool is_deadly(pid_t pid, pid_t thread, int number)
{
	bool is_once = (number == SIGTRAP || number == SIGSYS) && is_forced(thread);
	return (number == SIGPIPE || is_once) && signal_is_lost(pid, number);
}

/* ptrace(2), "Stopped states": a stop of the whole group goes on, and a signal that comes is given, unless it is the one. */
static void go_on(struct sigpipe *s, pid_t pid, pid_t thread, int status)
{
	int number = WSTOPSIG(status), event = status >> 16;
	bool group_stop = number == SIGSTOP || number == SIGTSTP || number == SIGTTIN || number == SIGTTOU;
	if (event == PTRACE_EVENT_STOP && group_stop) {
		ptrace(PTRACE_LISTEN, thread, NULL, NULL);
		return;
	}
	if (!event && is_deadly(pid, thread, number)) {
		s->died_by = number;
		kill(pid, SIGKILL);
		return;
	}
	ptrace(!event && ends_untraced(pid, thread, number) ? PTRACE_DETACH : PTRACE_CONT, thread, NULL, (void *)(intptr_t)(event || is_kept_away(thread, number) ? 0 : number));
}

/* Takes what there is to hear of a traced thread; true if it has ended. */
static bool hear(struct sigpipe *s, pid_t pid, pid_t thread, int *ret_status)
{
	for (;;) {
		int status;
		pid_t r = waitpid(thread, &status, WNOHANG | __WALL);
		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0)
			return r < 0 && thread != pid;
		*ret_status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
		if (!WIFSTOPPED(status))
			return true;
		go_on(s, pid, thread, status);
	}
}

bool sigpipe_ended(struct sigpipe *s, pid_t pid, int *ret_status)
{
	int ignored;
	if (!s->count)
		return process_ended(pid, ret_status);
	for (int i = s->count; i-- > 0;)
		if (s->threads[i] != pid && hear(s, pid, s->threads[i], &ignored))
			s->threads[i] = s->threads[--s->count];
	if (!hear(s, pid, pid, ret_status))
		return false;
	if (s->died_by && *ret_status == 128 + SIGKILL)
		*ret_status = 128 + s->died_by;
	return true;
}
