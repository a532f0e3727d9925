/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links.h owns knowing files that have several names by the first one that was met, as tar writes hard links. */
#ifndef XRUN_BASE_LINKS_H
#define XRUN_BASE_LINKS_H

#include "src/base/err.h"

#include <stddef.h>
#include <sys/types.h>

/* {0} is one that knows none. */
struct links {
	void *tree;
	size_t bytes; /* of the names */
};
void links_done(struct links *links);

/*
 * The first name of the same file, which lives as long as `links`; NULL: this is the first, or the file has no other one. Names of more than
 * 256 MiB are an error.
 */
int links_first(struct links *links, dev_t device, ino_t inode, nlink_t count, const char *path, const char **ret_first, struct err *err);

#endif
