/* SPDX-License-Identifier: GPL-2.0-or-later */
/* engine_join.c owns starting further processes in an engine's container. */
/*
 * Theory of operation. As join.c does it for xrun's own containers: a child enters the cgroups and all namespaces at once,
 * and clones, as a child of the caller, the process that is born in them. That one takes the last steps of every process
 * in an engine's container (engine_process.c). Both speak through one socket; end of file means that exec succeeded.
 */
#include "src/runtime/engine_join.h"

#include "src/base/fd.h"
#include "src/base/process.h"
#include "src/base/self.h"
#include "src/runtime/cgroup_scope.h"
#include "src/runtime/engine_listener.h"
#include "src/runtime/engine_scheduling.h"
#include "src/runtime/engine_subgroup.h"
#include "src/runtime/join.h"
#include "src/runtime/program.h"
#include "src/runtime/shortage.h"
#include "src/runtime/ulimits.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* From a login's session only systemd can move a process to what it delegated to the user: see cgroup_join. */
static int enter(const struct cgroup *cgroup, struct err *err)
{
	struct err why = { 0 };
	int r = cgroup_add(cgroup, getpid(), err);
	if ((r != -EACCES && r != -EPERM) || self_is_host_root())
		return r;
	if (cgroup_scope_enter(NULL, getpid(), &why) < 0)
		return err_append(err, " (%s)", why.text);
	err_clear(err);
	return cgroup_add(cgroup, getpid(), err);
}

static int enter_cgroups_at(const struct engine_join *join, struct err *err)
{
	struct cgroup below = { 0 };
	int r = engine_subgroup_find(&join->state->cgroup, join->cgroups, &below, err);
	if (r == 0)
		r = enter(&below, err);
	cgroup_done(&below);
	return r;
}

/* config.md, "execCPUAffinity". Where nothing is said, what the cgroup has. */
static int enter_cgroups(const struct engine_join *join, struct err *err)
{
	const struct spec_engine *engine = join->spec->engine;
	int r = engine_affinity_set(&engine->exec_initial, "initial", err);
	if (r == 0)
		r = enter_cgroups_at(join, err);
	if (r == 0 && !engine->exec_initial.given)
		engine_affinity_reset();
	return r < 0 ? r : engine_affinity_set(&engine->exec_final, "final", err);
}

/* The first process' root is the container's, also where it was entered by chroot: setns(2) alone leads to the mounts' root. */
static int enter_namespaces(const struct engine_state *state, struct err *err)
{
	cleanup_free char *path = str_fmt("/proc/%d/root", state->pid);
	cleanup_fd int root_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int open_error = errno;
	cleanup_fd int target_fd = engine_process_open(state, err); /* still the same process: so was the root */
	if (target_fd < 0)
		return target_fd;
	if (root_fd < 0)
		return err_code(err, -open_error, "cannot open the root of container %s", state->id);
	int flags = join_namespaces(state->pid);
	prctl(PR_SET_DUMPABLE, 0);
	if (flags && setns(target_fd, flags) < 0)
		return err_sys(err, "cannot enter the namespaces of container %s", state->id);
	if (flags & CLONE_NEWUSER) {
		if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
			return err_sys(err, "cannot become root of the user namespace");
		setgroups(0, NULL); /* not allowed with a single id */
	}
	prctl(PR_SET_DUMPABLE, 0); /* a change of ids may have reset it */
	if (fchdir(root_fd) < 0 || chroot(".") < 0)
		return err_sys(err, "cannot enter the root of container %s", state->id);
	return 0;
}

static int open_terminal(const struct engine_join *join, int console_fd, int socket_fd, struct err *err)
{
	static const char name[] = "/dev/ptmx";
	const struct spec_engine *engine = join->spec->engine;
	struct winsize size = { .ws_row = engine->rows, .ws_col = engine->columns };
	cleanup_fd int master_fd = -1;
	if (!join->spec->terminal)
		return setsid() < 0 ? err_sys(err, "cannot start a session") : 0;
	cleanup_fd int root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r = root_fd < 0 ? err_sys(err, "cannot open the container's root") : program_open_terminal(root_fd, &master_fd, err);
	if (r == 0 && engine->has_console_size)
		ioctl(0, TIOCSWINSZ, &size);
	if (r == 0)
		r = console_fd >= 0 ? fd_send(console_fd, name, sizeof name - 1, &master_fd, 1) : engine_stage_send(socket_fd, ENGINE_READY, 0, master_fd);
	return r < 0 && !err->code ? err_code(err, r, "cannot hand over the terminal") : r;
}

static int become_program(const struct engine_join *join, int console_fd, int socket_fd, struct err *err)
{
	cleanup_free char *path = NULL;
	const struct engine_user *user = &join->spec->engine->user;
	int r = open_terminal(join, console_fd, socket_fd, err);
	umask(user->has_umask ? user->umask : 022);
	if (r == 0)
		r = engine_close_descriptors(&join->preserved, &socket_fd, 1, err);
	if (r == 0)
		r = engine_process_prepare(join->spec, &path, err);
	return r < 0 ? r : engine_process_become(join->spec, path, &join->preserved, socket_fd, err);
}

