/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links.c owns knowing files that have several names by the first one that was met. */
#include "src/base/links.h"

#include "src/base/str.h"

#include <search.h>
#include <stdlib.h>

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

const char *links_first(struct links *links, dev_t device, ino_t inode, nlink_t count, const char *path)
{
	const struct link wanted = { device, inode, NULL };
	struct link **found = tfind(&wanted, &links->tree, compare);
	if (found || count < 2)
		return found ? (*found)->path : NULL;
	struct link *fresh = mem_new(sizeof *fresh);
	*fresh = (struct link){ device, inode, str_dup(path) };
	if (!tsearch(fresh, &links->tree, compare))
		abort();
	return NULL;
}
