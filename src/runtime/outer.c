/* SPDX-License-Identifier: GPL-2.0-or-later */
/* outer.c owns the outer user namespace. */
/*
 * Theory of operation. The outer stage is a short-lived child of the supervisor. It
 *   1. enters a user namespace (U1) with its own mount namespace and asks the supervisor for the id map;
 *   2. opens the private binfmt_misc instance and registers the emulators: they belong to U1, out of the payload's reach;
 *   3. makes, all detached, the overlay root, the volumes and the device binds;
 *   4. clones the container's first process into U2 and the other namespaces, as a child of the supervisor, maps it,
 *      and exits. The supervisor keeps the instance's descriptor, and with it the handlers, alive.
 */
#include "src/runtime/stage.h"

#include "src/base/calls.h"
#include "src/base/fd.h"
#include "src/base/overlay.h"
#include "src/runtime/clocks.h"
#include "src/runtime/emulators.h"
#include "src/runtime/mount.h"
#include "src/runtime/namespaces.h"
#include "src/runtime/program.h"
#include "src/runtime/ulimits.h"
#include "src/runtime/volumes.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

const char *const stage_devices[] = { "null", "zero", "full", "random", "urandom", "tty", NULL };

int stage_send(int socket_fd, const struct stage_message *message, const int *fds, size_t fd_count)
{
	return fd_send(socket_fd, message, sizeof *message, fds, fd_count);
}

/* The answer carries root's volumes, in the order of the spec's binds, and its device nodes if there are some. */
static int await_map(struct stage *stage, struct err *err)
{
	struct stage_message message = { .kind = STAGE_WANT_MAP };
	int fds[STAGE_MAX_VOLUMES] = { 0 };
	size_t count = STAGE_MAX_VOLUMES, next = 0;
	int r = stage_send(stage->socket_fd, &message, NULL, 0);
	if (r == 0 && fd_recv(stage->socket_fd, &message, sizeof message, fds, &count) != sizeof message)
		r = -EPIPE;
	if (r < 0)
		return err_code(err, r, "the supervisor is gone");
	for (size_t i = 0; i < stage->spec->mount_count && next < count; i++)
		if (stage->spec->mounts[i].kind == MOUNT_BIND)
			stage->volume_fds[i] = fds[next++];
	stage->nodes_fd = next < count ? fds[next] : -1;
	return 0;
}

static int enter_user_namespace(struct stage *stage, struct err *err)
{
	if (program_leave_keyring(err) < 0 || ulimits_raise(stage->spec, err) < 0)
		return err->code;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0) {
		err_sys(err, "cannot make a user namespace");
		return err_append(err, "; see /proc/sys/user/max_user_namespaces and your distribution's limits on them");
	}
	int r = await_map(stage, err);
	if (r == 0)
		r = fd_reopen_directory(&stage->store_fd, err); /* as ourselves: its parents may be ours alone */
	if (r == 0)
		r = idmap_become_root(stage->map, err);
	if (r < 0)
		return r;
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* after the change of ids, which resets it */
	prctl(PR_SET_DUMPABLE, 1);        /* likewise: without it /proc/PID/uid_map of our child is not ours to write */
	if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		return err_sys(err, "cannot make the mounts private");
	return 0;
}

