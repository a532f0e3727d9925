/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cgroup.h owns limits: one interface, with a writer for cgroup v1 and one for v2 (cgroups(7), cgroup-v2.rst). */
#ifndef XRUN_RUNTIME_CGROUP_H
#define XRUN_RUNTIME_CGROUP_H

#include "src/base/err.h"
#include "src/plan/spec.h"

#include <stdbool.h>
#include <sys/types.h>

enum { CGROUP_MAX_DIRS = 3 };

/* The container's directories: one for v2, one a controller for v1. */
struct cgroup {
	char *dirs[CGROUP_MAX_DIRS];
	int dir_count;
	char *memory_dir; /* one of dirs, or NULL */
	bool v2_memory;
};

/* Makes the directories and writes the limits. A limit that cannot be enforced is an error. No limits: nothing made. */
int cgroup_create(struct cgroup *ret_cgroup, const char *id, const struct spec_limits *limits, struct err *err);

int cgroup_add(const struct cgroup *cgroup, pid_t pid, struct err *err);

/* Whether the kernel killed something in it for lack of memory. */
bool cgroup_ran_out_of_memory(const struct cgroup *cgroup);

/* Puts a process into the directories of the running container `id`, where it has any. */
int cgroup_join(const char *id, pid_t pid, struct err *err);

/* Removes what a supervisor that was killed left behind of a container's directories. */
void cgroup_remove_stale(const char *id);

/* Removes the directories, waiting up to a second for the last process to leave; frees. */
void cgroup_remove(struct cgroup *cgroup);

#endif
