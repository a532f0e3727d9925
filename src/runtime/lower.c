/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lower.c owns a directory of the host's that is a container's files. */
#include "src/runtime/lower.h"

#include "src/base/fd.h"
#include "src/runtime/mount.h"
#include "src/runtime/userns.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static int send_namespace(void *context, struct err *err)
{
	cleanup_fd int fd = open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC);
	int r = fd < 0 ? -errno : fd_send(*(const int *)context, "", 1, &fd, 1);
	return r < 0 ? err_code(err, r, "cannot hand over a user namespace") : 0;
}

/* A namespace with the id map and nobody in it: that is all that an idmapped mount wants. */
static int make_namespace(const struct idmap *map, struct err *err)
{
	int ends[2], fd = -1;
	char byte;
	size_t count = 1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return err_sys(err, "cannot make a socket pair");
	int r = userns_call(map, NULL, send_namespace, &ends[1], err);
	if (r >= 0 && (fd_recv(ends[0], &byte, 1, &fd, &count) != 1 || count != 1))
		r = err_set(err, -EIO, "cannot get a user namespace");
	close(ends[0]);
	close(ends[1]);
	return r < 0 ? r : fd;
}

static int map_owners(int mount_fd, const struct idmap *map, const char *what, struct err *err)
{
	cleanup_fd int userns_fd = make_namespace(map, err);
	return userns_fd < 0 ? userns_fd : mount_map_ids(mount_fd, userns_fd, what, err);
}

int lower_open(const struct spec *spec, const struct idmap *map, struct lower *ret_lower, struct err *err)
{
	struct stat st;
	bool is_root = geteuid() == 0;
	if (!spec->rootfs)
		return 0;
	cleanup_fd int dir_fd = open(spec->rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0 || fstat(dir_fd, &st) < 0)
		return err_sys(err, "rootfs:%s", spec->rootfs);
	cleanup_fd int fd = is_root ? mount_clone(dir_fd, "", false, err) : fd_take(&dir_fd);
	if (fd == -EPERM) /* root of a container around us */
		return err_set(err, fd, "rootfs:%s: root may not mount it here: Operation not permitted; xrun doctor says what does not allow it", spec->rootfs);
	if (fd < 0)
		return err_prefix(err, "rootfs:%s", spec->rootfs);
	if (is_root && !map->single && st.st_uid != map->uids.root_outside && map_owners(fd, map, spec->rootfs, err) < 0)
		return err->code;
	*ret_lower = (struct lower){ fd_take(&fd), is_root };
	return 0;
}

void lower_close(struct lower *lower)
{
	fd_close(&lower->fd);
}

int lower_place(const struct lower *lower, struct err *err)
{
	cleanup_fd int place_fd = lower->is_mount ? open("/tmp", O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	cleanup_fd int fd = fcntl(lower->fd, F_DUPFD_CLOEXEC, 3);
	if (fd < 0 || (lower->is_mount && place_fd < 0))
		return err_sys(err, "cannot open %s", fd < 0 ? "a directory again" : "/tmp");
	if (!lower->is_mount) {
		int r = fd_reopen_directory(&fd, err); /* overlayfs takes what is mounted in our own namespace */
		return r < 0 ? r : fd_take(&fd);
	}
	int r = mount_attach(lower->fd, place_fd, "the container's files", err);
	return r < 0 ? r : fd_take(&fd);
}

void lower_release(const struct lower *lower)
{
	if (lower->is_mount)
		umount2("/tmp", MNT_DETACH);
}

int lower_explain(const struct spec *spec, const struct lower *lower, struct err *err)
{
	enum { NOBODY = 65534 };
	struct stat st;
	bool is_strange = fstat(lower->fd, &st) == 0 && st.st_uid == NOBODY;
	err_prefix(err, "rootfs:%s", spec->rootfs);
	if (is_strange && (err->code == -EACCES || err->code == -EPERM || err->code == -EOVERFLOW))
		err_append(err, "; it belongs to a user whom the container does not have: make it as the one who runs it, or run it as root");
	else if (err->code == -EINVAL)
		err_append(err, lower->is_mount ? "; overlays of trees with other owners need Linux 5.19" : "; nothing may be mounted below it");
	return err->code;
}