static int open_below(int dir_fd, const char *name, struct err *err)
{
	int fd = openat(dir_fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? err_sys(err, "cannot open %s", name) : fd;
}

static int make_directory(int dir_fd, const char *name, mode_t mode, struct err *err)
{
	int r = mkdirat(dir_fd, name, 0700);
	if (r < 0 && errno == EEXIST) /* of a container that is started again */
		return open_below(dir_fd, name, err);
	if (r < 0 || fchmodat(dir_fd, name, mode, 0) < 0)
		return err_sys(err, "cannot make the container's directory %s", name);
	return open_below(dir_fd, name, err);
}

/* The merged root has the upper directory's mode, so that takes the top layer's. */
static mode_t root_mode(const int *layer_fds, size_t count)
{
	struct stat st;
	return count && fstat(layer_fds[count - 1], &st) == 0 ? st.st_mode & 07777 : 0755;
}

int stage_make_rootfs(const struct stage *stage, struct err *err)
{
	const struct strv *layers = &stage->spec->layers;
	cleanup_free char *own = str_fmt("containers/%s", stage->spec->id);
	cleanup_fd int layers_fd = open_below(stage->store_fd, "layers", err);
	cleanup_fd int container_fd = layers_fd < 0 ? layers_fd : open_below(stage->store_fd, own, err);
	if (container_fd < 0)
		return container_fd;
	cleanup_free int *layer_fds = mem_new((layers->len + 1) * sizeof *layer_fds);
	size_t opened = 0;
	int r = 0;
	for (; r >= 0 && opened < layers->len; opened++)
		r = layer_fds[opened] = open_below(layers_fd, layers->items[opened], err);
	if (r >= 0 && opened == 0) /* an image without layers: overlayfs wants at least one */
		r = layer_fds[opened++] = make_directory(container_fd, "empty", 0755, err);
	cleanup_fd int upper_fd = r < 0 ? r : make_directory(container_fd, "upper", root_mode(layer_fds, opened), err);
	cleanup_fd int work_fd = upper_fd < 0 ? upper_fd : make_directory(container_fd, "work", 0700, err);
	r = work_fd < 0 ? work_fd : overlay_create(layer_fds, opened, upper_fd, work_fd, !stage->spec->life.keep, err);
	for (size_t i = 0; i < opened; i++)
		fd_close(&layer_fds[i]);
	return r;
}

static int bind_devices(struct stage *stage, struct err *err)
{
	cleanup_fd int dev_fd = open("/dev", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat st;
	for (int i = 0; stage_devices[i]; i++) {
		int fd = mount_clone(dev_fd, stage_devices[i], false, err);
		if (fd < 0)
			return err_prefix(err, "/dev");
		stage->device_fds[i] = fd;
		if (fstat(fd, &st) < 0 || !S_ISCHR(st.st_mode))
			return err_set(err, -ENODEV, "the host's /dev/%s is no character device", stage_devices[i]);
	}
	return 0;
}

/* With CLONE_PARENT: the supervisor is the parent, so it alone waits for the container. */
static pid_t clone_inner(const struct spec *spec)
{
	uint64_t flags = CLONE_PARENT | CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID;
	flags |= namespaces_new(spec) & (CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP);
	flags |= clocks_are_moved(spec) ? 0 : CLONE_NEWTIME; /* then it is ours already, for our children */
	flags |= spec->network.mode == NETWORK_HOST ? 0 : CLONE_NEWNET;
	return calls_clone(flags);
}

/* As soon as it exists: the supervisor has it connected while the container is put together. */
static int hand_over_network(const struct stage *stage, pid_t pid, struct err *err)
{
	char path[64];
	struct stage_message message = { .kind = STAGE_NETWORK };
	snprintf(path, sizeof path, "/proc/%d/ns/net", pid);
	cleanup_fd int netns_fd = open(path, O_RDONLY | O_CLOEXEC);
	if (netns_fd < 0)
		return err_sys(err, "cannot open the container's network namespace");
	int r = stage_send(stage->socket_fd, &message, &netns_fd, 1);
	return r < 0 ? err_code(err, r, "cannot hand over the container's network namespace") : 0;
}

static int start_inner(struct stage *stage, int instance_fd, struct err *err)
{
	int go[2];
	if (pipe2(go, O_CLOEXEC) < 0)
		return err_sys(err, "cannot make a pipe");
	if (clocks_are_moved(stage->spec) && clocks_move(stage->spec, err) < 0)
		return err->code;
	pid_t pid = clone_inner(stage->spec);
	if (pid < 0)
		return err_sys(err, "cannot make the container's namespaces");
	if (pid == 0) {
		close(go[1]);
		fd_close(&instance_fd);
		inner_stage(stage, go[0]);
	}
	int r = idmap_write_nested(stage->map, pid, err);
	if (r == 0 && stage->spec->network.mode == NETWORK_PRIVATE)
		r = hand_over_network(stage, pid, err);
	if (r < 0) {
		kill(pid, SIGKILL);
		return r;
	}
	int fds[2] = { open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC), instance_fd };
	struct stage_message message = { .kind = STAGE_STARTED, .pid = pid };
	r = fds[0] < 0 ? -errno : stage_send(stage->socket_fd, &message, fds, instance_fd < 0 ? 1 : 2);
	if (r == 0 && write(go[1], "", 1) != 1)
		r = -EPIPE;
	return r < 0 ? err_code(err, r, "cannot start the container") : 0;
}

/*
 * By work/work/incompat/volatile overlayfs would know the files again after a crash of the machine, and refuse them: these are
 * thrown away then, too. Removed while the container is put together, they do not have to be at its end.
 */
static void remove_mark(const struct stage *stage)
{
	struct err ignored;
	cleanup_free char *name = str_fmt("containers/%s/work/work", stage->spec->id);
	cleanup_fd int work_fd = stage->spec->life.keep ? -1 : open_below(stage->store_fd, name, &ignored);
	if (work_fd >= 0)
		fd_remove_tree(work_fd, "incompat", &ignored);
}

static int build(struct stage *stage, struct err *err)
{
	int r = enter_user_namespace(stage, err);
	if (r < 0)
		return r;
	err_clear(err);
	int instance_fd = emulators_register(stage, err);
	if (instance_fd < 0 && err->code)
		return err->code;
	stage->rootfs_fd = stage_make_rootfs(stage, err);
	if (stage->rootfs_fd < 0)
		return stage->rootfs_fd;
	r = bind_devices(stage, err);
	if (r == 0)
		r = volumes_bind(stage, err);
	if (r == 0)
		r = start_inner(stage, instance_fd, err);
	if (r == 0)
		remove_mark(stage);
	return r;
}

void outer_stage(struct stage *stage)
{
	struct stage_message failed = { .kind = STAGE_FAILED };
	int r = build(stage, &failed.err);
	if (r < 0)
		stage_send(stage->socket_fd, &failed, NULL, 0);
	_exit(r < 0);
}
