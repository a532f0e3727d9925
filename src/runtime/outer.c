/* SPDX-License-Identifier: GPL-2.0-or-later */
/* outer.c owns the outer user namespace. */
/*
 * Theory of operation. The outer stage is a short-lived child of the supervisor. It
 *   1. enters a user namespace (U1) with its own mount namespace and asks the supervisor for the id map;
 *   2. clones the container's first process into U2, as a child of the supervisor, and maps it. What follows goes on while that
 *      makes its other namespaces, which takes as long;
 *   3. makes, all detached, the overlay root, the volumes and the device binds, and hands them to the first process;
 *   4. opens the private binfmt_misc instance and registers the emulators: they belong to U1, out of the payload's reach. The
 *      supervisor keeps the instance's descriptor, and with it the handlers, alive. The first process waits for that before
 *      it executes the program.
 */
#include "src/runtime/stage.h"

#include "src/base/calls.h"
#include "src/base/fd.h"
#include "src/base/overlay.h"
#include "src/base/self.h"
#include "src/runtime/clocks.h"
#include "src/runtime/emulators.h"
#include "src/runtime/etc.h"
#include "src/runtime/mount.h"
#include "src/runtime/namespaces.h"
#include "src/runtime/parts.h"
#include "src/runtime/program.h"
#include "src/runtime/shortage.h"
#include "src/runtime/ulimits.h"
#include "src/runtime/users.h"
#include "src/runtime/volumes.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
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
	if (stage->share && (setns(stage->share->outer_fd, CLONE_NEWUSER) < 0 || unshare(CLONE_NEWNS) < 0))
		return err_sys(err, "cannot enter the other container's user namespace");
	if (!stage->share && unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
		return shortage_of_namespaces("cannot make a user namespace", err);
	int r = await_map(stage, err);
	if (r == 0)
		r = fd_reopen_directory(&stage->store_fd, err); /* as ourselves: its parents may be ours alone */
	if (r == 0)
		r = fd_reopen_directory(&stage->layers_fd, err);
	if (r == 0)
		r = idmap_become_root(stage->map, err);
	if (r < 0)
		return r;
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* after the change of ids, which resets it */
	umask(022); /* for the files that the image lacks */
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

/* The container's root, as we know it: with other ids kept it is not who we are. */
static uint32_t root_here(const struct idmap_range *ours, uint32_t kept)
{
	return ours->kept == kept ? 0 : 1;
}

/* The merged root has the upper directory's owner, too. */
static int make_upper(const struct stage *stage, int container_fd, mode_t mode, struct err *err)
{
	uint32_t uid = root_here(&stage->map->uids, stage->spec->kept_uid), gid = root_here(&stage->map->gids, stage->spec->kept_gid);
	bool is_new = faccessat(container_fd, "upper", F_OK, AT_SYMLINK_NOFOLLOW) < 0;
	cleanup_fd int fd = make_directory(container_fd, "upper", mode, err);
	if (fd >= 0 && is_new && (uid || gid) && fchownat(fd, "", uid, gid, AT_EMPTY_PATH) < 0)
		return err_sys(err, "cannot give the container's files to its root");
	return fd_take(&fd);
}

static bool is_untold(int layer_fd)
{
	cleanup_free char *path = str_fmt("/proc/self/fd/%d", layer_fd); /* fgetxattr(2) takes no O_PATH */
	return getxattr(path, OVERLAY_ROOT_UNTOLD, NULL, 0) >= 0;
}

/* The merged root has the upper directory's mode, so that takes that of the uppermost layer which says something of it. */
static mode_t root_mode(const int *layer_fds, size_t count)
{
	struct stat st;
	while (count > 1 && is_untold(layer_fds[count - 1]))
		count--;
	return count && fstat(layer_fds[count - 1], &st) == 0 ? st.st_mode & 07777 : 0755;
}

/* Overlayfs says that in the kernel's log only. Engines' containers have such a root, and so do systems that were started from a medium. */
static bool is_on_overlay(int upper_fd)
{
	struct statfs fs;
	return fstatfs(upper_fd, &fs) == 0 && fs.f_type == OVERLAYFS_SUPER_MAGIC;
}

static int explain_overlay(const struct stage *stage, int upper_fd, struct err *err)
{
	if (err->code == -EINVAL && is_on_overlay(upper_fd))
		return err_set(err, -EOPNOTSUPP, "containers' files cannot be kept on an overlay file system, as the root of a container around us is: "
			"xrun --root DIR, on a volume of it or a tmpfs");
	return stage->spec->rootfs ? lower_explain(stage->spec, &stage->lower, err) : err->code;
}

int stage_make_rootfs(const struct stage *stage, struct err *err)
{
	const struct strv *layers = &stage->spec->layers;
	cleanup_free char *own = str_fmt("containers/%s", stage->spec->id);
	cleanup_fd int container_fd = open_below(stage->store_fd, own, err);
	if (container_fd < 0)
		return container_fd;
	cleanup_free int *layer_fds = mem_new((layers->len + 1) * sizeof *layer_fds);
	size_t opened = 0;
	int r = 0;
	if (stage->spec->rootfs)
		r = layer_fds[opened++] = lower_place(&stage->lower, err);
	for (; r >= 0 && opened < layers->len; opened++)
		r = layer_fds[opened] = open_below(stage->layers_fd, layers->items[opened], err);
	if (r >= 0 && opened == 0) /* an image without layers: overlayfs wants at least one */
		r = layer_fds[opened++] = make_directory(container_fd, "empty", 0755, err);
	cleanup_fd int upper_fd = r < 0 ? r : make_upper(stage, container_fd, root_mode(layer_fds, opened), err);
	cleanup_fd int work_fd = upper_fd < 0 ? upper_fd : make_directory(container_fd, "work", 0700, err);
	r = work_fd < 0 ? work_fd : overlay_create(layer_fds, opened, upper_fd, work_fd, !stage->spec->life.keep, stage->spec->isolation.file_label,
		err);
	if (work_fd >= 0 && stage->spec->rootfs)
		lower_release(&stage->lower);
	if (work_fd >= 0 && r < 0)
		r = explain_overlay(stage, upper_fd, err);
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

/* What two containers see of one namespace beside it; docker's shares the same. */
static int clone_shared(struct stage *stage, struct err *err)
{
	static const struct {
		enum namespace_kind kind;
		const char *path;
	} all[] = { { NAMESPACE_NETWORK, "/etc/hosts" }, { NAMESPACE_NETWORK, "/etc/resolv.conf" }, { NAMESPACE_IPC, "/dev/shm" } };
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		bool wanted = stage->spec->namespaces.of[all[i].kind].origin == NAMESPACE_JOINED;
		stage->shared_fds[i] = wanted ? share_clone(stage->share, all[i].path, err) : -1;
		if (stage->shared_fds[i] < 0 && err->code)
			return err->code;
	}
	return 0;
}

/*
 * With CLONE_PARENT: the supervisor is the parent, so it alone waits for the container. The namespaces that take long it makes
 * itself, see inner.c.
 */
static pid_t clone_inner(const struct spec *spec)
{
	uint64_t flags = CLONE_PARENT | CLONE_NEWNS | (spec->shared ? 0 : CLONE_NEWUSER) | (namespaces_new(spec) & CLONE_NEWPID);
	flags |= clocks_are_moved(spec) ? 0 : CLONE_NEWTIME; /* then it is ours already, for our children */
	return calls_clone(flags);
}

static int tell_started(const struct stage *stage, pid_t pid, struct err *err)
{
	struct stage_message message = { .kind = STAGE_STARTED, .pid = pid };
	int r = stage_send(stage->socket_fd, &message, NULL, 0);
	return r < 0 ? err_code(err, r, "the supervisor is gone") : 0;
}

/*
 * *ret_socket_fd: by which it learns that its id map is written, and gets the parts. Open as long as we live: it takes the end for our
 * failure, which is to be told first. The supervisor ends it then.
 */
static int start_inner(struct stage *stage, int *ret_socket_fd, struct err *err)
{
	int ends[2];
	if (stage->share)
		self_forget_arguments();
	if (stage->share && share_enter(stage->share, err) < 0)
		return err->code;
	if (clocks_are_moved(stage->spec) && clocks_move(stage->spec, err) < 0)
		return err->code;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return err_sys(err, "cannot make a socket pair");
	*ret_socket_fd = ends[0];
	pid_t pid = clone_inner(stage->spec);
	if (pid == 0) {
		close(ends[0]);
		inner_stage(stage, ends[1]);
	}
	close(ends[1]);
	if (pid < 0)
		return shortage_of_namespaces("cannot make the container's namespaces", err);
	int r = tell_started(stage, pid, err);
	if (r < 0)
		return r;
	const struct idmap map = idmap_keep(stage->map, stage->spec->kept_uid, stage->spec->kept_gid);
	r = stage->share ? 0 : idmap_write_nested(&map, pid, err);
	if (r == 0 && (r = fd_send(ends[0], "", 1, NULL, 0)) < 0)
		return err_code(err, r, "cannot start the container");
	return r;
}

/* All is made: the supervisor is told, and gets the instance; the first process may go on. */
static int announce(const struct stage *stage, int inner_fd, int instance_fd, struct err *err)
{
	struct stage_message message = { .kind = STAGE_MADE };
	int r = stage_send(stage->socket_fd, &message, &instance_fd, instance_fd >= 0);
	if (r == 0 && instance_fd >= 0)
		r = fd_send(inner_fd, "", 1, NULL, 0);
	return r < 0 ? err_code(err, r, "cannot hand over the emulators") : 0;
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

static int add_users(const struct stage *stage, struct err *err)
{
	if (!users_are_wanted(stage->spec))
		return 0;
	cleanup_free char *name = str_fmt("containers/%s/upper", stage->spec->id);
	cleanup_fd int upper_fd = open_below(stage->store_fd, name, err);
	return upper_fd < 0 ? upper_fd : users_add(stage->spec, stage->rootfs_fd, upper_fd, err);
}

static int make_parts(struct stage *stage, struct err *err)
{
	int r = stage->rootfs_fd = stage_make_rootfs(stage, err);
	if (r >= 0)
		r = etc_make_places(stage->spec, stage->rootfs_fd, err);
	if (r >= 0)
		r = add_users(stage, err);
	if (r < 0 && stage->rootfs_fd >= 0 && stage->spec->rootfs)
		lower_explain(stage->spec, &stage->lower, err);
	if (r == 0)
		r = bind_devices(stage, err);
	if (r == 0 && stage->share)
		r = clone_shared(stage, err);
	return r < 0 ? r : volumes_bind(stage, err);
}

/* -1 without err where there is nothing to emulate. */
static int register_emulators(const struct stage *stage, struct err *err)
{
	err_clear(err);
	return emulators_register(stage, err);
}

/* The first process is there while its parts are made. */
static int build_own(struct stage *stage, int *ret_instance_fd, int *ret_inner_fd, struct err *err)
{
	int r = start_inner(stage, ret_inner_fd, err);
	if (r == 0)
		r = make_parts(stage, err);
	if (r == 0)
		r = parts_send(stage, *ret_inner_fd, err);
	if (r == 0)
		*ret_instance_fd = register_emulators(stage, err);
	return r < 0 ? r : err->code;
}

/* Who is in the other container's inner namespace, as the first process is born to be, has no right in the outer one any more. */
static int build_shared(struct stage *stage, int *ret_instance_fd, int *ret_inner_fd, struct err *err)
{
	int r = make_parts(stage, err);
	if (r == 0)
		*ret_instance_fd = register_emulators(stage, err);
	if (r == 0)
		r = err->code;
	if (r == 0)
		r = start_inner(stage, ret_inner_fd, err);
	return r < 0 ? r : parts_send(stage, *ret_inner_fd, err);
}

static int build(struct stage *stage, struct err *err)
{
	int inner_fd = -1, r = enter_user_namespace(stage, err);
	cleanup_fd int instance_fd = -1;
	if (r == 0)
		r = (stage->share ? build_shared : build_own)(stage, &instance_fd, &inner_fd, err);
	if (r == 0)
		r = announce(stage, inner_fd, instance_fd, err);
	if (r == 0) {
		fd_close(&stage->socket_fd); /* its end of file is to come when the program is executed, and not later */
		if (!stage->share)
			remove_mark(stage);
	}
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
