/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mount.c owns mounts as descriptors. */
#include "src/runtime/mount.h"

#include "src/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <unistd.h>

static int set_option(int fs_fd, const char *type, const char *key, const char *value, struct err *err)
{
	int r = value ? fsconfig(fs_fd, FSCONFIG_SET_STRING, key, value, 0) :
			fsconfig(fs_fd, FSCONFIG_SET_FLAG, key, NULL, 0);
	if (r == 0)
		return 0;
	return err_sys(err, "cannot set %s=%s for a %s file system", key, value ? value : "", type);
}

static int create(int fs_fd, const char *type, uint64_t attributes, struct err *err)
{
	if (fsconfig(fs_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return err_sys(err, "cannot create a %s file system", type);
	int fd = fsmount(fs_fd, FSMOUNT_CLOEXEC, attributes);
	return fd < 0 ? err_sys(err, "cannot mount a %s file system", type) : fd;
}

/* One of a process: it puts together one container. */
static const char *new_label;

void mount_label_new(const char *label)
{
	new_label = label;
}

static bool takes_label(const char *type, const struct mount_option *options)
{
	for (; options && options->key; options++)
		if (str_eq(options->key, "context"))
			return false;
	return str_eq(type, "tmpfs") || str_eq(type, "devpts");
}

int mount_new(const char *type, const struct mount_option *options, uint64_t attributes, struct err *err)
{
	cleanup_fd int fs_fd = fsopen(type, FSOPEN_CLOEXEC);
	if (fs_fd < 0)
		return err_sys(err, "this kernel cannot make a %s file system", type);
	if (new_label && takes_label(type, options) && set_option(fs_fd, type, "context", new_label, err) < 0)
		return err->code;
	for (; options && options->key; options++) {
		int r = set_option(fs_fd, type, options->key, options->value, err);
		if (r < 0)
			return r;
	}
	return create(fs_fd, type, attributes, err);
}

int mount_clone(int dir_fd, const char *path, bool recursive, struct err *err)
{
	unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0);
	int fd = open_tree(dir_fd, path, flags);
	return fd < 0 ? err_sys(err, "cannot bind %s", path) : fd;
}

int mount_attach(int mount_fd, int target_fd, const char *what, struct err *err)
{
	if (move_mount(mount_fd, "", target_fd, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return err_sys(err, "cannot mount %s", what);
	return 0;
}

int mount_set(int fd, uint64_t attributes, bool recursive, struct err *err)
{
	struct mount_attr attr = { .attr_set = attributes };
	if (mount_setattr(fd, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), &attr, sizeof attr) < 0)
		return err_sys(err, "cannot change a mount's attributes");
	return 0;
}

int mount_set_propagation(int fd, uint64_t flags, const char *what, struct err *err)
{
	struct mount_attr attr = { .propagation = flags & ~(uint64_t)MS_REC };
	if (mount_setattr(fd, "", AT_EMPTY_PATH | (flags & MS_REC ? AT_RECURSIVE : 0), &attr, sizeof attr) < 0)
		return err_sys(err, "cannot set the propagation of %s", what);
	return 0;
}

int mount_map_ids(int mount_fd, int userns_fd, const char *what, struct err *err)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_IDMAP, .userns_fd = userns_fd };
	if (mount_setattr(mount_fd, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof attr) == 0)
		return 0;
	return err_sys(err, "%s: its file system cannot map owners (idmapped mounts), which those of ext4, xfs and btrfs can", what);
}
