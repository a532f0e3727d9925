/* SPDX-License-Identifier: GPL-2.0-or-later */
/* overlay.c owns making overlay file systems out of descriptors. */
#include "src/base/overlay.h"

#include "src/base/fd.h"
#include "src/base/str.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <unistd.h>

enum { OLD_KERNELS_LIMIT = 60 };

static int set(int fs_fd, const char *key, const char *value, struct err *err)
{
	int r = value ? fsconfig(fs_fd, FSCONFIG_SET_STRING, key, value, 0) : fsconfig(fs_fd, FSCONFIG_SET_FLAG, key, NULL, 0);
	return r == 0 ? 0 : err_sys(err, "cannot set %s=%s for an overlay file system", key, value ? value : "");
}

/* By a magic link, so that no path is walked. */
static int set_descriptor(int fs_fd, const char *key, int fd, struct err *err)
{
	char path[64];
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	return set(fs_fd, key, path, err);
}

/*
 * Layers go in from the top down: all in one option, as names below the current directory, /proc/self/fd, while they fit
 * into the 255 bytes that one may have; else one by one, which is Linux 6.7.
 */
static int set_layers(int fs_fd, const int *layer_fds, size_t count, struct err *err)
{
	cleanup_buf struct buf names = { 0 };
	for (size_t i = count; i-- > 0;)
		buf_fmt(&names, "%s%d", names.len ? ":" : "", layer_fds[i]);
	if (names.len < 256)
		return set(fs_fd, "lowerdir", names.data, err);
	int r = 0;
	for (size_t i = count; r == 0 && i-- > 0;)
		r = set_descriptor(fs_fd, "lowerdir+", layer_fds[i], err);
	return r;
}

static int create(const int *layer_fds, size_t count, int upper_fd, int work_fd, bool thrown_away, struct err *err)
{
	cleanup_fd int fs_fd = fsopen("overlay", FSOPEN_CLOEXEC);
	if (fs_fd < 0)
		return err_sys(err, "this kernel has no overlay file system");
	int r = set(fs_fd, "userxattr", NULL, err);
	if (r == 0 && thrown_away) /* Linux 5.10 */
		r = set(fs_fd, "volatile", NULL, err);
	if (r == 0)
		r = set_layers(fs_fd, layer_fds, count, err);
	if (r == 0)
		r = set_descriptor(fs_fd, "upperdir", upper_fd, err);
	if (r == 0)
		r = set_descriptor(fs_fd, "workdir", work_fd, err);
	if (r == 0 && fsconfig(fs_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		r = err_sys(err, "cannot create an overlay file system of %zu layers%s", count,
			count > OLD_KERNELS_LIMIT ? " (so many need Linux 6.7)" : "");
	int fd = r < 0 ? r : fsmount(fs_fd, FSMOUNT_CLOEXEC, 0);
	return fd < 0 && r == 0 ? err_sys(err, "cannot mount an overlay file system") : fd;
}

int overlay_create(const int *layer_fds, size_t count, int upper_fd, int work_fd, bool thrown_away, struct err *err)
{
	if (chdir("/proc/self/fd") < 0)
		return err_sys(err, "cannot enter /proc/self/fd");
	int fd = create(layer_fds, count, upper_fd, work_fd, thrown_away, err);
	if (chdir("/") == 0)
		return fd;
	fd_close(&fd);
	return err_sys(err, "cannot leave /proc/self/fd");
}
