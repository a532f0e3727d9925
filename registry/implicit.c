/* SPDX-License-Identifier: GPL-2.0-or-later */
/* implicit.c owns the directories that a layer has no entry for. */
#include "registry/implicit.h"
#include "registry/late.h"
#include "src/base/fd.h"
#include "src/base/overlay.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>

enum { MAX_BYTES = 1 << 20 }; /* of paths: some ten thousand directories. A layer with more is applied */

void implicit_done(struct implicit *implicit)
{
	for (size_t i = 0; i < implicit->count; i++)
		free(implicit->items[i].path);
	free(implicit->items);
	*implicit = (struct implicit){ 0 };
}

static int note(struct implicit *implicit, const char *path, size_t len, bool hollow)
{
	if (implicit->bytes + len > MAX_BYTES)
		return -ENOENT;
	if (implicit->count == implicit->room) {
		implicit->room = implicit->room ? implicit->room * 2 : 16;
		implicit->items = mem_grow(implicit->items, implicit->room, sizeof *implicit->items);
	}
	implicit->items[implicit->count++] = (struct implicit_item){ .path = str_ndup(path, len), .hollow = hollow };
	implicit->bytes += len;
	return 0;
}

/* One step down. A directory that is there already is the layer's, or noted. */
static int step(struct implicit *implicit, int above_fd, const char *path, const char *name, size_t len, bool hollow)
{
	cleanup_free char *component = str_ndup(name, len);
	if (mkdirat(above_fd, component, 0755) == 0) {
		int r = note(implicit, path, name + len - path, hollow);
		return r < 0 ? r : parent_open_directory(above_fd, component);
	}
	return errno == EEXIST ? parent_open_directory(above_fd, component) : -errno;
}

int implicit_make(struct implicit *implicit, int root_fd, const char *path, bool hollow)
{
	cleanup_fd int above_fd = parent_open_directory(root_fd, ".");
	const char *base = entry_base(path);
	for (const char *name = path; above_fd >= 0 && name < base;) {
		size_t len = strcspn(name, "/");
		int fd = step(implicit, above_fd, path, name, len, hollow);
		fd_close(&above_fd);
		above_fd = fd;
		name += len + 1;
	}
	return above_fd < 0 ? above_fd : 0;
}

static int compare(const void *left, const void *right)
{
	const struct implicit_item *a = left, *b = right;
	return strcmp(a->path, b->path);
}

void implicit_settle(struct implicit *implicit, const struct buf *late)
{
	struct late record;
	const char *text;
	const void *acl;
	char path[ENTRY_PATH_MAX];
	const struct implicit_item wanted = { .path = path };
	if (!implicit->count)
		return;
	qsort(implicit->items, implicit->count, sizeof *implicit->items, compare);
	for (size_t at = 0; late_next(late, &at, &record, &text, &acl);) {
		memcpy(path, text, record.path_len);
		path[record.path_len] = 0;
		struct implicit_item *found = bsearch(&wanted, implicit->items, implicit->count, sizeof wanted, compare);
		if (found)
			found->is_explicit = true;
	}
}

static int find(int root_fd, const char *path)
{
	return fd_openat2(root_fd, path, O_RDONLY | O_DIRECTORY, 0, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
}

/*
 * Whether a directory above it is opaque in this layer: then it has nothing to do with what is below. Gone down once, step by step: a
 * path has two thousand at most, and to look each of them up from the root would be two million.
 */
static bool is_new(const struct implicit *implicit, int root_fd, const char *path)
{
	cleanup_fd int above_fd = implicit->opaque ? parent_open_directory(root_fd, ".") : -1;
	const char *name = path;
	for (const char *slash; above_fd >= 0 && (slash = strchr(name, '/')); name = slash + 1) {
		cleanup_free char *component = str_ndup(name, slash - name);
		int fd = parent_open_directory(above_fd, component);
		fd_close(&above_fd);
		above_fd = fd;
		if (fd >= 0 && overlay_is_opaque(fd))
			return true;
	}
	return false;
}

static int inherit(const struct implicit *implicit, const struct implicit_item *item, int root_fd, int below_fd,
	bool *ret_needs_lower, struct err *err)
{
	cleanup_fd int own_fd = find(root_fd, item->path);
	if (parent_is_absent(own_fd))
		return 0; /* replaced by something else meanwhile */
	if (own_fd < 0)
		return err_code(err, own_fd, "cannot open %s", item->path);
	cleanup_fd int old_fd = is_new(implicit, root_fd, item->path) ? -ENOENT : find(below_fd, item->path);
	if (old_fd == -ENOENT && !item->hollow)
		return 0;
	if (parent_is_absent(old_fd)) {
		*ret_needs_lower = true;
		return 0;
	}
	if (old_fd < 0)
		return err_code(err, old_fd, "cannot open %s of the layers below", item->path);
	int r = metadata_copy(old_fd, own_fd, err);
	return r < 0 ? err_prefix(err, "cannot unpack %s/", item->path) : 0;
}

int implicit_inherit(const struct implicit *implicit, int root_fd, int below_fd, bool *ret_needs_lower, struct err *err)
{
	int r = 0;
	for (size_t i = 0; r == 0 && !*ret_needs_lower && i < implicit->count; i++)
		if (!implicit->items[i].is_explicit)
			r = inherit(implicit, &implicit->items[i], root_fd, below_fd, ret_needs_lower, err);
	return r;
}
