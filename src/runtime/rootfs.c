/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rootfs.c owns what the container sees as its files. */
/*
 * Theory of operation. The root arrives as a detached mount; every name the image could have prepared is resolved by
 * openat2 below the root's descriptor, and every mount goes onto the descriptor found, so no path is trusted twice.
 * /proc and /sys must be mounted while the host's are still visible (the kernel asks for that in a user namespace).
 */
#include "src/runtime/rootfs.h"

#include "src/base/fd.h"
#include "src/runtime/cgroup_mount.h"
#include "src/runtime/etc.h"
#include "src/runtime/cpuinfo.h"
#include "src/runtime/devices.h"
#include "src/runtime/mount.h"
#include "src/runtime/program.h"
#include "src/runtime/procfs.h"
#include "src/runtime/protect.h"
#include "src/runtime/single.h"
#include "src/runtime/target.h"
#include "src/runtime/volumes.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PLAIN = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC };

static int attach_new(int root_fd, const char *target, const char *type, const struct mount_option *options,
	uint64_t attributes, struct err *err)
{
	cleanup_fd int mount_fd = mount_new(type, options, attributes, err);
	if (mount_fd < 0)
		return mount_fd;
	cleanup_fd int target_fd = target_open(root_fd, target, true, err);
	return target_fd < 0 ? target_fd : mount_attach(mount_fd, target_fd, target, err);
}

static int attach_device(int dev_fd, const char *name, int device_fd, struct err *err)
{
	cleanup_fd int target_fd = openat(dev_fd, name, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0666);
	if (target_fd < 0)
		return err_sys(err, "cannot make /dev/%s", name);
	return mount_attach(device_fd, target_fd, name, err);
}

static int attach_shared(int root_fd, const char *target, int mount_fd, struct err *err)
{
	cleanup_fd int target_fd = target_open(root_fd, target, true, err);
	return target_fd < 0 ? target_fd : mount_attach(mount_fd, target_fd, target, err);
}

static int make_dev(const struct stage *stage, int root_fd, struct err *err)
{
	static const struct mount_option dev[] = { { "mode", "0755" }, { "size", "1m" }, { NULL, NULL } };
	uint64_t shm_bytes = stage->spec->isolation.shm_bytes;
	cleanup_free char *shm_size = str_fmt("%llu", shm_bytes ? (unsigned long long)shm_bytes : 64ull << 20);
	const struct mount_option shm[] = { { "mode", "1777" }, { "size", shm_size }, { NULL, NULL } };
	const struct mount_option pts[] = { { "newinstance", NULL }, { "ptmxmode", "0666" }, { "mode", "0620" },
		{ stage->map->single ? NULL : "gid", "5" }, { NULL, NULL } };
	int r = attach_new(root_fd, "dev", "tmpfs", dev, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, err);
	if (r == 0)
		r = attach_new(root_fd, "dev/pts", "devpts", pts, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, err);
	enum namespace_origin ipc = stage->spec->namespaces.of[NAMESPACE_IPC].origin;
	bool own_ipc = ipc != NAMESPACE_HOST; /* otherwise /dev/shm is bound from the host, and mqueue cannot be had */
	if (r == 0 && ipc == NAMESPACE_JOINED && stage->shared_fds[2] >= 0)
		r = attach_shared(root_fd, "dev/shm", stage->shared_fds[2], err);
	else if (r == 0 && own_ipc && shm_bytes != SPEC_NO_SHM)
		r = attach_new(root_fd, "dev/shm", "tmpfs", shm, PLAIN, err);
	if (r == 0 && own_ipc)
		r = attach_new(root_fd, "dev/mqueue", "mqueue", NULL, PLAIN, err);
	cleanup_fd int dev_fd = r < 0 ? r : fd_openat2(root_fd, "dev", O_RDONLY | O_DIRECTORY, 0, RESOLVE_IN_ROOT);
	if (dev_fd < 0)
		return r < 0 ? r : err_code(err, dev_fd, "cannot open /dev");
	for (int i = 0; r == 0 && stage_devices[i]; i++)
		r = attach_device(dev_fd, stage_devices[i], stage->device_fds[i], err);
	if (r == 0 && stage->map->single)
		r = single_configure(dev_fd, err);
	return r < 0 ? r : devices_link(dev_fd, err);
}

/*
 * An image whose /proc or /sys is a symlink would have the file system mounted elsewhere: refused by name. debootstrap leaves such a /proc,
 * which leads to itself, where /.dockerenv is.
 */
