/* SPDX-License-Identifier: GPL-2.0-or-later */
/* devices.c owns the host's device nodes that a container is given by name, and the links beside them. */
#include "src/runtime/devices.h"

#include "src/base/fd.h"
#include "src/runtime/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static int check_node(const char *source, const struct stat *st, struct err *err)
{
	if (S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode))
		return 0;
	return err_set(err, -ENODEV, "device %s: it is no device node%s", source, S_ISDIR(st->st_mode) ? "; name those in it one by one" : "");
}

static int make_node(int dir_fd, const struct spec_mount *m, const char *name, const struct idmap *map, struct err *err)
{
	struct stat st;
	if (stat(m->source, &st) < 0)
		return err_sys(err, "device %s", m->source);
	int r = check_node(m->source, &st, err);
	if (r < 0)
		return r;
	if (mknodat(dir_fd, name, (st.st_mode & S_IFMT) | 0600, st.st_rdev) < 0 ||
		fchmodat(dir_fd, name, st.st_mode & 0666, 0) < 0 ||
		fchownat(dir_fd, name, map->uids.root_outside, map->gids.root_outside, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(err, "device %s: cannot make a node of it", m->source);
	return 0;
}

int devices_make_nodes(const struct spec *spec, const struct idmap *map, struct err *err)
{
	static const struct mount_option options[] = { { "mode", "0755" }, { "size", "64k" }, { NULL, NULL } };
	cleanup_fd int dir_fd = -1;
	for (size_t i = 0; i < spec->mount_count; i++) {
		if (spec->mounts[i].kind != MOUNT_DEVICE)
			continue;
		if (dir_fd < 0)
			dir_fd = mount_new("tmpfs", options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, err);
		if (dir_fd < 0)
			return dir_fd;
		cleanup_free char *name = str_fmt("%zu", i);
		int r = make_node(dir_fd, &spec->mounts[i], name, map, err);
		if (r < 0)
			return r;
	}
	return dir_fd < 0 ? -ENOENT : fd_take(&dir_fd);
}

int devices_place(const struct stage *stage, struct err *err)
{
	if (stage->nodes_fd < 0)
		return 0;
	cleanup_fd int place_fd = open("/tmp", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return place_fd < 0 ? err_sys(err, "cannot open /tmp") : mount_attach(stage->nodes_fd, place_fd, "the device nodes", err);
}

int devices_bind(const struct stage *stage, size_t i, struct err *err)
{
	const char *source = stage->spec->mounts[i].source;
	cleanup_free char *name = str_fmt("%zu", i);
	struct stat st;
	if (stage->nodes_fd < 0 && stat(source, &st) == 0 && check_node(source, &st, err) < 0) /* what cannot be cloned, too */
		return err->code;
	cleanup_fd int fd = stage->nodes_fd >= 0 ? mount_clone(stage->nodes_fd, name, false, err) :
						   mount_clone(AT_FDCWD, source, false, err);
	if (fd < 0)
		return err_prefix(err, "device %s", source);
	if (fstat(fd, &st) < 0)
		return err_sys(err, "device %s", source);
	int r = check_node(source, &st, err);
	return r < 0 ? r : fd_take(&fd);
}

int devices_link(int dev_fd, struct err *err)
{
	static const char *const links[][2] = { { "/proc/self/fd", "fd" }, { "/proc/self/fd/0", "stdin" }, { "/proc/self/fd/1", "stdout" },
		{ "/proc/self/fd/2", "stderr" }, { "/proc/kcore", "core" }, { "pts/ptmx", "ptmx" } };
	for (size_t i = 0; i < sizeof links / sizeof *links; i++)
		if (symlinkat(links[i][0], dev_fd, links[i][1]) < 0 && errno != EEXIST)
			return err_sys(err, "cannot make /dev/%s", links[i][1]);
	return 0;
}
