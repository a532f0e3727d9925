/* SPDX-License-Identifier: GPL-2.0-or-later */
/* userns.h owns doing one thing as root of a user namespace with the container's id map. */
#ifndef XRUN_RUNTIME_USERNS_H
#define XRUN_RUNTIME_USERNS_H

#include "src/base/err.h"
#include "src/runtime/idmap.h"

/*
 * Runs call(context, err) in a child in a new user and mount namespace, killed when we die. Returns what it returned; or,
 * where it executed a program instead, that program's exit status (128+n for a signal).
 * *directory_fd, unless NULL, is in the child the same directory, usable for mounts there.
 */
int userns_call(const struct idmap *map, int *directory_fd, int (*call)(void *context, struct err *err), void *context,
	struct err *err);

#endif
