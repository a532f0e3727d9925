/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sigpipe.h owns ending a first process that writes to a pipe which nobody reads any more. */
#ifndef XRUN_RUNTIME_SIGPIPE_H
#define XRUN_RUNTIME_SIGPIPE_H

#include <poll.h>
#include <stdbool.h>
#include <sys/types.h>

enum { SIGPIPE_THREADS = 64 };

/*
 * The kernel keeps from the first process of a pid namespace each signal without a handler (pid_namespaces(7)), SIGPIPE too: in
 * `xrun IMAGE yes | head` its writes would fail for ever. A traced one is not kept from it. So once our own standard output or error is
 * a pipe that nobody reads, and no moment before, we trace the first process and hear of its SIGPIPE: one that would have died of it
 * outside is killed. A write that fails before that has no signal yet: who looks whether it does ends by itself. Any other signal, and one
 * that it handles, ignores or blocks, takes its course; a fault without a handler ends it, too.
 */
struct sigpipe {
	bool watch[2];                  /* our 1 and 2, where they are the program's, and it is a first process */
	pid_t threads[SIGPIPE_THREADS]; /* traced: those that it had then, the first ones if they were more */
	int count;
	int died_by;                    /* the signal that SIGKILL stands for; 0: none */
};

/* What poll(2) is to look at for it: 2, each of which may have a descriptor of -1. */
void sigpipe_polls(const struct sigpipe *s, struct pollfd polls[2]);

/* After poll: traces process `pid` where nobody reads any more. Where that is not allowed, nothing changes. */
void sigpipe_check(struct sigpipe *s, const struct pollfd polls[2], pid_t pid);

/* process_ended (process.h) for a process that may be traced. A signal's status, SIGPIPE's 141, is given for SIGKILL where that stands for it. */
bool sigpipe_ended(struct sigpipe *s, pid_t pid, int *ret_status);

#endif