static int refuse_symlinks(int root_fd, struct err *err)
{
	static const char *const names[] = { "proc", "sys", "dev" };
	struct stat st;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (fstatat(root_fd, names[i], &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISDIR(st.st_mode))
			return err_set(err, -ENOTDIR, "the image's /%s is not a directory%s; put an empty one in its place", names[i],
				!S_ISLNK(st.st_mode) ? "" : i == 0 ? " but a link, as debootstrap leaves it where it runs in docker" : " but a link");
	return 0;
}

/* Attached over the host's root first, so that the later mounts have a place in this namespace. */
static int pivot(int root_fd, struct err *err)
{
	if (fchdir(root_fd) < 0 || syscall(SYS_pivot_root, ".", ".") < 0)
		return err_sys(err, "cannot change the root");
	if (umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		return err_sys(err, "cannot leave the host's root");
	return 0;
}

/* The kernel mounts proc and sysfs in a user namespace only where their own are seen unobstructed (fs/namespace.c, mount_too_revealing). */
static int tell_covered(int r, struct err *err)
{
	return r != -EPERM ? r : err_append(err, "; a part of /proc or /sys is covered here, as in a container of docker's or podman's: `xrun doctor` says what lifts that");
}

/* sysfs shows the network namespace that its mounter owns; with the host's, the host's own mount is shown instead. */
static int make_sys(const struct stage *stage, int root_fd, struct err *err)
{
	uint64_t writable = stage->spec->isolation.privileged ? 0 : MOUNT_ATTR_RDONLY;
	if (stage->spec->network.mode != NETWORK_HOST)
		return tell_covered(attach_new(root_fd, "sys", "sysfs", NULL, PLAIN | writable, err), err);
	cleanup_fd int sys_fd = mount_clone(AT_FDCWD, "/sys", true, err);
	int r = sys_fd < 0 ? sys_fd : mount_set(sys_fd, PLAIN | writable, true, err);
	cleanup_fd int target_fd = r < 0 ? r : target_open(root_fd, "sys", true, err);
	return target_fd < 0 ? target_fd : mount_attach(sys_fd, target_fd, "/sys", err);
}

/* A procfs of the host's processes cannot be mounted in a user namespace: the host's own mount is shown. */
static int open_proc(const struct stage *stage, struct err *err)
{
	if (stage->spec->namespaces.of[NAMESPACE_PID].origin != NAMESPACE_HOST)
		return tell_covered(mount_new("proc", NULL, PLAIN, err), err);
	cleanup_fd int proc_fd = mount_clone(AT_FDCWD, "/proc", true, err);
	int r = proc_fd < 0 ? proc_fd : mount_set(proc_fd, PLAIN, true, err);
	return r < 0 ? r : fd_take(&proc_fd);
}

static int make_proc(const struct stage *stage, int root_fd, struct err *err)
{
	cleanup_fd int proc_fd = open_proc(stage, err);
	int r = proc_fd < 0 ? proc_fd : procfs_set_sysctls(proc_fd, stage->spec, err);
	cleanup_fd int target_fd = r < 0 ? r : target_open(root_fd, "proc", true, err);
	return target_fd < 0 ? target_fd : mount_attach(proc_fd, target_fd, "/proc", err);
}

static int mount_system(const struct stage *stage, int root_fd, int *ret_terminal_fd, struct err *err)
{
	int r = refuse_symlinks(root_fd, err);
	if (r == 0)
		r = make_proc(stage, root_fd, err);
	if (r == 0)
		r = make_sys(stage, root_fd, err);
	if (r == 0)
		r = cgroup_mount(root_fd, stage->spec, err);
	if (r == 0)
		r = make_dev(stage, root_fd, err);
	if (r == 0 && stage->spec->terminal)
		r = program_open_terminal(root_fd, ret_terminal_fd, err);
	if (r == 0 && stage->spec->terminal)
		r = program_bind_console(root_fd, err);
	if (r == 0)
		r = volumes_attach(stage, root_fd, err);
	if (r == 0)
		r = cpuinfo_mount(stage->spec, root_fd, err);
	cleanup_fd int null_fd = r < 0 ? r : fd_openat2(root_fd, "dev/null", O_PATH, 0, RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS);
	if (null_fd < 0)
		return r < 0 ? r : err_set(err, -EIO, "cannot open /dev/null to mask files");
	return protect_paths(&stage->spec->isolation, root_fd, null_fd, PLAIN, err);
}

int rootfs_enter(const struct stage *stage, int *ret_terminal_fd, struct err *err)
{
	*ret_terminal_fd = -1;
	struct etc etc;
	cleanup_fd int place_fd = open("/tmp", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (place_fd < 0)
		return err_sys(err, "cannot open /tmp");
	int root_fd = stage->rootfs_fd;
	int r = etc_make(stage->spec, place_fd, &etc, err);
	if (r == 0 && stage->spec->network.mode == NETWORK_CONTAINER)
		etc_share(&etc, stage->shared_fds[0], stage->shared_fds[1]);
	if (r == 0)
		r = mount_attach(root_fd, place_fd, "the root file system", err);
	if (r == 0)
		r = etc_attach(&etc, root_fd, err);
	if (r == 0)
		r = mount_system(stage, root_fd, ret_terminal_fd, err);
	if (r == 0 && stage->spec->read_only)
		r = mount_set(root_fd, MOUNT_ATTR_RDONLY, false, err);
	return r < 0 ? r : pivot(root_fd, err);
}
