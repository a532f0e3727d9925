/* SPDX-License-Identifier: GPL-2.0-or-later */
/* userns.h owns doing one thing as root of a user namespace with the container's id map. */
#ifndef XRUN_RUNTIME_USERNS_H
#define XRUN_RUNTIME_USERNS_H

#include "src/base/err.h"
#include "src/runtime/idmap.h"

/*
 * Runs call(context, err) in a child in a new user and mount namespace, killed when we die. Returns what it returned; or,
 * where it executed a program instead, that program's exit status (128+n for a signal).
 * What `directories` points to, NULL-terminated, are in the child the same directories, usable for mounts there; NULL: none.
 */
int userns_call(const struct idmap *map, int *const *directories, int (*call)(void *context, struct err *err), void *context,
	struct err *err);

#endif
