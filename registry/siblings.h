/* SPDX-License-Identifier: GPL-2.0-or-later */
/* siblings.h owns knowing all the names of files that have several, in a merged tree. */
#ifndef XRUN_REGISTRY_SIBLINGS_H
#define XRUN_REGISTRY_SIBLINGS_H

#include "src/base/err.h"
#include "src/base/str.h"

#include <sys/types.h>

/*
 * overlayfs copies a file up under the one name through which it is changed: its other names keep the old file, and the
 * link between them is lost (overlayfs.rst, "Non-standard behavior"; its index=on, which mends that, is not to be had
 * in a user namespace). Who links to such a file moves its other names along, and finds them here.
 */
struct sibling {
	dev_t device;
	ino_t inode;
	size_t path_at; /* in paths */
};

struct siblings {
	bool listed;
	struct sibling *items; /* by device and inode */
	size_t count, room;
	struct buf paths;      /* each with its NUL */
};

/* Walks the tree below root_fd once; later calls do nothing. Symlinks are not followed. */
int siblings_list(struct siblings *siblings, int root_fd, struct err *err);

/* The names that this inode had when the tree was walked: *ret_count of them, the first one returned, or NULL. */
const struct sibling *siblings_find(const struct siblings *siblings, dev_t device, ino_t inode, size_t *ret_count);

static inline const char *siblings_path(const struct siblings *siblings, const struct sibling *sibling)
{
	return siblings->paths.data + sibling->path_at;
}

void siblings_done(struct siblings *siblings);

#endif
