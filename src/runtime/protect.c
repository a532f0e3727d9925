/* SPDX-License-Identifier: GPL-2.0-or-later */
/* protect.c owns covering paths of a container's root. */
#include "src/runtime/protect.h"

#include "src/base/fd.h"
#include "src/runtime/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/mount.h>
#include <sys/stat.h>

enum { PLAIN = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC };

/* A path of the spec's list. Below /proc and /sys, which the kernel makes, nothing is reached through a symlink. */
static int open_listed(int root_fd, const char *path, struct err *err)
{
	bool system = str_starts(path, "/proc/") || str_starts(path, "/sys/");
	int fd = fd_openat2(root_fd, path + 1, O_PATH, 0, system ? RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS : RESOLVE_IN_ROOT);
	return fd < 0 && fd != -ENOENT ? err_code(err, fd, "cannot look at %s to cover it", path) : fd;
}

/*
 * One empty directory for all that are masked: to make a file system takes longer than to show one again. It is shown from where it was
 * attached first; a mount that is attached nowhere can be copied since Linux 6.15 only.
 */
static int open_empty(int attached_fd, struct err *err)
{
	int fd = attached_fd < 0 ? -1 : mount_clone(attached_fd, "", false, err);
	if (fd >= 0)
		return fd;
	err_clear(err);
	return mount_new("tmpfs", NULL, PLAIN | MOUNT_ATTR_RDONLY, err);
}

static int mask_one(int root_fd, int null_fd, int *empty_fd, const char *path, struct err *err)
{
	struct stat st;
	cleanup_fd int fd = open_listed(root_fd, path, err);
	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	if (fstat(fd, &st) < 0)
		return err_sys(err, "cannot look at %s to mask it", path);
	bool directory = S_ISDIR(st.st_mode);
	cleanup_fd int cover_fd = directory ? open_empty(*empty_fd, err) : mount_clone(null_fd, "", false, err);
	int r = cover_fd < 0 ? cover_fd : mount_attach(cover_fd, fd, path, err);
	if (r == 0 && directory && *empty_fd < 0)
		*empty_fd = fd_take(&cover_fd);
	return r;
}

static int make_read_only(int root_fd, const char *path, uint64_t attributes, struct err *err)
{
	cleanup_fd int fd = open_listed(root_fd, path, err);
	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	cleanup_fd int bind_fd = mount_clone(fd, "", false, err);
	int r = bind_fd < 0 ? bind_fd : mount_set(bind_fd, MOUNT_ATTR_RDONLY | attributes, false, err);
	return r < 0 ? r : mount_attach(bind_fd, fd, path, err);
}

int protect_paths(const struct spec_isolation *isolation, int root_fd, int null_fd, uint64_t attributes, struct err *err)
{
	int r = 0;
	cleanup_fd int empty_fd = -1;
	for (size_t i = 0; r == 0 && i < isolation->masked.len; i++)
		r = mask_one(root_fd, null_fd, &empty_fd, isolation->masked.items[i], err);
	for (size_t i = 0; r == 0 && i < isolation->read_only.len; i++)
		r = make_read_only(root_fd, isolation->read_only.items[i], attributes, err);
	return r;
}
