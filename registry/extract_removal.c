/* SPDX-License-Identifier: GPL-2.0-or-later */
/* extract_removal.c owns what a layer takes away from the merged tree. */
#include "registry/extract_parts.h"
#include "src/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct emptied {
	dev_t device;
	ino_t inode;
};

static int compare(const void *left, const void *right)
{
	const struct emptied *a = left, *b = right;
	if (a->device != b->device)
		return a->device < b->device ? -1 : 1;
	return a->inode < b->inode ? -1 : a->inode > b->inode;
}

/*
 * By whatever name it is called. The kernel reads a merged directory whole, with all that is gone from it, each time that it is opened: a
 * layer that says the same four million times must not have it read so often.
 */
static bool is_emptied(struct extract *x, int dir_fd)
{
	struct stat st;
	if (fstat(dir_fd, &st) < 0)
		return false;
	struct emptied *key = mem_new(sizeof *key);
	*key = (struct emptied){ st.st_dev, st.st_ino };
	struct emptied **found = tsearch(key, &x->emptied, compare);
	if (found && *found == key)
		return false;
	free(key);
	return found;
}

void extract_forget_emptied(struct extract *x)
{
	tdestroy(x->emptied, free);
	x->emptied = NULL;
}

static int empty(struct extract *x, int dir_fd, struct err *err)
{
	if (is_emptied(x, dir_fd))
		return 0;
	int copy = parent_open_directory(dir_fd, ".");
	cleanup_dir DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	if (!dir) {
		fd_close(&copy);
		return err_set(err, -EIO, "cannot list the directory");
	}
	for (struct dirent *entry; (entry = readdir(dir));) {
		if (str_eq(entry->d_name, ".") || str_eq(entry->d_name, ".."))
			continue;
		int r = extract_clear(x, dir_fd, entry->d_name, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* A directory in place of something else: the rest of it comes in the second pass. */
static int change_type(struct extract *x, int parent_fd, const char *name, struct err *err)
{
	struct stat st;
	if (fstatat(parent_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || S_ISDIR(st.st_mode))
		return 0;
	int r = extract_clear(x, parent_fd, name, err);
	if (r == 0 && mkdirat(parent_fd, name, 0755) < 0)
		return err_sys(err, "cannot make the directory");
	return r;
}

int extract_take_away(struct extract *x, const struct extract_entry *e, enum whiteout kind, const char *name, struct err *err)
{
	bool directory = kind == WHITEOUT_NONE && !e->hardlink && S_ISDIR(e->type);
	if (!*x->path || (kind == WHITEOUT_NONE && !directory))
		return 0;
	int parent_fd = extract_open_parent(x, false, err);
	if (parent_is_absent(parent_fd))
		return 0;
	if (parent_fd < 0)
		return err_code(err, parent_fd, "cannot open its directory");
	if (kind == WHITEOUT_OPAQUE)
		return empty(x, parent_fd, err);
	if (kind == WHITEOUT_NAME)
		return extract_clear(x, parent_fd, name, err);
	return change_type(x, parent_fd, entry_base(x->path), err);
}
