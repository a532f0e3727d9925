/* SPDX-License-Identifier: GPL-2.0-or-later */
/* share.c owns being in another container's namespaces. */
/*
 * Theory of operation. A namespace belongs to the user namespace that it was made in, and nobody has a right in it who is not
 * there. So a container that shares one is born in the other's inner user namespace, and what builds it works in the other's
 * outer one: there are the emulators that both use. Everything else is made anew, and belongs to the same user namespace.
 *
 * So the other container's root, if it may trace, has every right over a process of ours in there, and with a shared pid namespace it
 * sees one that has the host's files before it. Nobody may look into it (prctl(2), PR_SET_DUMPABLE): that would take the right in the
 * namespace in which xrun was executed.
 */
#include "src/runtime/share.h"

#include "src/base/fd.h"
#include "src/base/process.h"
#include "src/runtime/join.h"
#include "src/runtime/members.h"
#include "src/runtime/namespaces.h"
#include "src/runtime/state.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <linux/openat2.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { MAX_SWEEPS = 1000 };

void share_close(struct share *share)
{
	fd_close(&share->outer_fd);
	namespaces_close(share->fds);
}

/* One namespace has one handler for an architecture. */
static int check_emulators(const struct spec *spec, const struct state *state, const struct spec *other, struct err *err)
{
	for (size_t i = 0; i < spec->emulator_count; i++) {
		const struct spec_emulator *ours = &spec->emulators[i];
		for (size_t k = 0; k < other->emulator_count; k++) {
			const struct spec_emulator *theirs = &other->emulators[k];
			if (!str_eq(ours->arch, theirs->arch))
				continue;
			cleanup_free char *our_options = strv_join(&ours->options, " "), *their_options = strv_join(&theirs->options, " ");
			if (!str_eq(ours->path, theirs->path) || !str_eq(our_options, their_options))
				return err_set(err, -EINVAL, "container %s runs %s programs by another emulator or with other options (%s, here %s); "
					"containers that share namespaces have the same", state->name, ours->arch, their_options, our_options);
		}
	}
	return 0;
}

static int check(const struct spec *spec, const struct state *state, const struct spec *other, struct err *err)
{
	if (!state_runs(state->status))
		return err_set(err, -ESRCH, "container %s, whose namespaces are to be shared, does not run: it is %s", state->name,
			state_status_text(state->status));
	if (spec->id && str_eq(state->id, spec->id))
		return err_set(err, -EINVAL, "container %s cannot share its own namespaces", state->name);
	if (spec->kept_uid != other->kept_uid || spec->kept_gid != other->kept_gid)
		return err_set(err, -EINVAL, "container %s has another id map: --userns must be the same for both", state->name);
	for (int i = 0; i < NAMESPACE_KINDS; i++) {
		bool is_host = other->namespaces.of[i].origin == NAMESPACE_HOST ||
			       (i == NAMESPACE_NETWORK && other->network.mode == NETWORK_HOST);
		if (spec->namespaces.of[i].origin == NAMESPACE_JOINED && is_host)
			return err_set(err, -EINVAL, "container %s has the host's %s namespace: it is had from there by \"host\"", state->name,
				spec_namespace_name(i));
	}
	return check_emulators(spec, state, other, err);
}

/* user_namespaces(7): the inner namespace's parent is the outer one. */
static int open_all(const struct state *state, const struct spec *spec, const struct spec *other, struct share *share, struct err *err)
{
	int r = 0;
	for (int i = 0; r >= 0 && i < NAMESPACE_KINDS; i++) {
		bool wanted = i == NAMESPACE_USER || i == NAMESPACE_MOUNT || spec->namespaces.of[i].origin == NAMESPACE_JOINED;
		if (wanted)
			r = share->fds[i] = join_open_namespace(state, other, i, err);
	}
	if (r < 0)
		return r;
	share->outer_fd = ioctl(share->fds[NAMESPACE_USER], NS_GET_PARENT);
	if (share->outer_fd < 0)
		return err_sys(err, "cannot open the user namespace of container %s", state->name);
	fcntl(share->outer_fd, F_SETFD, FD_CLOEXEC);
	return 0;
}

