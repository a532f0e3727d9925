/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cgroup_scope.h owns asking systemd for a delegated cgroup. For cgroup.c and engine_*.c alone. */
#ifndef XRUN_RUNTIME_CGROUP_SCOPE_H
#define XRUN_RUNTIME_CGROUP_SCOPE_H

#include "src/base/err.h"

#include <stdbool.h>
#include <sys/types.h>

/*
 * Has the user's service manager move a process into a scope of its own that is delegated to the user (org.freedesktop.systemd1(5),
 * StartTransientUnit), below `slice` or, with NULL, where it puts them. Returns when the process is there. systemd removes the
 * scope with all cgroups below it when its last process has ended.
 */
int cgroup_scope_enter(const char *slice, pid_t pid, struct err *err);

/* The same with a name of the caller's choice, which must be free; of the machine's service manager or of the user's. */
struct cgroup_scope {
	const char *unit, *slice;
	bool system;
};
int cgroup_scope_start(const struct cgroup_scope *scope, pid_t pid, struct err *err);

#endif
