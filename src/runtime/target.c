/* SPDX-License-Identifier: GPL-2.0-or-later */
/* target.c owns the places that mounts go to, below a root that an image filled. */
#include "src/runtime/target.h"

#include "src/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <unistd.h>

int target_open(int root_fd, const char *path, bool directory, struct err *err)
{
	cleanup_free char *copy = str_dup(path);
	for (char *at = copy; at;) {
		at += strspn(at, "/");
		char *slash = strchr(at, '/');
		if (slash)
			*slash = 0;
		int fd = fd_openat2(root_fd, *copy ? copy : ".", O_PATH, 0, RESOLVE_IN_ROOT);
		if (fd == -ENOENT) {
			char *name = strrchr(copy, '/');
			cleanup_free char *parent = name ? str_ndup(copy, name - copy + 1) : str_dup(".");
			cleanup_fd int parent_fd = fd_openat2(root_fd, parent, O_PATH | O_DIRECTORY, 0, RESOLVE_IN_ROOT);
			bool want_directory = slash || directory;
			fd = want_directory ? mkdirat(parent_fd, name ? name + 1 : copy, 0755) :
					      mknodat(parent_fd, name ? name + 1 : copy, S_IFREG | 0644, 0);
			fd = fd < 0 ? -errno : fd_openat2(root_fd, copy, O_PATH, 0, RESOLVE_IN_ROOT);
		}
		if (fd < 0)
			return err_code(err, fd, "cannot make the mount point %s", path);
		if (!slash)
			return fd;
		close(fd);
		*slash = '/';
		at = slash + 1;
	}
	return err_set(err, -EINVAL, "cannot make the mount point %s", path);
}
