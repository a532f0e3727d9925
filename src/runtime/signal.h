/* SPDX-License-Identifier: GPL-2.0-or-later */
/* signal.h owns sending signals to a container's first process, and ending a container. */
#ifndef XRUN_RUNTIME_SIGNAL_H
#define XRUN_RUNTIME_SIGNAL_H

#include "src/base/err.h"
#include "src/runtime/state.h"

#include <stdbool.h>

/*
 * Sends a signal to a first process. The kernel lets one without a handler ignore what would end any other program
 * (pid_namespaces(7)): it gets SIGKILL then, as it would have ended. True if that was so.
 */
bool signal_first(pid_t pid, int number);

/* Whether a first process has no handler for what would end any other. */
bool signal_is_lost(pid_t pid, int number);

/* Whether a process has a handler for it. False also where that cannot be known. */
bool signal_is_caught(pid_t pid, int number);

/* The same for a container; `as_is`: without that, as `xrun kill` has it. -ESRCH with err where it does not run. */
int signal_container(const struct state *state, int number, bool as_is, struct err *err);

/*
 * Ends a container and waits until its supervisor is done: `number`, and SIGKILL after `timeout` seconds. It will not be
 * started again by --restart. One that does not run is no error. A supervisor that is stopped goes on.
 */
int signal_stop(int dir_fd, const struct state *state, int number, unsigned timeout, struct err *err);

#endif
