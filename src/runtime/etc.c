/* SPDX-License-Identifier: GPL-2.0-or-later */
/* etc.c owns the files of /etc that are the container's and not its image's. */
#include "src/runtime/etc.h"

#include "src/base/fd.h"
#include "src/base/mark.h"
#include "src/runtime/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

static const char *const names[] = { "hosts", "hostname", "resolv.conf" };

static int make_file(int dir_fd, const char *name, const char *text, struct err *err)
{
	cleanup_fd int fd = openat(dir_fd, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);
	int r = fd < 0 ? -errno : fd_write_all(fd, text, strlen(text));
	return r < 0 ? err_code(err, r, "cannot write the container's /etc/%s", name) : mount_clone(dir_fd, name, false, err);
}

int etc_make(const struct spec *spec, int place_fd, struct etc *ret_etc, struct err *err)
{
	static const struct mount_option options[] = { { "mode", "0755" }, { "size", "4m" }, { NULL, NULL } };
	cleanup_free char *hostname = str_fmt("%s\n", spec->hostname);
	const char *texts[] = { spec->network.hosts_text, hostname, spec->network.resolv_text };
	*ret_etc = (struct etc){ { -1, -1, -1 } };
	cleanup_fd int fd = mount_new("tmpfs", options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, err);
	int r = fd < 0 ? fd : mount_attach(fd, place_fd, "the container's files of /etc", err); /* only then can it be cloned from */
	for (int i = 0; r >= 0 && i < 3; i++)
		if (texts[i])
			r = ret_etc->fds[i] = make_file(fd, names[i], texts[i], err);
	return r < 0 ? r : 0;
}

void etc_share(struct etc *etc, int hosts_fd, int resolv_fd)
{
	fd_close(&etc->fds[0]);
	fd_close(&etc->fds[2]);
	etc->fds[0] = hosts_fd;
	etc->fds[2] = resolv_fd;
}

static int open_place(int etc_fd, const char *name)
{
	struct stat st;
	if (fstatat(etc_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode) && unlinkat(etc_fd, name, 0) < 0)
		return -errno;
	cleanup_fd int made_fd = openat(etc_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (made_fd < 0 && errno != EEXIST)
		return -errno;
	if (made_fd >= 0)
		mark_place(made_fd, etc_fd);
	return fd_openat2(etc_fd, name, O_PATH, 0, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
}

/* An image may have none, or a symlink for it that leads nowhere within the image. */
static int open_etc(int root_fd)
{
	int fd = fd_openat2(root_fd, "etc", O_PATH | O_DIRECTORY, 0, RESOLVE_IN_ROOT);
	if (fd != -ENOENT)
		return fd;
	if (unlinkat(root_fd, "etc", 0) < 0 && errno != ENOENT)
		return -errno;
	return mkdirat(root_fd, "etc", 0755) < 0 ? -errno : fd_openat2(root_fd, "etc", O_PATH | O_DIRECTORY, 0, RESOLVE_IN_ROOT);
}

int etc_make_places(const struct spec *spec, int root_fd, struct err *err)
{
	const bool wanted[] = { spec->network.hosts_text, true, spec->network.resolv_text };
	cleanup_fd int etc_fd = open_etc(root_fd);
	if (etc_fd < 0)
		return err_code(err, etc_fd, "cannot open the image's /etc");
	for (int i = 0; i < 3; i++) {
		cleanup_fd int place_fd = wanted[i] ? open_place(etc_fd, names[i]) : -1;
		if (wanted[i] && place_fd < 0)
			return err_code(err, place_fd, "cannot make a place for /etc/%s in the image", names[i]);
	}
	return 0;
}

int etc_attach(struct etc *etc, int root_fd, struct err *err)
{
	int r = 0;
	cleanup_fd int etc_fd = open_etc(root_fd);
	if (etc_fd < 0)
		return err_code(err, etc_fd, "cannot open the image's /etc");
	for (int i = 0; r == 0 && i < 3; i++) {
		if (etc->fds[i] < 0)
			continue;
		cleanup_fd int place_fd = open_place(etc_fd, names[i]);
		r = place_fd < 0 ? err_code(err, place_fd, "cannot make a place for /etc/%s in the image", names[i]) :
				   mount_attach(etc->fds[i], place_fd, names[i], err);
		fd_close(&etc->fds[i]);
	}
	return r;
}
