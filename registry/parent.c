/* SPDX-License-Identifier: GPL-2.0-or-later */
/* parent.c owns finding the directory that an entry of a layer belongs into. */
#include "registry/parent.h"
#include "registry/whiteout.h"
#include "src/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>

void parent_forget(struct parent *parent)
{
	fd_close(&parent->fd);
	free(parent->path);
	parent->path = NULL;
}

static int find(int root_fd, const char *path, enum parent_rule rule)
{
	uint64_t resolve = rule == PARENT_STRICT ? RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS
		: RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
	return fd_openat2(root_fd, *path ? path : ".", O_RDONLY | O_DIRECTORY, 0, resolve);
}

/* Makes what is missing of `path`, a component at a time, each below the directory that the one before led to. */
static int create(int root_fd, const char *path)
{
	char prefix[ENTRY_PATH_MAX];
	cleanup_fd int above_fd = find(root_fd, "", PARENT_IN_ROOT);
	for (const char *end = path; above_fd >= 0 && *end;) {
		end += strspn(end, "/");
		const char *component = end;
		end += strcspn(end, "/");
		memcpy(prefix, path, end - path);
		prefix[end - path] = 0;
		int fd = find(root_fd, prefix, PARENT_IN_ROOT);
		if (fd == -ENOENT) {
			if (mkdirat(above_fd, prefix + (component - path), 0755) < 0)
				return errno == EEXIST ? -ENOENT : -errno; /* a symlink to nowhere is in the way */
			fd = find(root_fd, prefix, PARENT_IN_ROOT);
		}
		fd_close(&above_fd);
		above_fd = fd;
	}
	return fd_take(&above_fd);
}

int parent_open(struct parent *parent, int root_fd, const char *path, enum parent_rule rule)
{
	const char *base = entry_base(path);
	size_t len = base == path ? 0 : base - path - 1;
	if (parent->path && strncmp(parent->path, path, len) == 0 && !parent->path[len])
		return parent->fd;
	parent_forget(parent);
	cleanup_free char *above = str_ndup(path, len);
	int fd = find(root_fd, above, rule);
	if (fd == -ENOENT && rule == PARENT_CREATE)
		fd = create(root_fd, above);
	if (fd < 0)
		return fd;
	parent->fd = fd;
	parent->path = above;
	above = NULL;
	return fd;
}
