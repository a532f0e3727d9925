/* SPDX-License-Identifier: GPL-2.0-or-later */
/* parent.h owns finding the directory that an entry of a layer belongs into, below a root that is never left. */
#ifndef XRUN_REGISTRY_PARENT_H
#define XRUN_REGISTRY_PARENT_H

#include "src/base/err.h"

#include <stdbool.h>
#include <stdint.h>

/* How the directories of a name are looked up. */
enum parent_rule {
	PARENT_STRICT,   /* a symlink on the way is as bad as a missing directory: -ELOOP */
	PARENT_IN_ROOT,  /* symlinks are followed as if after chroot(2) */
	PARENT_CREATE,   /* the same, and missing directories are made, as many as there is room for: 0755, 0:0, whatever those above them pass on */
};

/* The directory used last: tars come in tree order, so most entries find theirs here. */
struct parent {
	char *path;
	int fd;
	uint64_t room; /* directories that may still be made */
};
#define PARENT_INIT { .fd = -1 }
void parent_forget(struct parent *parent); /* also frees; call it when a directory or symlink on its way may go */

/*
 * Opens the parent of `path` (see entry_path; not the root itself) for reading. The descriptor is the cache's and
 * lasts until the next call. A negative errno, without a text, if it is not a directory that can be reached; -EFBIG if more would
 * have to be made than there is room for.
 */
int parent_open(struct parent *parent, int root_fd, const char *path, enum parent_rule rule);

/* Whether such a code says that there is no directory of the name. */
bool parent_is_absent(int code);

/* Opens a directory by a single name, or "." itself, for reading: never through a symlink. */
int parent_open_directory(int dir_fd, const char *name);

#endif
