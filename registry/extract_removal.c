/* SPDX-License-Identifier: GPL-2.0-or-later */
/* extract_removal.c owns what a layer takes away from the merged tree. */
#include "registry/extract_parts.h"
#include "src/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static int empty(struct extract *x, int dir_fd, struct err *err)
{
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
