/* SPDX-License-Identifier: GPL-2.0-or-later */
/* engine_join.h owns further processes in an engine's container: what `xrun-oci exec` starts. */
#ifndef XRUN_RUNTIME_ENGINE_JOIN_H
#define XRUN_RUNTIME_ENGINE_JOIN_H

#include "src/base/err.h"
#include "src/plan/spec.h"
#include "src/runtime/engine.h"

#include <sys/types.h>

struct engine_join {
	const struct engine_state *state;
	int dir_fd;                 /* the container's directory */
	struct spec *spec;          /* the container's, with the process that is to be started */
	const struct strv *cgroups; /* below the container's own: engine_subgroup_find */
	const char *console_socket; /* where the terminal's master goes, or NULL: it comes back */
	struct inherit preserved;   /* the caller's descriptors that the program keeps */
};

/*
 * Starts it as a child of the caller, in the container's cgroups and namespaces. Returns when it has been executed.
 * *ret_terminal_fd: the master, or -1. A negative errno, with err->status set where the program could not be executed.
 */
int engine_join(const struct engine_join *join, pid_t *ret_pid, int *ret_terminal_fd, struct err *err);

#endif
