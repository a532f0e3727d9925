/* SPDX-License-Identifier: GPL-2.0-or-later */
/* engine_sources.c owns what the mounts of an engine's container show, opened with the caller's rights. */
/*
 * Once the container has a user namespace, its root may not be allowed to reach what the caller named. So all of it is copied,
 * detached, before. Who has no right to copy mounts yet (an ordinary user) gets it with the container's user namespace: then
 * engine_mounts.c does it by name. So it does where there is no user namespace and nothing is to be lost by it: mountinfo(5)
 * lists mounts in the order in which they were made.
 */
#include "src/runtime/engine_stage.h"

#include "src/base/fd.h"
#include "src/base/process.h"
#include "src/runtime/engine_devices.h"
#include "src/runtime/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool may_wait(const struct engine_stage *stage, int r)
{
	return r == -EPERM && stage->spec->namespaces.of[NAMESPACE_USER].origin != NAMESPACE_HOST;
}

/*
 * What the container mounts below it is to show on the host, too: a copy made once our mounts are slaves of the host's
 * (engine_root_begin) would be one of its slaves as well. As with runc, the root has to be shared for that.
 */
static bool is_shared(const struct engine_stage *stage, const struct engine_mount *m)
{
	unsigned long all = 0;
	for (size_t i = 0; i < m->propagation_count; i++)
		all |= m->propagation[i];
	return all & stage->spec->engine->propagation & MS_SHARED;
}

static bool is_opened_late(const struct engine_stage *stage, const struct engine_mount *m)
{
	const struct spec_namespace *of = stage->spec->namespaces.of;
	return of[NAMESPACE_USER].origin == NAMESPACE_HOST && of[NAMESPACE_MOUNT].origin == NAMESPACE_NEW && stage->spec->emulator_count == 0 &&
	       !m->mapped && !is_shared(stage, m);
}

/* In a user namespace what is mounted below cannot be left out (mount_namespaces(7)). */
int engine_source_open(const struct engine_stage *stage, const struct engine_mount *m, struct err *err)
{
	bool below = m->recursive || stage->inside;
	unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (below ? AT_RECURSIVE : 0) | (m->source_nofollow ? AT_SYMLINK_NOFOLLOW : 0);
	cleanup_free char *path = *m->source == '/' ? str_dup(m->source) : str_fmt("%s/%s", stage->request->bundle, m->source);
	int fd = open_tree(AT_FDCWD, path, flags);
	return fd < 0 ? err_sys(err, "cannot bind %s to %s", path, m->target) : fd;
}

/* A user namespace that has the map and nothing else: its one process ends as soon as the namespace is held. */
static int open_map(const struct engine_map *map, struct err *err)
{
	struct clone_args args = { .flags = CLONE_NEWUSER, .exit_signal = SIGCHLD };
	pid_t pid = (pid_t)syscall(SYS_clone3, &args, sizeof args);
	if (pid == 0)
		for (;;)
			pause();
	if (pid < 0)
		return err_sys(err, "cannot make a user namespace for an idmapped mount");
	cleanup_free char *path = str_fmt("/proc/%d/ns/user", pid);
	int r = engine_map_write(map, pid, err), fd = r < 0 ? r : open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && r == 0)
		err_sys(err, "cannot open %s", path);
	kill(pid, SIGKILL);
	process_wait(pid);
	return fd < 0 ? err->code : fd;
}

static int map_owners(const struct engine_stage *stage, const struct engine_mount *m, int mount_fd, struct err *err)
{
	const struct engine_map *map = m->map.uid_count || m->map.gid_count ? &m->map : &stage->spec->engine->map;
	cleanup_fd int userns_fd = open_map(map, err);
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_IDMAP, .userns_fd = userns_fd };
	if (userns_fd < 0)
		return userns_fd;
	if (mount_setattr(mount_fd, "", AT_EMPTY_PATH | (m->mapped_recursive ? AT_RECURSIVE : 0), &attr, sizeof attr) < 0)
		return err_sys(err, "%s: its file system cannot map owners (idmapped mounts)", m->target);
	return 0;
}

int engine_sources_open(struct engine_stage *stage, struct err *err)
{
	const struct spec_engine *engine = stage->spec->engine;
	int r = mount_clone(AT_FDCWD, engine->rootfs, true, err);
	stage->rootfs_fd = r < 0 ? -1 : r;
	if (r < 0 && !may_wait(stage, r))
		return err_prefix(err, "the root file system");
	for (size_t i = 0; i < engine->mount_count; i++) {
		if (!engine->mounts[i].bind || is_opened_late(stage, &engine->mounts[i]))
			continue;
		r = engine_source_open(stage, &engine->mounts[i], err);
		stage->source_fds[i] = r < 0 ? -1 : r;
		if (r < 0 && (!may_wait(stage, r) || engine->mounts[i].mapped))
			return r;
		r = r >= 0 && engine->mounts[i].mapped ? map_owners(stage, &engine->mounts[i], r, err) : 0;
		if (r < 0)
			return r;
	}
	if (stage->inside || stage->spec->emulator_count || stage->spec->namespaces.of[NAMESPACE_USER].origin != NAMESPACE_HOST)
		engine_devices_open(stage);
	err_clear(err);
	return 0;
}

static enum namespace_kind shown_by(const char *type)
{
	return str_eq(type, "mqueue") ? NAMESPACE_IPC : str_eq(type, "sysfs") ? NAMESPACE_NETWORK : str_eq(type, "proc") ? NAMESPACE_PID :
		NAMESPACE_KINDS;
}

/* procfs shows the processes of its maker's namespace: a child is born in the one that was entered; its descriptors are ours. */
static int make_in_child(const struct engine_mount *m)
{
	struct clone_args args = { .flags = CLONE_FILES, .exit_signal = SIGCHLD };
	struct err ignored;
	int ends[2], fd = -1;
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return -1;
	pid_t pid = (pid_t)syscall(SYS_clone3, &args, sizeof args);
	if (pid == 0) {
		fd = engine_mount_make(m, m->type, &ignored);
		_exit(write(ends[1], &fd, sizeof fd) != sizeof fd);
	}
	if (pid < 0 || process_wait(pid) != 0 || read(ends[0], &fd, sizeof fd) != sizeof fd)
		fd = -1;
	close(ends[0]);
	close(ends[1]);
	return fd;
}

void engine_sources_make(const struct engine_stage *stage)
{
	struct err ignored;
	const struct spec_engine *engine = stage->spec->engine;
	const struct spec_namespace *of = stage->spec->namespaces.of;
	bool other = of[NAMESPACE_USER].origin == NAMESPACE_NEW || stage->spec->emulator_count;
	for (size_t i = 0; other && i < engine->mount_count; i++) {
		const struct engine_mount *m = &engine->mounts[i];
		enum namespace_kind kind = m->bind ? NAMESPACE_KINDS : shown_by(m->type);
		if (kind != NAMESPACE_KINDS && of[kind].origin == NAMESPACE_JOINED)
			stage->source_fds[i] = kind == NAMESPACE_PID ? make_in_child(m) : engine_mount_make(m, m->type, &ignored);
	}
}
