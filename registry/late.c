/* SPDX-License-Identifier: GPL-2.0-or-later */
/* late.c owns the list of directories that get their mode and time when all else is in them. */
#include "registry/late.h"
#include "src/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>

/* The room for directories that wait: enough for a few million; more is an attack on memory. */
enum { MAX_LATE = 256 << 20 };

int late_add(struct buf *list, const struct late *late, const char *path, const void *acl, struct err *err)
{
	if (list->len + sizeof *late + late->path_len + late->acl_len > MAX_LATE)
		return err_set(err, -EFBIG, "the layer has too many directories");
	buf_add(list, late, sizeof *late);
	buf_add(list, path, late->path_len);
	buf_add(list, acl, late->acl_len);
	return 0;
}

bool late_next(const struct buf *list, size_t *at, struct late *ret_late, const char **ret_path, const void **ret_acl)
{
	if (*at >= list->len)
		return false;
	memcpy(ret_late, list->data + *at, sizeof *ret_late);
	*ret_path = list->data + *at + sizeof *ret_late;
	*ret_acl = *ret_path + ret_late->path_len;
	*at += sizeof *ret_late + ret_late->path_len + ret_late->acl_len;
	return true;
}

static int reopen(struct parent *parent, int root_fd, enum parent_rule rule, const char *path, bool kept)
{
	if (kept)
		return fd_openat2(root_fd, *path ? path : ".", O_RDONLY | O_DIRECTORY, 0, RESOLVE_IN_ROOT);
	int parent_fd = *path ? parent_open(parent, root_fd, path, rule) : root_fd;
	return parent_fd < 0 ? parent_fd : parent_open_directory(parent_fd, *path ? entry_base(path) : ".");
}

static int settle(int fd, const struct late *late, const char *path, const void *acl, const struct metadata_rule *metadata,
	struct err *err)
{
	if (parent_is_absent(fd))
		return 0; /* replaced by something else meanwhile */
	if (fd < 0)
		return err_code(err, fd, "cannot open %s", path);
	int r = metadata_late(fd, late->mode, &late->mtime, late->has_acl ? acl : NULL, late->acl_len, metadata, err);
	return r < 0 ? err_prefix(err, "cannot unpack %s/", path) : 0;
}

int late_settle(struct buf *list, int root_fd, enum parent_rule rule, const struct metadata_rule *metadata, struct err *err)
{
	struct parent parent = PARENT_INIT;
	struct late late;
	const char *text;
	const void *acl;
	char path[ENTRY_PATH_MAX];
	int r = 0;
	for (size_t at = 0; r == 0 && late_next(list, &at, &late, &text, &acl);) {
		memcpy(path, text, late.path_len);
		path[late.path_len] = 0;
		cleanup_fd int fd = reopen(&parent, root_fd, rule, path, late.kept);
		r = settle(fd, &late, path, acl, metadata, err);
	}
	parent_forget(&parent);
	list->len = 0;
	return r;
}
