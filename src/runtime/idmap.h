/* SPDX-License-Identifier: GPL-2.0-or-later */
/* idmap.h owns which host ids a container's ids are, and writing that map (user_namespaces(7), subuid(5)). */
#ifndef XRUN_RUNTIME_IDMAP_H
#define XRUN_RUNTIME_IDMAP_H

#include "src/base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * `count` container ids, from 0 on. Id `kept` is `root_outside`; the others, in order, are `rest_outside` and up. For the
 * host's root both are one range, so that container root is nobody on the host. `kept` is 0 other than with --userns
 * keep-id; one beyond the rest leaves a gap below itself.
 */
struct idmap_range {
	uint32_t root_outside, rest_outside, count, kept;
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

/* The same ids outside, where the caller has the ids uid and gid in the container. */
struct idmap idmap_keep(const struct idmap *map, uint32_t uid, uint32_t gid);

/*
 * Writes `map` for a namespace nested in one that has it with nothing kept: the identity, or with kept ids another order. The
 * caller is root in the latter.
 */
int idmap_write_nested(const struct idmap *map, pid_t pid, struct err *err);

/* In the new namespace: becomes its root, with no supplementary groups where the map allows that. */
int idmap_become_root(const struct idmap *map, struct err *err);

#endif
