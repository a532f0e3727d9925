/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cgroup_scope.h owns asking the user's systemd for a delegated cgroup. For cgroup.c alone. */
#ifndef XRUN_RUNTIME_CGROUP_SCOPE_H
#define XRUN_RUNTIME_CGROUP_SCOPE_H

#include "src/base/err.h"

#include <sys/types.h>

/*
 * Has the user's service manager move a process into a scope of its own that is delegated to the user (org.freedesktop.systemd1(5),
 * StartTransientUnit), below `slice` or, with NULL, where it puts them. Returns when the process is there. systemd removes the
 * scope with all cgroups below it when its last process has ended.
 */
int cgroup_scope_enter(const char *slice, pid_t pid, struct err *err);

#endif
