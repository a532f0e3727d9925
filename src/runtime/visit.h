/* SPDX-License-Identifier: GPL-2.0-or-later */
/* visit.h owns doing something among a container's files, as its root and seeing nothing else. */
#ifndef XRUN_RUNTIME_VISIT_H
#define XRUN_RUNTIME_VISIT_H

#include "src/base/err.h"
#include "src/plan/spec.h"
#include "src/runtime/idmap.h"
#include "src/runtime/lower.h"
#include "src/runtime/state.h"

#include <sys/types.h>

/* Whose files. One that does not run is kept from being started meanwhile. */
struct visit {
	const struct state *state;
	const struct spec *spec;
	const struct idmap *map;
	int store_fd, dir_fd;
	int unused_fd;   /* what the process closes at once: our end of a pipe; or -1 */
	int change_fd;   /* the lock meanwhile, or -1 */
	int layers_fd;      /* and what follows: set by visit_start's process */
	struct lower lower;
	pid_t pid;
	int report_fd;
};

/*
 * Starts a process in the container's user and mount namespace, or with its files put together for it where it does not
 * run; / is the container's root. It calls call(context, err), and whatever name that uses, it cannot leave: in a container that
 * runs it has no directory of the host's open, either. visit_finish waits for it and returns what it returned.
 */
int visit_start(struct visit *visit, int (*call)(void *context, struct err *err), void *context, struct err *err);
int visit_finish(struct visit *visit, struct err *err);

#endif