static int enter_and_clone(const struct engine_join *join, int console_fd, int socket_fd, struct err *err)
{
	struct clone_args args = { .flags = CLONE_PARENT };
	struct engine_message failed = { .kind = ENGINE_FAILED };
	self_forget_arguments();
	int r = program_leave_keyring(err);
	if (r == 0)
		r = ulimits_raise(join->spec, err);
	if (r == 0)
		r = enter_cgroups(join, err);
	if (r == 0)
		r = enter_namespaces(join->state, err);
	if (r < 0)
		return r;
	pid_t pid = (pid_t)syscall(SYS_clone3, &args, sizeof args);
	if (pid == 0) {
		become_program(join, console_fd, socket_fd, &failed.err);
		fd_send(socket_fd, &failed, sizeof failed, NULL, 0);
		_exit(1);
	}
	if (pid < 0)
		return err_sys(err, "cannot start a process in container %s", join->state->id);
	return engine_stage_send(socket_fd, ENGINE_STARTED, pid, -1) < 0 ? err_set(err, -EPIPE, "xrun-oci is gone") : 0;
}

static pid_t start_entering(const struct engine_join *join, int console_fd, const int ends[2])
{
	struct engine_message failed = { .kind = ENGINE_FAILED };
	pid_t parent = getpid(), pid = fork();
	if (pid != 0)
		return pid;
	close(ends[0]);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	int r = getppid() == parent ? enter_and_clone(join, console_fd, ends[1], &failed.err) : -ESRCH;
	if (r < 0)
		fd_send(ends[1], &failed, sizeof failed, NULL, 0);
	_exit(r < 0);
}

static int hand_over_listener(const struct engine_join *join, pid_t pid, int listener_fd, int socket_fd, struct err *err)
{
	const struct engine_listener whose = { join->state, engine_status(join->dir_fd, join->state), join->spec->engine, pid };
	return engine_listener_hand_over(&whose, listener_fd, socket_fd, err);
}

struct arrived {
	pid_t pid;
	int terminal_fd, listener_fd;
};

/* *fd: the message's descriptor, or -1; what is not taken of it the caller closes. */
static int take_message(const struct engine_message *message, int *fd, struct arrived *arrived, struct err *err)
{
	switch (message->kind) {
	case ENGINE_STARTED:
		arrived->pid = message->pid;
		return 0;
	case ENGINE_READY:
		arrived->terminal_fd = fd_take(fd);
		return 0;
	case ENGINE_LISTENER:
		arrived->listener_fd = fd_take(fd);
		return 0;
	case ENGINE_FAILED:
		return err_take(err, &message->err, "the program could not be started");
	default:
		return err_set(err, -EPROTO, "a process in the container sent an unknown message");
	}
}

/* Messages come in any order; end of file is success. The listener is handed over when its process is known. */
static int await_exec(const struct engine_join *join, int socket_fd, struct arrived *arrived, struct err *err)
{
	for (;;) {
		struct engine_message message;
		cleanup_fd int fd = -1;
		size_t count = 1;
		ssize_t n = fd_recv(socket_fd, &message, sizeof message, &fd, &count);
		if (n == 0)
			return arrived->pid > 0 ? 0 : err_set(err, -EIO, "the container ended meanwhile");
		if (n != sizeof message)
			return err_set(err, -EPROTO, "a process in the container sent a broken message");
		int r = take_message(&message, &fd, arrived, err);
		if (r == 0 && arrived->listener_fd >= 0 && arrived->pid > 0) {
			r = hand_over_listener(join, arrived->pid, arrived->listener_fd, socket_fd, err);
			fd_close(&arrived->listener_fd);
		}
		if (r < 0)
			return r;
	}
}

int engine_join(const struct engine_join *join, pid_t *ret_pid, int *ret_terminal_fd, struct err *err)
{
	int ends[2];
	struct arrived arrived = { .terminal_fd = -1, .listener_fd = -1 };
	cleanup_fd int console_fd = join->console_socket ? engine_console_open(join->console_socket, err) : -1;
	if (join->console_socket && console_fd < 0)
		return console_fd;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return err_sys(err, "cannot make a socket pair");
	cleanup_fd int socket_fd = ends[0];
	if (!join->spec->terminal)
		fd_share_standard(0); /* as engine_create.c does */
	pid_t entering = start_entering(join, console_fd, ends);
	close(ends[1]);
	if (entering < 0)
		return shortage_of_processes(err);
	int r = await_exec(join, socket_fd, &arrived, err);
	process_wait(entering);
	fd_close(&arrived.listener_fd);
	if (r == 0) {
		*ret_pid = arrived.pid;
		*ret_terminal_fd = arrived.terminal_fd;
		return 0;
	}
	fd_close(&arrived.terminal_fd);
	fd_close(&socket_fd); /* a process that waits for our word ends */
	if (arrived.pid > 0)
		process_wait(arrived.pid);
	return r;
}
