/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cgroup_mount.c owns what a container sees below /sys/fs/cgroup. */
#include "src/runtime/cgroup_mount.h"

#include "src/base/fd.h"
#include "src/base/str.h"
#include "src/runtime/cgroup_limits.h"
#include "src/runtime/cgroup_place.h"
#include "src/runtime/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

enum { ATTRIBUTES = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_RDONLY, MAX_CONTROLLERS = 16 };

static int attach_as(int dir_fd, const char *name, const char *type, const struct mount_option *options, uint64_t attributes, struct err *err)
{
	cleanup_fd int mount_fd = mount_new(type, options, attributes, err);
	cleanup_fd int place_fd = mount_fd < 0 ? mount_fd : openat(dir_fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (place_fd < 0)
		return mount_fd < 0 ? mount_fd : err_sys(err, "cannot open /sys/fs/cgroup/%s", name);
	return mount_attach(mount_fd, place_fd, "/sys/fs/cgroup", err);
}

static int attach(int dir_fd, const char *name, const char *type, const struct mount_option *options, struct err *err)
{
	return attach_as(dir_fd, name, type, options, ATTRIBUTES, err);
}

/* "cpu,cpuacct" is a directory, and each of its controllers a link to it, as distributions have it. */
static int attach_v1(int dir_fd, char *controllers, struct err *err)
{
	struct mount_option options[MAX_CONTROLLERS + 1] = { { NULL, NULL } };
	cleanup_free char *name = str_dup(controllers);
	int count = 0;
	if (mkdirat(dir_fd, name, 0755) < 0)
		return err_sys(err, "cannot make /sys/fs/cgroup/%s", name);
	for (char *word; count < MAX_CONTROLLERS && (word = strsep(&controllers, ",")); count++) {
		options[count].key = word;
		if (!str_eq(word, name) && symlinkat(name, dir_fd, word) < 0)
			return err_sys(err, "cannot make /sys/fs/cgroup/%s", word);
	}
	return attach(dir_fd, name, "cgroup", options, err);
}

/* Whether the container has a directory of its own there; elsewhere it is in its caller's, which is not for it to see. */
static bool is_own(const char *controllers, const struct spec_limits *limits)
{
	cleanup_free char *copy = str_dup(controllers);
	for (char *rest = copy, *word; (word = strsep(&rest, ","));)
		for (int i = 0; i < CGROUP_CONTROLLERS; i++)
			if (str_eq(word, cgroup_controller_name(i, false)) && cgroup_limits_need(limits, i))
				return true;
	return false;
}

/* proc_pid_cgroup(5): "NUMBER:CONTROLLERS:PATH". */
static int attach_all(int dir_fd, struct buf *lines, const struct spec_limits *limits, struct err *err)
{
	int r = 0;
	for (char *rest = lines->data, *line; r == 0 && (line = strsep(&rest, "\n"));) {
		char *controllers = strchr(line, ':'), *path = controllers ? strchr(controllers + 1, ':') : NULL;
		if (!path)
			continue;
		*path = 0;
		if (is_own(controllers + 1, limits))
			r = attach_v1(dir_fd, controllers + 1, err);
	}
	return r;
}

static int mount_v1(int place_fd, struct buf *lines, const struct spec_limits *limits, struct err *err)
{
	static const struct mount_option options[] = { { "mode", "0755" }, { "size", "64k" }, { NULL, NULL } };
	cleanup_fd int fd = mount_new("tmpfs", options, ATTRIBUTES & ~MOUNT_ATTR_RDONLY, err);
	int r = fd < 0 ? fd : mount_attach(fd, place_fd, "/sys/fs/cgroup", err);
	if (r == 0)
		r = attach_all(fd, lines, limits, err);
	return r < 0 ? r : mount_set(fd, ATTRIBUTES, false, err);
}

int cgroup_mount(int root_fd, const struct spec *spec, struct err *err)
{
	static const struct mount_option nothing[] = { { "mode", "0555" }, { "size", "4k" }, { NULL, NULL } };
	cleanup_buf struct buf lines = { 0 };
	cleanup_fd int fs_fd = fd_openat2(root_fd, "sys/fs", O_PATH | O_DIRECTORY, 0, RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS);
	cleanup_fd int place_fd = fs_fd < 0 ? fs_fd : openat(fs_fd, "cgroup", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (place_fd < 0) /* a kernel without */
		return 0;
	if (spec->systemd)
		return attach_as(fs_fd, "cgroup", "cgroup2", NULL, ATTRIBUTES & ~MOUNT_ATTR_RDONLY, err);
	if (!spec_limits_any(&spec->limits))
		return attach(fs_fd, "cgroup", "tmpfs", nothing, err);
	int r = fd_read_file(AT_FDCWD, "/proc/self/cgroup", 1 << 16, &lines, err);
	if (r < 0 || !lines.len)
		return r;
	bool v2_only = str_starts(lines.data, "0::") && !strchr(lines.data, '\n')[1];
	return v2_only ? attach(fs_fd, "cgroup", "cgroup2", NULL, err) : mount_v1(place_fd, &lines, &spec->limits, err);
}
