/* SPDX-License-Identifier: GPL-2.0-or-later */
/* join.c owns entering a running container. */
/*
 * Theory of operation. A child puts itself into the container's cgroups, then into all its namespaces at once, and clones,
 * as a child of ours, the process that is born there: that one takes the last steps that the container's first process
 * took (program.c). Both are like the stages of a start, and speak as those do: end of file means exec.
 * Emulators need nothing: handlers are looked up from the user namespace upwards, so the joined one has the container's.
 */
#include "src/runtime/join.h"

#include "src/base/calls.h"
#include "src/base/fd.h"
#include "src/base/process.h"
#include "src/base/self.h"
#include "src/plan/capability.h"
#include "src/runtime/cgroup.h"
#include "src/runtime/directories.h"
#include "src/runtime/namespaces.h"
#include "src/runtime/program.h"
#include "src/runtime/shortage.h"
#include "src/runtime/stage.h"
#include "src/runtime/ulimits.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The first child of --init; proc_pid_task_tid_children(5), Linux 4.2. */
static pid_t find_program(pid_t init)
{
	struct err ignored;
	cleanup_buf struct buf text = { 0 };
	cleanup_free char *path = str_fmt("/proc/%d/task/%d/children", init, init);
	return fd_read_file(AT_FDCWD, path, 65536, &text, &ignored) == 0 && text.len ? (pid_t)strtol(text.data, NULL, 10) : 0;
}

/*
 * A pidfd whose namespaces are the container's, for setns(2). It is the first process; with --init, which is a copy of
 * xrun that nobody may look into, it is the program.
 */
static int open_target(const struct state *state, const struct spec *spec, pid_t *ret_pid, struct err *err)
{
	cleanup_fd int init_fd = state_open_process(state, err);
	*ret_pid = state->pid;
	if (init_fd < 0 || !spec->init)
		return fd_take(&init_fd);
	pid_t pid = *ret_pid = find_program(state->pid);
	cleanup_fd int pid_fd = pid > 0 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;
	if (pid_fd < 0 || find_program(state->pid) != pid) /* still its number, now that we have a hold of it */
		return err_set(err, -ESRCH, "the program of container %s has ended", state->name);
	return fd_take(&pid_fd);
}

int join_numbers(const struct state *state, const struct spec *spec, uint64_t ret_numbers[NAMESPACE_KINDS], struct err *err)
{
	pid_t pid;
	cleanup_fd int pid_fd = open_target(state, spec, &pid, err);
	for (int i = 0; pid_fd >= 0 && i < NAMESPACE_KINDS; i++)
		ret_numbers[i] = namespace_number(pid, i);
	return pid_fd < 0 ? pid_fd : 0;
}

int join_open_namespace(const struct state *state, const struct spec *spec, enum namespace_kind kind, struct err *err)
{
	pid_t pid;
	cleanup_fd int pid_fd = open_target(state, spec, &pid, err);
	if (pid_fd < 0)
		return pid_fd;
	cleanup_free char *path = namespace_path(pid, kind);
	cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || syscall(SYS_pidfd_send_signal, pid_fd, 0, NULL, 0) < 0) /* still its number */
		return err_sys(err, "cannot open the %s namespace of container %s", spec_namespace_name(kind), state->name);
	return fd_take(&fd);
}

int join_namespaces(pid_t pid)
{
	int flags = 0;
	for (int i = 0; i < NAMESPACE_KINDS; i++) {
		uint64_t ours = namespace_number(getpid(), i), theirs = namespace_number(pid, i);
		if (!ours || ours != theirs)
			flags |= (int)namespace_flag(i);
	}
	return flags;
}

int join_enter(const struct state *state, const struct spec *spec, const struct idmap *map, struct err *err)
{
	pid_t pid;
	cleanup_fd int target_fd = open_target(state, spec, &pid, err);
	if (target_fd < 0)
		return target_fd;
	int flags = join_namespaces(pid);
	prctl(PR_SET_DUMPABLE, 0);
	if (setns(target_fd, flags) < 0)
		return errno == ESRCH ? err_set(err, -ESRCH, "container %s has ended", state->name) :
					err_sys(err, "cannot enter the namespaces of container %s", state->name);
	int r = idmap_become_root(map, err);
	prctl(PR_SET_DUMPABLE, 0); /* a change of ids may have reset it */
	return r;
}

static int open_streams(struct join *join, int socket_fd, struct err *err)
{
	struct stage_message message = { .kind = STAGE_TERMINAL };
	cleanup_fd int terminal_fd = -1, null_fd = -1;
	if (join->terminal) {
		cleanup_fd int root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
		int r = root_fd < 0 ? err_sys(err, "cannot open the container's root") : program_open_terminal(root_fd, &terminal_fd, err);
		if (r == 0 && stage_send(socket_fd, &message, &terminal_fd, 1) < 0)
			r = err_set(err, -EPIPE, "cannot hand over the terminal");
		return r;
	}
	if (setsid() < 0)
		return err_sys(err, "cannot start a session");
	if (!join->detach)
		return 0;
	null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null_fd < 0 || dup2(null_fd, 0) < 0 || dup2(null_fd, 1) < 0 || dup2(null_fd, 2) < 0)
		return err_sys(err, "cannot connect /dev/null");
	return 0;
}

static int become_program(struct join *join, int socket_fd, struct err *err)
{
	struct spec spec = *join->spec; /* borrowed, but for what --privileged changes */
	if (join->privileged) {
		capability_by_name("ALL", &spec.capabilities);
		spec.seccomp = false;
	}
	const struct program program = { .spec = &spec, .args = &join->args, .env = &join->env, .cwd = join->cwd,
		.user = join->user, .terminal = join->terminal, .interactive = join->interactive, .detached = join->detach, .single = join->map->single,
		.socket_fd = socket_fd };
	int r = program_close_descriptors(socket_fd, err); /* first: the container may have made its /dev/null lead to one */
	if (r == 0)
		r = open_streams(join, socket_fd, err);
	return r < 0 ? r : program_become(&program, err);
}

