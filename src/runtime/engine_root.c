/* SPDX-License-Identifier: GPL-2.0-or-later */
/* engine_root.c owns the root of an engine's container: where it begins and how it is entered. */
#include "src/runtime/engine_stage.h"

#include "src/base/fd.h"
#include "src/runtime/mount.h"
#include "src/runtime/procfs.h"
#include "src/runtime/protect.h"
#include "src/runtime/target.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

/*
 * A mount that the host shares would share with it what is mounted below. So the root is made private, or a slave where
 * that is what it is to be, before anything goes below it; what else was asked for comes at the end.
 */
static int separate(int root_fd, unsigned long propagation, struct err *err)
{
	return mount_set_propagation(root_fd, (propagation & MS_SLAVE ? MS_SLAVE : MS_PRIVATE) | MS_REC, "the root", err);
}

/*
 * At the root's own path, where createContainer hooks look for the container, and mounts for what earlier ones have put there.
 * If the container's root cannot get there: on top of everything, which needs no right but over our own mounts.
 */
static int open_place(const struct spec_engine *engine)
{
	int fd = open(engine->rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? open("/", O_PATH | O_DIRECTORY | O_CLOEXEC) : fd;
}

static bool is_hosts(const struct engine_stage *stage)
{
	return stage->spec->namespaces.of[NAMESPACE_MOUNT].origin == NAMESPACE_HOST;
}

/*
 * In the host's mount namespace nothing is attached anywhere: the root stays a detached tree, which nobody else sees and which ends with
 * the container's processes. To mount something below it takes Linux 6.15.
 */
static int begin_detached(const struct engine_stage *stage, struct err *err)
{
	const struct spec_engine *engine = stage->spec->engine;
	if (stage->instance_fd >= 0)
		return err_set(err, -EINVAL, "a container with programs of another architecture needs a mount namespace of its own");
	cleanup_fd int root_fd = stage->rootfs_fd >= 0 ? dup(stage->rootfs_fd) : mount_clone(AT_FDCWD, engine->rootfs, true, err);
	if (root_fd < 0)
		return err_prefix(err, "the root file system");
	int r = separate(root_fd, engine->propagation, err);
	return r < 0 ? r : fd_take(&root_fd);
}

int engine_root_begin(const struct engine_stage *stage, struct err *err)
{
	const struct spec_engine *engine = stage->spec->engine;
	if (is_hosts(stage))
		return begin_detached(stage, err);
	if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		return err_sys(err, "cannot separate the container's mounts from the host's");
	cleanup_fd int root_fd = stage->rootfs_fd >= 0 ? dup(stage->rootfs_fd) : mount_clone(AT_FDCWD, engine->rootfs, true, err);
	cleanup_fd int place_fd = root_fd < 0 ? root_fd : open_place(engine);
	if (place_fd < 0)
		return root_fd < 0 ? err_prefix(err, "the root file system") : err_sys(err, "cannot open /");
	int r = separate(root_fd, engine->propagation, err);
	if (r == 0 && stage->instance_fd >= 0)
		r = mount_attach(stage->instance_fd, place_fd, "the emulators", err);
	if (r == 0)
		r = mount_attach(root_fd, stage->instance_fd >= 0 ? stage->instance_fd : place_fd, "the root file system", err);
	return r < 0 ? r : fd_take(&root_fd);
}

/* What the root has at /proc, if that is a procfs: the image's own directory may hold links and fifos, or another's files. */
static int open_shown_proc(int root_fd, struct err *err)
{
	struct statfs fs;
	cleanup_fd int fd = fd_openat2(root_fd, "proc", O_PATH | O_DIRECTORY, 0, RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS);
	if (fd < 0)
		return err_code(err, fd, "cannot open /proc for sysctl");
	if (fstatfs(fd, &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC)
		return err_set(err, -EINVAL, "sysctl: these namespaces allow no procfs of the container's own, and its /proc is none; "
			"config.json has to mount one there");
	return fd_take(&fd);
}

/* A procfs of the container's namespaces; where it cannot have one, the one that shows in its root. */
static int set_sysctls(const struct engine_stage *stage, int root_fd, struct err *err)
{
	if (stage->spec->isolation.sysctls.len == 0)
		return 0;
	cleanup_fd int proc_fd = mount_new("proc", NULL, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, err);
	if (proc_fd < 0)
		proc_fd = open_shown_proc(root_fd, err);
	return proc_fd < 0 ? proc_fd : procfs_set_sysctls(proc_fd, stage->spec, err);
}

/* Alone it is for who cannot pivot, in an initial RAM disk: the host's files are covered, not gone. --no-pivot is weaker. */
static int enter(int root_fd, struct err *err)
{
	if (fchdir(root_fd) < 0 || chroot(".") < 0 || chdir("/") < 0)
		return err_sys(err, "cannot change the root");
	return 0;
}

/*
 * Of a private binfmt_misc the container's own mount namespace holds the mount, so that it lives exactly as long, without a
 * process of ours: it is the namespace's first mount, and the root covers it. Who enters the namespace arrives on top; no path
 * of the container leads below its root. (Kept by a process, it would go with that one: by the memory killer, or by an
 * engine that cleans up.)
 */
static int pivot(int first_fd, int root_fd, struct err *err)
{
	if (fchdir(first_fd) < 0 || syscall(SYS_pivot_root, ".", ".") < 0)
		return err_sys(err, "cannot change the root");
	if (umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		return err_sys(err, "cannot leave the host's root");
	return first_fd == root_fd ? 0 : enter(root_fd, err);
}

/* One that is missing is made before the root may become read-only. What cannot be made is told when it is to be entered. */
static void make_directory(const struct spec *spec, int root_fd)
{
	struct err ignored;
	cleanup_fd int fd = spec->args.len ? target_open(root_fd, spec->cwd, true, &ignored) : -1;
}

int engine_root_finish(const struct engine_stage *stage, int root_fd, struct err *err)
{
	const struct spec *spec = stage->spec;
	cleanup_fd int null_fd = open("/dev/null", O_PATH | O_CLOEXEC);
	int r = set_sysctls(stage, root_fd, err);
	make_directory(spec, root_fd);
	if (r == 0)
		r = engine_mounts_finish(stage, root_fd, err);
	if (r == 0)
		r = protect_paths(&spec->isolation, root_fd, null_fd, 0, err);
	if (r == 0 && spec->read_only)
		r = mount_set(root_fd, MOUNT_ATTR_RDONLY, false, err);
	if (r == 0)
		r = spec->engine->no_pivot || is_hosts(stage) ? enter(root_fd, err) : pivot(stage->instance_fd >= 0 ? stage->instance_fd : root_fd, root_fd, err);
	if (r == 0 && spec->engine->propagation & (MS_SHARED | MS_UNBINDABLE))
		r = mount_set_propagation(root_fd, spec->engine->propagation, "the root", err);
	return r;
}
