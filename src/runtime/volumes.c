/* SPDX-License-Identifier: GPL-2.0-or-later */
/* volumes.c owns what a spec's mounts show in a container. */
#include "src/runtime/volumes.h"

#include "src/base/fd.h"
#include "src/runtime/devices.h"
#include "src/runtime/mount.h"
#include "src/runtime/target.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static int clone_source(const struct spec_mount *m, struct err *err)
{
	int fd = mount_clone(AT_FDCWD, m->source, !m->flat, err);
	if (fd == -EINVAL && m->flat) /* the kernel lets nobody see what a mount of another user namespace's covers */
		return err_set(err, -EINVAL, "volume %s: to leave out what is mounted below it takes the host's root, or a source without such mounts", m->source);
	return fd < 0 ? err_prefix(err, "volume %s", m->source) : fd;
}

static int map_source(const struct spec_mount *m, int fd, int userns_fd, struct err *err)
{
	cleanup_free char *what = str_fmt("volume %s", m->source);
	struct err alone = { 0 };
	cleanup_fd int alone_fd = -1;
	int r = mount_map_ids(fd, userns_fd, what, err);
	if (r == 0 || m->flat)
		return r;
	alone_fd = mount_clone(AT_FDCWD, m->source, false, &alone);
	if (alone_fd < 0 || mount_map_ids(alone_fd, userns_fd, what, &alone) < 0)
		return r;
	return err_set(err, r, "volume %s: among what is mounted below it is a file system that cannot map owners, such as proc (findmnt -R %s lists it): "
		"--mount type=bind,source=%s,target=%s,bind-nonrecursive leaves out what is mounted there", m->source, m->source, m->source, m->target);
}

int volumes_map(const struct spec *spec, const struct idmap *map, int userns_fd, int *ret_fds, size_t *ret_count, struct err *err)
{
	for (size_t i = 0; i < spec->mount_count; i++) {
		const struct spec_mount *m = &spec->mounts[i];
		if (m->kind != MOUNT_BIND)
			continue;
		if (*ret_count == STAGE_MAX_VOLUMES - 1)
			return err_set(err, -E2BIG, "more than %d volumes", STAGE_MAX_VOLUMES - 1);
		int fd = clone_source(m, err);
		if (fd < 0)
			return fd;
		ret_fds[(*ret_count)++] = fd;
		int r = map_source(m, fd, userns_fd, err);
		if (r < 0)
			return r;
	}
	int nodes_fd = devices_make_nodes(spec, map, err);
	if (nodes_fd >= 0)
		ret_fds[(*ret_count)++] = nodes_fd;
	return nodes_fd < 0 && nodes_fd != -ENOENT ? nodes_fd : 0;
}

int volumes_bind(struct stage *stage, struct err *err)
{
	const struct spec *spec = stage->spec;
	int r = devices_place(stage, err);
	for (size_t i = 0; r >= 0 && i < spec->mount_count; i++) {
		const struct spec_mount *m = &spec->mounts[i];
		if (m->kind == MOUNT_DEVICE) {
			r = stage->volume_fds[i] = devices_bind(stage, i, err);
		} else if (m->kind == MOUNT_BIND && stage->volume_fds[i] < 0) {
			r = stage->volume_fds[i] = clone_source(m, err);
		}
	}
	return r < 0 ? r : 0;
}

static uint64_t attributes(const struct spec_mount *m)
{
	return (m->read_only ? MOUNT_ATTR_RDONLY : 0) | (m->no_exec ? MOUNT_ATTR_NOEXEC : 0) |
	       (m->no_suid ? MOUNT_ATTR_NOSUID : 0) | (m->no_dev ? MOUNT_ATTR_NODEV : 0);
}

static int attach_tmpfs(const struct spec_mount *m, int root_fd, struct err *err)
{
	cleanup_free char *mode = str_fmt("%o", m->has_mode ? m->mode : 01777);
	cleanup_free char *size = str_fmt("%llu", (unsigned long long)m->size);
	cleanup_free char *uid = str_fmt("%u", m->uid), *gid = str_fmt("%u", m->gid);
	const struct mount_option options[] = { { "mode", mode }, { "uid", uid }, { "gid", gid }, { m->size ? "size" : NULL, size }, { NULL, NULL } };
	cleanup_fd int mount_fd = mount_new("tmpfs", options, attributes(m), err);
	cleanup_fd int target_fd = mount_fd < 0 ? mount_fd : target_open(root_fd, m->target, true, err);
	return target_fd < 0 ? target_fd : mount_attach(mount_fd, target_fd, m->target, err);
}

/*
 * A mount of its own only where the root is to be read-only: it is the same directory of the container's layer, and
 * what the image has there is in it.
 */
static int attach_own(const struct stage *stage, const struct spec_mount *m, int root_fd, struct err *err)
{
	cleanup_fd int target_fd = target_open(root_fd, m->target, true, err);
	if (target_fd < 0 || (!stage->spec->read_only && !m->read_only))
		return target_fd < 0 ? target_fd : 0;
	cleanup_fd int mount_fd = mount_clone(target_fd, "", false, err);
	int r = mount_fd < 0 ? mount_fd : mount_attach(mount_fd, target_fd, m->target, err);
	return r < 0 || !m->read_only ? r : mount_set(mount_fd, MOUNT_ATTR_RDONLY, false, err);
}

/* What the host has shared must not be a way for the container's own mounts to the host. */
static int attach_bind(const struct spec_mount *m, int mount_fd, int root_fd, struct err *err)
{
	struct stat st, at;
	if (fstat(mount_fd, &st) < 0)
		return err_sys(err, "cannot look at the volume %s", m->source);
	cleanup_fd int target_fd = target_open(root_fd, m->target, S_ISDIR(st.st_mode), err);
	if (target_fd >= 0 && fstat(target_fd, &at) == 0 && S_ISDIR(st.st_mode) != S_ISDIR(at.st_mode)) /* mount(2) says EINVAL */
		return err_set(err, S_ISDIR(at.st_mode) ? -EISDIR : -ENOTDIR, "volume %s is %s directory, and %s in the container is %s", m->source,
			S_ISDIR(st.st_mode) ? "a" : "no", m->target, S_ISDIR(at.st_mode) ? "one" : "none");
	int r = target_fd < 0 ? target_fd : mount_attach(mount_fd, target_fd, m->target, err);
	if (r == 0)
		r = mount_set_propagation(mount_fd, (m->slave ? MS_SLAVE : MS_PRIVATE) | MS_REC, m->target, err);
	uint64_t set = m->kind == MOUNT_DEVICE ? MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC : attributes(m);
	return r < 0 ? r : mount_set(mount_fd, set, true, err);
}

int volumes_attach(const struct stage *stage, int root_fd, struct err *err)
{
	int r = 0;
	for (size_t i = 0; r == 0 && i < stage->spec->mount_count; i++) {
		const struct spec_mount *m = &stage->spec->mounts[i];
		if (m->kind == MOUNT_TMPFS)
			r = attach_tmpfs(m, root_fd, err);
		else if (m->kind == MOUNT_OWN)
			r = attach_own(stage, m, root_fd, err);
		else
			r = attach_bind(m, stage->volume_fds[i], root_fd, err);
	}
	return r;
}
