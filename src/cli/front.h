/* SPDX-License-Identifier: GPL-2.0-or-later */
/* front.h owns the process that a shell waits for while a program with a terminal can be left running. */
#ifndef XRUN_CLI_FRONT_H
#define XRUN_CLI_FRONT_H

#include "src/base/err.h"
#include "src/runtime/relay.h"

#include <stdbool.h>

/*
 * Before anything is started: where standard input is a terminal, what follows goes on in a child, which is to supervise the
 * program, and this process stays in front. It passes signals on, and has the child's exit status, or 0 as soon as the program was
 * left, which it says: `what` was left running. `keys`: --detach-keys or NULL. True in the front: *ret_status is its exit status, or a
 * negative errno. False in who goes on, be it a child or not.
 */
bool front_stay(const char *keys, const char *what, int *ret_status, struct err *err);

/* For container_run and join_run, NULL where nobody is in front; and its descriptor, or -1. */
const struct relay_leave *front_leave(void);
int front_ready_fd(void);

#endif
