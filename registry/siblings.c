/* SPDX-License-Identifier: GPL-2.0-or-later */
/* siblings.c owns knowing all the names of files that have several, in a merged tree. */
#include "registry/siblings.h"
#include "registry/whiteout.h"
#include "src/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MAX_NAMES = 4 << 20, MAX_PATHS = 256 << 20 }; /* more is an attack on memory */

static int note(struct siblings *siblings, const struct stat *st, const char *path, struct err *err)
{
	if (siblings->count >= MAX_NAMES || siblings->paths.len >= MAX_PATHS)
		return err_set(err, -EFBIG, "the image has too many hard links");
	if (siblings->count == siblings->room) {
		siblings->room = siblings->room ? siblings->room * 2 : 64;
		siblings->items = mem_grow(siblings->items, siblings->room, sizeof *siblings->items);
	}
	siblings->items[siblings->count++] = (struct sibling){ st->st_dev, st->st_ino, siblings->paths.len };
	buf_add(&siblings->paths, path, strlen(path) + 1);
	return 0;
}

/* One directory: its files of several names are noted, its directories added to `pending`, whose length is `bytes`. */
static int list_directory(struct siblings *siblings, int root_fd, const char *path, struct strv *pending, size_t *bytes,
	struct err *err)
{
	struct stat st;
	int fd = fd_openat2(root_fd, *path ? path : ".", O_RDONLY | O_DIRECTORY, 0, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
	cleanup_dir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir)
		return err_code(err, fd < 0 ? fd : -ENOMEM, "cannot list the directory %s", path);
	for (struct dirent *entry; (entry = readdir(dir));) {
		if (str_eq(entry->d_name, ".") || str_eq(entry->d_name, ".."))
			continue;
		if (fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			return err_sys(err, "cannot look at %s/%s", path, entry->d_name);
		if (!S_ISDIR(st.st_mode) && st.st_nlink < 2)
			continue;
		cleanup_free char *name = str_fmt("%s%s%s", path, *path ? "/" : "", entry->d_name);
		if (strlen(name) >= ENTRY_PATH_MAX)
			return err_set(err, -ENAMETOOLONG, "a path of the image is longer than %d bytes", ENTRY_PATH_MAX - 1);
		if (S_ISDIR(st.st_mode) && (*bytes += strlen(name)) > MAX_PATHS)
			return err_set(err, -EFBIG, "the image has too many directories");
		if (S_ISDIR(st.st_mode))
			strv_add(pending, name);
		else if (note(siblings, &st, name, err) < 0)
			return err->code;
	}
	return 0;
}

static int compare(const void *left, const void *right)
{
	const struct sibling *a = left, *b = right;
	if (a->device != b->device)
		return a->device < b->device ? -1 : 1;
	return a->inode < b->inode ? -1 : a->inode > b->inode;
}

int siblings_list(struct siblings *siblings, int root_fd, struct err *err)
{
	cleanup_strv struct strv pending = { 0 };
	size_t bytes = 0;
	int r = 0;
	if (siblings->listed)
		return 0;
	siblings->listed = true;
	strv_add(&pending, "");
	for (size_t i = 0; r == 0 && i < pending.len; i++)
		r = list_directory(siblings, root_fd, pending.items[i], &pending, &bytes, err);
	if (r == 0 && siblings->count)
		qsort(siblings->items, siblings->count, sizeof *siblings->items, compare);
	return r;
}

const struct sibling *siblings_find(const struct siblings *siblings, dev_t device, ino_t inode, size_t *ret_count)
{
	const struct sibling wanted = { .device = device, .inode = inode };
	*ret_count = 0;
	if (!siblings->count)
		return NULL;
	const struct sibling *end = siblings->items + siblings->count;
	const struct sibling *found = bsearch(&wanted, siblings->items, siblings->count, sizeof wanted, compare);
	if (!found)
		return NULL;
	while (found > siblings->items && compare(found - 1, &wanted) == 0)
		found--;
	while (found + *ret_count < end && compare(found + *ret_count, &wanted) == 0)
		++*ret_count;
	return found;
}

void siblings_done(struct siblings *siblings)
{
	free(siblings->items);
	buf_done(&siblings->paths);
	*siblings = (struct siblings){ 0 };
}