/* Born in the container. One that is to outlive us becomes the child of the container's first process. */
static void run_born(struct join *join, int socket_fd)
{
	struct stage_message failed = { .kind = STAGE_FAILED };
	if (!join->detach)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	pid_t pid = join->detach ? fork() : 0;
	if (pid > 0)
		_exit(0);
	if (pid < 0)
		err_sys(&failed.err, "cannot start a process in container %s", join->state->name);
	else
		become_program(join, socket_fd, &failed.err);
	stage_send(socket_fd, &failed, NULL, 0);
	_exit(STATUS_FAILED);
}

static int enter_and_clone(struct join *join, int socket_fd, struct err *err)
{
	self_forget_arguments();
	int r = program_leave_keyring(err);
	if (r == 0)
		r = ulimits_raise(join->spec, err);
	if (r == 0)
		r = cgroup_join(join->state->id, join->state->pid, getpid(), err);
	if (r == 0)
		r = join_enter(join->state, join->spec, join->map, err);
	if (r < 0)
		return r;
	umask(022);
	pid_t pid = calls_clone(CLONE_PARENT);
	if (pid == 0)
		run_born(join, socket_fd);
	struct stage_message message = { .kind = STAGE_STARTED, .pid = pid };
	if (pid < 0 && errno == ENOMEM)
		return err_set(err, -ESRCH, "container %s has ended", join->state->name);
	if (pid < 0)
		return err_sys(err, "cannot start a process in container %s", join->state->name);
	return stage_send(socket_fd, &message, NULL, 0) < 0 ? err_set(err, -EPIPE, "cannot reach xrun") : 0;
}

static void run_entering(struct join *join, int socket_fd)
{
	struct stage_message failed = { .kind = STAGE_FAILED };
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	int r = enter_and_clone(join, socket_fd, &failed.err);
	if (r < 0)
		stage_send(socket_fd, &failed, NULL, 0);
	_exit(r < 0);
}

/* *fd: the message's descriptor, or -1; what is not taken of it the caller closes. */
static int take_message(const struct join *join, const struct stage_message *message, int *fd, pid_t *ret_pid, int *ret_terminal_fd, struct err *err)
{
	switch (message->kind) {
	case STAGE_STARTED:
		*ret_pid = message->pid;
		return 0;
	case STAGE_TERMINAL:
		*ret_terminal_fd = fd_take(fd);
		return 0;
	case STAGE_DIRECTORIES:
		return *fd < 0 ? 0 : directories_serve(*fd, err);
	case STAGE_FAILED:
		err_take(err, &message->err, "the program could not be started");
		shortage_explain(join->state->pid, err); /* in there other cgroups and processes show */
		return err->code;
	default:
		return err_set(err, -EPROTO, "a process in the container sent an unknown message");
	}
}

/* Messages may come in any order; end of file is success. */
static int await_exec(const struct join *join, int socket_fd, pid_t *ret_pid, int *ret_terminal_fd, struct err *err)
{
	for (;;) {
		struct stage_message message;
		cleanup_fd int fd = -1;
		size_t count = 1;
		ssize_t n = fd_recv(socket_fd, &message, sizeof message, &fd, &count);
		if (n == 0)
			return *ret_pid > 0 ? 0 : err_set(err, -EIO, "the container ended meanwhile");
		if (n != sizeof message)
			return err_set(err, -EPROTO, "a process in the container sent a broken message");
		int r = take_message(join, &message, &fd, ret_pid, ret_terminal_fd, err);
		if (r < 0)
			return r;
	}
}

/* The terminal has to be read as long as the program has it: a full one would stop it, a closed one would hang it up. */
static int wait_for_program(struct join *join, const struct relay_leave *leave, pid_t pid, int signal_fd, int terminal_fd, struct err *err)
{
	static const struct err none;
	struct keys keys = leave ? leave->keys : (struct keys){ 0 };
	int status = relay_until_exit(pid, RELAY_PROGRAM, NULL, signal_fd, terminal_fd, join->interactive, leave ? &keys : NULL);
	if (status != RELAY_LEFT || !leave)
		return status;
	int r = relay_leave_caller(err);
	fd_write_all(leave->ready_fd, r < 0 ? err : &none, sizeof *err);
	close(leave->ready_fd);
	return r < 0 ? r : relay_until_exit(pid, RELAY_PROGRAM, NULL, signal_fd, terminal_fd, false, NULL);
}

int join_run(struct join *join, const struct relay_leave *leave, struct err *err)
{
	int ends[2];
	pid_t pid = 0;
	cleanup_fd int signal_fd = relay_block_signals(err), terminal_fd = -1;
	if (signal_fd < 0)
		return signal_fd;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return err_sys(err, "cannot make a socket pair");
	cleanup_fd int socket_fd = ends[0];
	if (!join->terminal && !join->detach)
		fd_share_standard(join->interactive ? 0 : 1);
	pid_t entering = fork();
	if (entering == 0) {
		close(ends[0]);
		run_entering(join, ends[1]);
	}
	close(ends[1]);
	if (entering < 0)
		return shortage_of_processes(err);
	int r = await_exec(join, socket_fd, &pid, &terminal_fd, err);
	process_wait(entering);
	if (r == 0 && !join->detach)
		return wait_for_program(join, leave, pid, signal_fd, terminal_fd, err);
	if (pid > 0)
		process_wait(pid);
	return r;
}
