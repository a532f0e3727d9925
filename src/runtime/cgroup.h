/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cgroup.h owns limits: one interface, with a writer for cgroup v1 and one for v2 (cgroups(7), cgroup-v2.rst). */
#ifndef XRUN_RUNTIME_CGROUP_H
#define XRUN_RUNTIME_CGROUP_H

#include "src/base/err.h"
#include "src/plan/spec.h"

#include <stdbool.h>
#include <sys/types.h>

enum cgroup_controller {
	CGROUP_MEMORY, CGROUP_CPU, CGROUP_CPUSET, CGROUP_PIDS, CGROUP_IO, CGROUP_HUGETLB, CGROUP_DEVICES, CGROUP_CPUACCT,
	CGROUP_FREEZER, CGROUP_CONTROLLERS,
	CGROUP_UNIFIED = CGROUP_CONTROLLERS, /* none: v2 whatever controllers it has, for systemd; engines never have it */
	CGROUP_PLACES
};

/* A container's directories, one a controller; the same one several times where controllers share it, NULL: none. */
struct cgroup {
	struct cgroup_directory {
		char *path;
		bool v2;
	} of[CGROUP_PLACES];
};

/* Makes the directories and writes the limits, and which devices may be used. A limit that cannot be enforced is an error. No limits: nothing made. */
int cgroup_create(struct cgroup *ret_cgroup, const struct spec *spec, struct err *err);

/*
 * Where the first process is systemd: makes a directory in v2 that belongs to uid and gid, with what cgroup-v2.rst, "Delegation" names, and has
 * every controller handed down to it that can be. What it is there for says the error where there is none to be had.
 */
int cgroup_delegate(struct cgroup *cgroup, const struct spec *spec, uid_t uid, gid_t gid, struct err *err);

/* Puts a process into all of them. */
int cgroup_add(const struct cgroup *cgroup, pid_t pid, struct err *err);

/* Whether the kernel killed something in it for lack of memory. */
bool cgroup_ran_out_of_memory(const struct cgroup *cgroup);

/* Puts a process into the directories that the container `id`, whose first process is `first`, has of its own. */
int cgroup_join(const char *id, pid_t first, pid_t pid, struct err *err);

/* Removes what a supervisor that was killed left behind of a container's directories, below `parent` or NULL. */
void cgroup_remove_stale(const char *id, const char *parent);

/* Removes the directories, and what the container made below them, waiting up to a second for the last process to leave; frees. */
void cgroup_remove(struct cgroup *cgroup);
void cgroup_done(struct cgroup *cgroup);
#define cleanup_cgroup __attribute__((cleanup(cgroup_done)))

/* Whether /sys/fs/cgroup is v2, and nothing else. */
bool cgroup_is_v2_only(void);

/* The directories of the running container whose first process is `pid`. Only those that are its own are found. */
void cgroup_of_process(struct cgroup *ret_cgroup, const char *id, pid_t pid);

/* Writes limits to directories that are there, or that are made and entered by all the container's processes. */
int cgroup_update(struct cgroup *cgroup, const char *id, pid_t pid, const struct spec_limits *limits, struct err *err);

/* Stops or continues every process (v1: freezer, v2: cgroup.freeze) and waits until that is so. What cannot be stopped goes on. */
int cgroup_freeze(struct cgroup *cgroup, const char *id, pid_t pid, bool frozen, struct err *err);
bool cgroup_is_frozen(const struct cgroup *cgroup);

/* Whether it is frozen, or would be when the last process stops: who paused it may have been killed before he could note that. */
bool cgroup_is_to_freeze(const struct cgroup *cgroup);

/* Lets it go on if it is, without waiting: what is frozen cannot end, not even by SIGKILL (v1). */
void cgroup_thaw(const struct cgroup *cgroup);

/*
 * What pause and update have made is told to the container's supervisor by an empty file of this name in the container's
 * directory; cgroup_reload then finds it.
 */
#define CGROUP_NOTE "cgroups"
void cgroup_reload(struct cgroup *cgroup, const char *id, const char *parent);

/* What it uses. UINT64_MAX where that is not counted or not limited. */
struct cgroup_usage {
	uint64_t memory, memory_limit; /* bytes, without the part of the page cache that is easily given up */
	uint64_t cpu_ns;
	uint64_t pids, pids_limit;
	uint64_t read_bytes, written_bytes;
};
void cgroup_usage(const struct cgroup *cgroup, struct cgroup_usage *ret_usage);

#endif
