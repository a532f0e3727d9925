/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links.c owns knowing files that have several names by the first one that was met. */
#include "src/base/links.h"

#include "src/base/str.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_BYTES = 256 << 20 }; /* more is an attack on memory */

struct link {
	dev_t device;
	ino_t inode;
	char *path;
};

static int compare(const void *a, const void *b)
{
	const struct link *left = a, *right = b;
	if (left->device != right->device)
		return left->device < right->device ? -1 : 1;
	return (left->inode > right->inode) - (left->inode < right->inode);
}

static void free_link(void *node)
{
	struct link *link = node;
	free(link->path);
	free(link);
}

void links_done(struct links *links)
{
	tdestroy(links->tree, free_link);
	links->tree = NULL;
}

int links_first(struct links *links, dev_t device, ino_t inode, nlink_t count, const char *path, const char **ret_first, struct err *err)
{
	const struct link wanted = { device, inode, NULL };
	struct link **found = tfind(&wanted, &links->tree, compare);
	*ret_first = found ? (*found)->path : NULL;
	if (found || count < 2)
		return 0;
	if ((links->bytes += strlen(path) + 1) > MAX_BYTES)
		return err_set(err, -EFBIG, "there are too many files with several names");
	struct link *fresh = mem_new(sizeof *fresh);
	*fresh = (struct link){ device, inode, str_dup(path) };
	if (!tsearch(fresh, &links->tree, compare))
		abort();
	return 0;
}
