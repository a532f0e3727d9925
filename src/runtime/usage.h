/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usage.h owns what a running container uses: of its cgroups, else of its processes, and its network. */
#ifndef XRUN_RUNTIME_USAGE_H
#define XRUN_RUNTIME_USAGE_H

#include "src/plan/spec.h"
#include "src/runtime/cgroup.h"
#include "src/runtime/state.h"

struct usage {
	struct cgroup_usage used;
	uint64_t received, sent;  /* bytes; UINT64_MAX where the network is not the container's own */
	int64_t taken;            /* when, in nanoseconds of the monotonic clock */
};

/* Where a controller is not there, memory, time and number are summed up over the container's processes. */
void usage_take(const struct state *state, const struct spec *spec, struct usage *ret_usage);

#endif
