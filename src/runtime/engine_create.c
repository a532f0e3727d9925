/* SPDX-License-Identifier: GPL-2.0-or-later */
/* engine_create.c owns making an engine's container, as `xrun-oci create` sees it. */
/*
 * Theory of operation. As with xrun run, an outer stage prepares what needs the caller's rights and clones the container's
 * first process as our child; that one puts its root together and waits on a socket until `start` comes. We write down
 * what there is and end: then whoever called us (conmon, a shim) is its parent. Nobody of ours stays.
 */
#include "src/runtime/engine_stage.h"

#include "src/base/fd.h"
#include "src/base/now.h"
#include "src/base/process.h"
#include "src/base/unix.h"
#include "src/runtime/emulators.h"
#include "src/runtime/engine_devices.h"
#include "src/runtime/engine_links.h"
#include "src/runtime/engine_ready.h"
#include "src/runtime/mount.h"
#include "src/runtime/selinux.h"
#include "src/runtime/shortage.h"
#include "src/runtime/state.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

struct creation {
	const struct engine_request *request;
	struct engine_state *state;
	int dir_fd, socket_fd, start_fd, console_fd;
	pid_t outer_pid;
	int terminal_fd;
	struct strv emulators;
};

int engine_stage_send(int socket_fd, enum engine_message_kind kind, pid_t pid, int fd)
{
	const struct engine_message message = { .kind = kind, .pid = pid };
	return fd_send(socket_fd, &message, sizeof message, &fd, fd >= 0);
}

int engine_stage_await_go(int socket_fd, struct err *err)
{
	struct engine_message message;
	size_t count = 0;
	if (fd_recv(socket_fd, &message, sizeof message, NULL, &count) != sizeof message || message.kind != ENGINE_GO)
		return err_set(err, -EPIPE, "xrun-oci is gone");
	return 0;
}

static int make_socket(int dir_fd, struct err *err)
{
	cleanup_free char *path = unix_below(dir_fd, "start");
	int fd = unix_listen(path, SOCK_SEQPACKET, 1);
	return fd < 0 ? err_code(err, fd, "cannot make the socket for start") : fd;
}

int engine_console_open(const char *path, struct err *err)
{
	int fd = unix_connect(path, SOCK_STREAM);
	if (fd == -ENAMETOOLONG)
		return err_set(err, fd, "--console-socket %s: too long for a socket", path);
	return fd < 0 ? err_code(err, fd, "--console-socket %s", path) : fd;
}

static int check_console(const struct engine_request *q, struct err *err)
{
	if (q->spec->terminal && !q->console_socket && !q->terminal_here)
		return err_set(err, -EINVAL, "process.terminal is set, but there is no --console-socket to send the terminal to");
	if (!q->spec->terminal && q->console_socket)
		return err_set(err, -EINVAL, "--console-socket: process.terminal is not set");
	return 0;
}

/* Whoever made it first has it. One that was left by a creation that did not end well has no state, and nobody's lock. */
static int make_directory(struct creation *c, struct err *err)
{
	const char *id = c->request->id;
	struct err none;
	int r = engine_open(c->request->root_fd, id, &none);
	if (r >= 0) {
		close(r);
		return err_set(err, -EEXIST, "container with id %s already exists", id);
	}
	if (r != -ENOENT) {
		*err = none;
		return r;
	}
	if (mkdirat(c->request->root_fd, id, 0711) < 0)
		return errno == EEXIST ? err_set(err, -EEXIST, "container with id %s already exists", id) :
					 err_sys(err, "cannot make the directory of container %s", id);
	c->dir_fd = engine_open(c->request->root_fd, id, err);
	return c->dir_fd;
}

static int write_file(int dir_fd, const char *name, const char *data, size_t len, struct err *err)
{
	cleanup_fd int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int r = fd < 0 ? -errno : fd_write_all(fd, data, len);
	return r < 0 ? err_code(err, r, "cannot write %s", name) : 0;
}

static int start_outer(struct creation *c, struct err *err)
{
	int ends[2];
	const struct engine_request *q = c->request;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return err_sys(err, "cannot make a socket pair");
	c->socket_fd = ends[0];
	if (!q->spec->terminal)
		fd_share_standard(0); /* the pipes' owner may be one whom the container's user namespace lacks */
	pid_t parent = getpid();
	c->outer_pid = fork();
	if (c->outer_pid == 0) {
		size_t mounts = q->spec->engine->mount_count, nodes = q->spec->engine->node_count + ENGINE_DEVICES_USUAL;
		cleanup_free int *fds = mem_new((mounts + nodes + 1) * sizeof *fds);
		memset(fds, -1, (mounts + nodes + 1) * sizeof *fds);
		close(ends[0]);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
		struct engine_stage stage = { .request = q, .spec = (struct spec *)q->spec, .state = c->state, .socket_fd = ends[1],
			.start_fd = c->start_fd, .console_fd = c->console_fd, .rootfs_fd = -1, .source_fds = fds, .node_fds = fds + mounts,
			.instance_fd = -1, .emulator_names = c->emulators.items };
		engine_outer(&stage);
	}
	close(ends[1]);
	return c->outer_pid < 0 ? shortage_of_processes(err) : 0;
}

/* runtime.md, "State": created is what a container is from the moment that its environment is there. */
static int run_hooks(struct creation *c, struct err *err)
{
	const struct spec_engine *engine = c->request->spec->engine;
	json_t *state = engine_state_json(c->state, ENGINE_CREATED, &engine->annotations, false);
	const struct engine_hook_place place = { .dir = c->request->bundle };
	int r = engine_hooks_run(&engine->hooks[HOOK_PRESTART], "prestart", &place, state, err);
	if (r == 0)
		r = engine_hooks_run(&engine->hooks[HOOK_CREATE_RUNTIME], "createRuntime", &place, state, err);
	json_decref(state);
	return r;
}

