/* SPDX-License-Identifier: GPL-2.0-or-later */
/* target.c owns the places that mounts go to, below a root that an image filled. */
#include "src/runtime/target.h"

#include "src/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <unistd.h>

enum { MAX_LINKS = 40 };

static int walk(int root_fd, const char *path, bool directory, int depth);

/* A symlink leads to what is not there: that is made. "P/LINK" is resolved where the link is, and stays within the root. */
static int make_beyond(int root_fd, int parent_fd, const char *parent, const char *name, bool directory, int depth)
{
	char link[4096];
	ssize_t n = depth == MAX_LINKS ? -1 : readlinkat(parent_fd, name, link, sizeof link - 1);
	if (n <= 0)
		return depth == MAX_LINKS ? -ELOOP : -errno;
	link[n] = 0;
	cleanup_free char *path = *link == '/' ? str_dup(link) : str_fmt("%s/%s", parent, link);
	return walk(root_fd, path, directory, depth + 1);
}

static int open_or_make(int root_fd, const char *path, bool directory, int depth)
{
	int fd = fd_openat2(root_fd, *path ? path : ".", O_PATH, 0, RESOLVE_IN_ROOT);
	if (fd != -ENOENT)
		return fd;
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	cleanup_free char *parent = slash ? str_ndup(path, slash - path + 1) : str_dup(".");
	cleanup_fd int parent_fd = fd_openat2(root_fd, parent, O_PATH | O_DIRECTORY, 0, RESOLVE_IN_ROOT);
	int r = directory ? mkdirat(parent_fd, name, 0755) : mknodat(parent_fd, name, S_IFREG | 0644, 0);
	if (r < 0 && errno == EEXIST)
		return make_beyond(root_fd, parent_fd, parent, name, directory, depth);
	return r < 0 ? -errno : fd_openat2(root_fd, path, O_PATH, 0, RESOLVE_IN_ROOT);
}

static int walk(int root_fd, const char *path, bool directory, int depth)
{
	cleanup_free char *copy = str_dup(path);
	for (char *at = copy;;) {
		at += strspn(at, "/");
		char *slash = strchr(at, '/');
		if (slash)
			*slash = 0;
		int fd = open_or_make(root_fd, copy, slash || directory, depth);
		if (fd < 0 || !slash)
			return fd;
		close(fd);
		*slash = '/';
		at = slash + 1;
	}
}

int target_open(int root_fd, const char *path, bool directory, struct err *err)
{
	int fd = walk(root_fd, path, directory, 0);
	return fd < 0 ? err_code(err, fd, "cannot make the mount point %s", path) : fd;
}
