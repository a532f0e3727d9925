/* SPDX-License-Identifier: GPL-2.0-or-later */
/* idmap.h owns which host ids a container's ids are, and writing that map (user_namespaces(7), subuid(5)). */
#ifndef XRUN_RUNTIME_IDMAP_H
#define XRUN_RUNTIME_IDMAP_H

#include "src/base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Container ids 0..count-1. Id 0 is `root_outside`; ids from 1 on are `rest_outside` and up. For the host's root both
 * are one range, so that container root is nobody on the host.
 */
struct idmap_range {
	uint32_t root_outside, rest_outside, count;
};

struct idmap {
	struct idmap_range uids, gids;
	bool single;       /* one id only: no subordinate range, no newuidmap, or not enough ids in our own namespace */
	const char *why;   /* for single: what is missing */
};

/*
 * Plans the map for the calling user from /etc/subuid and /etc/subgid. Lack of a range gives a single-id map; but the
 * host's root is never a container's: a bad line of its own is an error.
 */
int idmap_plan(struct idmap *ret_map, struct err *err);

/* Writes the map of process `pid`, which has just entered its user namespace. */
int idmap_write(const struct idmap *map, pid_t pid, struct err *err);

/* Writes the identity map of `map` for a namespace nested in one that has `map`. The caller is root in the latter. */
int idmap_write_nested(const struct idmap *map, pid_t pid, struct err *err);

/* In the new namespace: becomes its root, with no supplementary groups where the map allows that. */
int idmap_become_root(const struct idmap *map, struct err *err);

#endif