/* 1: it waits to be started. */
static int take_message(struct creation *c, const struct engine_message *message, int fd, struct err *err)
{
	int r = 0;
	switch (message->kind) {
	case ENGINE_WANT_GO:
		if (c->request->spec->engine->systemd_cgroup)
			r = engine_scope_create(c->request->spec, c->request->id, c->outer_pid, &c->state->cgroup, &c->state->cgroup_path, err);
		else
			r = cgroup_add(&c->state->cgroup, c->outer_pid, err);
		break;
	case ENGINE_WANT_MAP:
		r = engine_emulation_map(c->outer_pid, err);
		break;
	case ENGINE_STARTED:
		c->state->pid = message->pid;
		c->state->pid_start = state_pid_start(message->pid);
		return 0;
	case ENGINE_HOOKS:
		r = engine_links_move(c->request->spec->engine, c->state->pid, err);
		if (r == 0)
			r = run_hooks(c, err);
		break;
	case ENGINE_READY:
		c->terminal_fd = fd;
		return 1;
	case ENGINE_FAILED:
		if (err_take(err, &message->err, "the container could not be made") == -EUSERS)
			shortage_explain(getpid(), err);
		return err->code;
	default:
		return err_set(err, -EPROTO, "the container's stages sent an unknown message");
	}
	if (r == 0 && engine_stage_send(c->socket_fd, ENGINE_GO, 0, -1) < 0)
		r = err_set(err, -EPIPE, "cannot reach the container's stages");
	return r;
}

static int await_ready(struct creation *c, struct err *err)
{
	for (;;) {
		struct engine_message message;
		int fd = -1;
		size_t count = 1;
		ssize_t n = fd_recv(c->socket_fd, &message, sizeof message, &fd, &count);
		if (n != sizeof message)
			return err_set(err, -EIO, "the container's first process ended early");
		int r = take_message(c, &message, count ? fd : -1, err);
		if (r != 1 && count)
			close(fd);
		if (r != 0)
			return r < 0 ? r : 0;
	}
}

/* A label of files alone, where there is no SELinux, keeps nobody from anything: engines send it along, and runtimes pass over it. */
static int take_labels(const struct spec_isolation *isolation, struct err *err)
{
	bool any = isolation->label || (isolation->file_label && selinux_is_there());
	mount_label_new(any ? isolation->file_label : NULL);
	return any ? selinux_check(isolation->label, isolation->file_label, err) : 0;
}

static int build(struct creation *c, struct err *err)
{
	const struct engine_request *q = c->request;
	struct engine_state *state = c->state;
	int r = write_file(c->dir_fd, "config.json", q->config->data, q->config->len, err);
	if (r == 0)
		r = take_labels(&q->spec->isolation, err);
	if (r == 0 && q->tells_ready)
		r = engine_ready_make(c->dir_fd, q->spec, err);
	if (r == 0)
		r = c->start_fd = make_socket(c->dir_fd, err);
	if (r >= 0 && q->console_socket)
		r = c->console_fd = engine_console_open(q->console_socket, err);
	if (r >= 0 && !q->spec->engine->systemd_cgroup)
		r = engine_cgroup_create(q->spec, q->id, &state->cgroup, &state->cgroup_path, err);
	if (r >= 0)
		r = emulators_prepare(q->spec, q->cache_fd, &c->emulators, err);
	if (r >= 0)
		r = start_outer(c, err);
	if (r >= 0)
		r = await_ready(c, err);
	if (r >= 0)
		r = engine_state_write(c->dir_fd, state, err);
	return r < 0 ? r : engine_tell(&q->tell, state->pid, err);
}

/* The processes first, then what they used. */
static void undo(struct creation *c)
{
	struct err ignored;
	if (c->state->pid > 0)
		kill(c->state->pid, SIGKILL);
	if (c->outer_pid > 0)
		kill(c->outer_pid, SIGKILL);
	if (c->outer_pid > 0)
		process_wait(c->outer_pid);
	if (c->state->pid > 0)
		process_wait(c->state->pid);
	fd_close(&c->terminal_fd);
	engine_cgroup_remove(&c->state->cgroup);
	fd_remove_tree(c->request->root_fd, c->request->id, &ignored);
}

int engine_create(const struct engine_request *request, struct engine_state *ret_state, int *ret_terminal_fd, struct err *err)
{
	struct engine_state state = { .id = str_dup(request->id), .bundle = str_dup(request->bundle),
		.rootfs = str_dup(request->spec->engine->rootfs), .created = str_time(now_wall_ns()), .owner = geteuid(),
		.emulated = request->spec->emulator_count > 0 };
	struct creation c = { .request = request, .state = &state, .dir_fd = -1, .socket_fd = -1, .start_fd = -1, .console_fd = -1,
		.terminal_fd = -1 };
	int r = check_console(request, err);
	if (r == 0)
		r = make_directory(&c, err);
	if (r >= 0) {
		r = build(&c, err);
		if (r < 0)
			undo(&c);
		else
			process_wait(c.outer_pid);
	}
	fd_close(&c.dir_fd);
	fd_close(&c.socket_fd);
	fd_close(&c.start_fd);
	fd_close(&c.console_fd);
	strv_done(&c.emulators);
	if (r < 0) {
		engine_state_done(&state);
		return r;
	}
	*ret_state = state;
	*ret_terminal_fd = c.terminal_fd;
	return 0;
}
