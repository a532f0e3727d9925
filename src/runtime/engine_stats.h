/* SPDX-License-Identifier: GPL-2.0-or-later */
/* engine_stats.h owns what an engine's container uses, counted by its cgroups, and what it lacks. */
#ifndef XRUN_RUNTIME_ENGINE_STATS_H
#define XRUN_RUNTIME_ENGINE_STATS_H

#include "src/base/err.h"
#include "src/runtime/cgroup.h"

#include <jansson.h>

/*
 * The "data" of a stats event, the caller's, under runc's names: cpu (nanoseconds), memory (bytes), pids, blkio. What is not counted
 * here is not there.
 */
json_t *engine_stats(const struct cgroup *cgroup);

/* A descriptor that can be read when the kernel found too little memory for the container. */
struct engine_shortage {
	const struct cgroup_directory *memory;
	int fd;         /* v1: an eventfd; v2: of inotify; -1: nothing to watch */
	uint64_t count; /* v2: how often that was so far */
};
int engine_shortage_open(const struct cgroup *cgroup, struct engine_shortage *ret_shortage, struct err *err);
/* Takes what is to be read. Whether it was that: a cgroup's end can be read, too. */
bool engine_shortage_take(struct engine_shortage *shortage);
void engine_shortage_close(struct engine_shortage *shortage);

#endif
