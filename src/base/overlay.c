/* SPDX-License-Identifier: GPL-2.0-or-later */
/* overlay.c owns making overlay file systems out of descriptors, and the marks in their layers. */
#include "src/base/overlay.h"

#include "src/base/fd.h"
#include "src/base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

bool overlay_is_whiteout(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == makedev(0, 0);
}

bool overlay_is_opaque(int dir_fd)
{
	char value[2];
	return fgetxattr(dir_fd, OVERLAY_OPAQUE, value, sizeof value) == 1 && *value == 'y';
}

/*
 * Layers are named as the kernel wants them, from the top down, by names below the current directory, /proc/self/fd. So no
 * path is walked, and all of them fit into one option: fsconfig(2) takes 255 bytes of it, mount(2) a page, enough for the
 * 500 that overlayfs takes. ("lowerdir+" would have no such bounds, but is Linux 6.7.)
 */
enum { FSCONFIG_VALUE_MAX = 255 };

static void name_layers(const int *layer_fds, size_t count, struct buf *ret_names)
{
	for (size_t i = count; i-- > 0;)
		buf_fmt(ret_names, "%s%d", ret_names->len ? ":" : "", layer_fds[i]);
}

static int set(int fs_fd, const char *key, const char *value, struct err *err)
{
	int r = value ? fsconfig(fs_fd, FSCONFIG_SET_STRING, key, value, 0) : fsconfig(fs_fd, FSCONFIG_SET_FLAG, key, NULL, 0);
	return r == 0 ? 0 : err_sys(err, "cannot set %s=%s for an overlay file system", key, value ? value : "");
}

static int create(const char *layers, const char *upper, const char *work, bool thrown_away, const char *label, struct err *err)
{
	cleanup_fd int fs_fd = fsopen("overlay", FSOPEN_CLOEXEC);
	if (fs_fd < 0)
		return err_sys(err, "this kernel has no overlay file system");
	int r = set(fs_fd, "userxattr", NULL, err);
	if (r == 0 && upper && thrown_away) /* Linux 5.10 */
		r = set(fs_fd, "volatile", NULL, err);
	if (r == 0 && label)
		r = set(fs_fd, "context", label, err);
	if (r == 0)
		r = set(fs_fd, "lowerdir", layers, err);
	if (r == 0 && upper)
		r = set(fs_fd, "upperdir", upper, err);
	if (r == 0 && upper)
		r = set(fs_fd, "workdir", work, err);
	if (r == 0 && fsconfig(fs_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		r = err_sys(err, "cannot create an overlay file system");
	int fd = r < 0 ? r : fsmount(fs_fd, FSMOUNT_CLOEXEC, 0);
	if (fd < 0 && r == 0 && errno == ENOSPC) /* what is attached nowhere has a mount namespace of its own */
		return err_set(err, -EUSERS, "cannot make an overlay's mount namespace: no more may be made");
	return fd < 0 && r == 0 ? err_sys(err, "cannot mount an overlay file system") : fd;
}

/* mount(2) knows attached mounts only: /tmp of our own mount namespace holds it for a moment. */
static int create_long(const char *layers, const char *upper, const char *work, bool thrown_away, const char *label, struct err *err)
{
	cleanup_free char *context = label ? str_fmt("context=\"%s\",", label) : str_dup("");
	cleanup_free char *options = upper ? str_fmt("userxattr,%s%slowerdir=%s,upperdir=%s,workdir=%s", context, thrown_away ? "volatile," : "",
						     layers, upper, work) :
					     str_fmt("userxattr,%slowerdir=%s", context, layers);
	if (mount("overlay", "/tmp", "overlay", 0, options) < 0)
		return err_sys(err, "cannot mount an overlay file system");
	int fd = open_tree(AT_FDCWD, "/tmp", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (fd < 0)
		err_sys(err, "cannot detach an overlay file system");
	if (umount2("/tmp", MNT_DETACH) == 0 || fd < 0)
		return fd < 0 ? err->code : fd;
	fd_close(&fd);
	return err_sys(err, "cannot unmount an overlay file system");
}

int overlay_create(const int *layer_fds, size_t count, int upper_fd, int work_fd, bool thrown_away, const char *label, struct err *err)
{
	cleanup_buf struct buf layers = { 0 };
	char upper[16], work[16];
	name_layers(layer_fds, count, &layers);
	snprintf(upper, sizeof upper, "%d", upper_fd);
	snprintf(work, sizeof work, "%d", work_fd);
	if (chdir("/proc/self/fd") < 0)
		return err_sys(err, "cannot enter /proc/self/fd");
	const char *above = upper_fd < 0 ? NULL : upper;
	int fd = layers.len > FSCONFIG_VALUE_MAX ? create_long(layers.data, above, work, thrown_away, label, err) :
						   create(layers.data, above, work, thrown_away, label, err);
	if (chdir("/") == 0)
		return fd;
	fd_close(&fd);
	return err_sys(err, "cannot leave /proc/self/fd");
}