int share_open(int containers_fd, const struct spec *spec, struct share *ret_share, char **ret_id, char **ret_hostname, struct err *err)
{
	cleanup_state struct state state = { 0 };
	struct spec other = { 0 };
	struct share share = SHARE_NONE;
	cleanup_fd int dir_fd = -1;
	int r = state_find(containers_fd, spec->shared, &state, &dir_fd, err);
	if (r >= 0)
		r = state_read_spec(dir_fd, &other, err);
	if (r >= 0)
		r = check(spec, &state, &other, err);
	if (r >= 0)
		r = open_all(&state, spec, &other, &share, err);
	if (r >= 0 && ret_id) {
		*ret_id = str_dup(state.id);
		*ret_hostname = str_dup(other.hostname);
	}
	spec_done(&other);
	if (r < 0)
		share_close(&share);
	else
		*ret_share = share;
	return r < 0 ? r : 0;
}

/* A mount can be cloned only from within its own mount namespace. */
static int clone_there(const struct share *share, const char *path)
{
	prctl(PR_SET_DUMPABLE, 0);
	if (setns(share->fds[NAMESPACE_USER], CLONE_NEWUSER) < 0 || setns(share->fds[NAMESPACE_MOUNT], CLONE_NEWNS) < 0)
		return -errno;
	cleanup_fd int fd = fd_openat2(AT_FDCWD, path, O_PATH, 0, RESOLVE_NO_SYMLINKS);
	if (fd < 0)
		return fd;
	int tree_fd = open_tree(fd, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
	return tree_fd < 0 ? -errno : tree_fd;
}

int share_clone(const struct share *share, const char *path, struct err *err)
{
	int ends[2], result = -EPIPE, fd = -1;
	size_t count = 1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return err_sys(err, "cannot make a socket pair");
	pid_t child = fork();
	if (child == 0) {
		result = clone_there(share, path);
		_exit(fd_send(ends[1], &result, sizeof result, &result, result >= 0) < 0);
	}
	close(ends[1]);
	ssize_t n = child < 0 ? -1 : fd_recv(ends[0], &result, sizeof result, &fd, &count);
	close(ends[0]);
	if (child > 0)
		process_wait(child);
	if (n != sizeof result)
		result = -EPIPE;
	if (result == -ENOENT || (result >= 0 && count == 1))
		return result < 0 ? result : fd;
	return err_code(err, result < 0 ? result : -EPIPE, "cannot share %s of the other container", path);
}

int share_enter(struct share *share, struct err *err)
{
	int r = 0;
	prctl(PR_SET_DUMPABLE, 0);
	fd_close(&share->fds[NAMESPACE_MOUNT]);
	for (int i = 0; r == 0 && i < NAMESPACE_KINDS; i++) /* the user namespace first: the rights come from there */
		if (share->fds[i] >= 0 && setns(share->fds[i], (int)namespace_flag(i)) < 0)
			r = err_sys(err, "cannot enter the other container's %s namespace", spec_namespace_name(i));
	share_close(share);
	return r;
}

static bool kill_members(int mount_fd)
{
	bool any = false;
	struct err ignored;
	cleanup_members struct members members = { 0 };
	const char *pid;
	if (members_open_mount(mount_fd, &members, &ignored) < 0)
		return false;
	while ((pid = members_next(&members))) {
		pid_t number = (pid_t)strtol(pid, NULL, 10);
		cleanup_fd int pid_fd = (int)syscall(SYS_pidfd_open, number, 0);
		bool is_member = pid_fd >= 0 && namespace_number(number, members.kind) == members.number; /* still its number */
		any = (is_member && syscall(SYS_pidfd_send_signal, pid_fd, SIGKILL, NULL, 0) == 0) || any;
	}
	return any;
}

/* Until none is found: one that was killed is found again until it is gone, and one may have made another meanwhile. */
void share_end(int mount_fd)
{
	for (int i = 0; i < MAX_SWEEPS && kill_members(mount_fd); i++)
		usleep(1000);
}
