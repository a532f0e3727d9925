/* SPDX-License-Identifier: GPL-2.0-or-later */
/* debuggee.h owns containers that debuggers can be attached to as they run: --debuggable. */
#ifndef XRUN_CLI_DEBUGGEE_H
#define XRUN_CLI_DEBUGGEE_H

#include "src/base/err.h"
#include "src/plan/spec.h"

/*
 * The program's emulator waits for a debugger in a directory of ours that the container sees as DEBUG_DIRECTORY. A process
 * of ours is that debugger, as long as nobody else is, and who wants to be connects to it.
 */
struct debuggee {
	char *directory;       /* or NULL */
	int listen_fd;         /* where debuggers connect */
	pid_t relay;           /* the process; 0: none, or one that is on its own */
};
#define DEBUGGEE_NONE { .listen_fd = -1 }

/* Plans it: the environment and the mount. Nothing is made yet. */
void debuggee_plan(struct spec *spec);

/* Makes the directory of a container that is about to start; nothing for one that is not debuggable. */
int debuggee_prepare(const struct spec *spec, struct debuggee *ret_debuggee, struct err *err);

/*
 * Starts the process. In the foreground before the container, and it ends with us at the latest; for a detached container when
 * that runs, and it ends with that and removes the directory.
 */
int debuggee_start(const struct spec *spec, int store_fd, struct debuggee *debuggee, struct err *err);

/* Ends the process, if it is not on its own, and removes the directory. */
void debuggee_finish(struct debuggee *debuggee);

/* The socket at which a debugger is served, the caller's; NULL where nobody serves there. */
char *debuggee_socket(const struct spec *spec);

#endif
