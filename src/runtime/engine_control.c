/* SPDX-License-Identifier: GPL-2.0-or-later */
/* engine_control.c owns what is done to an engine's container that is there: starting, signalling, removing it. */
#include "src/runtime/engine_stage.h"

#include "src/base/fd.h"
#include "src/base/unix.h"
#include "src/runtime/cgroup_place.h"
#include "src/runtime/engine_listener.h"
#include "src/runtime/state.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { TAKE_BACK_MS = 200, END_MS = 10000 };

static int connect_start(int dir_fd, const struct engine_state *state, struct err *err)
{
	cleanup_free char *path = unix_below(dir_fd, "start");
	int fd = unix_connect(path, SOCK_SEQPACKET);
	return fd < 0 ? err_code(err, fd, "cannot start container %s", state->id) : fd;
}

/* End of file: the program was executed, or its process is gone, which is its own business by now. */
static int await_program(int fd, const struct engine_state *state, const struct spec *spec, struct err *err)
{
	struct engine_message message;
	cleanup_fd int listener_fd = -1;
	size_t count = 1;
	if (fd_recv(fd, &message, sizeof message, &listener_fd, &count) != sizeof message)
		return 0;
	if (message.kind == ENGINE_LISTENER) {
		const struct engine_listener whose = { state, ENGINE_CREATED, spec->engine, state->pid };
		int r = engine_listener_hand_over(&whose, listener_fd, fd, err);
		return r < 0 ? r : await_program(fd, state, spec, err);
	}
	return err_take(err, &message.err, "the program could not be executed");
}

int engine_start(int dir_fd, const struct engine_state *state, const struct spec *spec, struct err *err)
{
	enum engine_status status = engine_status(dir_fd, state);
	if (status != ENGINE_CREATED)
		return err_set(err, -EINVAL, "cannot start container %s: it is not in the state created, but %s", state->id, engine_status_text(status));
	cleanup_fd int fd = connect_start(dir_fd, state, err);
	if (fd < 0)
		return fd;
	unlinkat(dir_fd, "start", 0);
	if (send(fd, "", 1, MSG_NOSIGNAL) != 1)
		return err_sys(err, "cannot start container %s", state->id);
	return await_program(fd, state, spec, err);
}

int engine_poststart(const struct engine_state *state, const struct spec *spec, struct err *err)
{
	const struct spec_engine *engine = spec->engine;
	if (engine->hooks[HOOK_POSTSTART].count == 0)
		return 0;
	json_t *object = engine_state_json(state, ENGINE_RUNNING, &engine->annotations, false);
	const struct engine_hook_place place = { .dir = state->bundle };
	int r = engine_hooks_run(&engine->hooks[HOOK_POSTSTART], "poststart", &place, object, err);
	json_decref(object);
	return r;
}

/* The number may be another process' by now: the pidfd is opened first, then asked whether it is still the same. */
int engine_process_open(const struct engine_state *state, struct err *err)
{
	cleanup_fd int fd = state->pid > 0 ? (int)syscall(SYS_pidfd_open, state->pid, 0) : -1;
	if (fd < 0 || state_pid_start(state->pid) != state->pid_start)
		return err_set(err, -ESRCH, "container %s is not running", state->id);
	return fd_take(&fd);
}

int engine_kill(int dir_fd, const struct engine_state *state, int signal_number, bool all, struct err *err)
{
	if (all && engine_cgroup_kill(&state->cgroup, signal_number) == 0)
		return 0;
	if (engine_status(dir_fd, state) == ENGINE_STOPPED)
		return err_set(err, -ESRCH, "container not running: %s", state->id);
	cleanup_fd int fd = engine_process_open(state, err);
	if (fd < 0)
		return fd;
	if (syscall(SYS_pidfd_send_signal, fd, signal_number, NULL, 0) < 0)
		return err_sys(err, "cannot signal container %s", state->id);
	return 0;
}

/* v1: a process that somebody moved to another freezer and stopped there cannot even be killed. In a cgroup that runs it can. */
static void take_back(const struct engine_state *state)
{
	struct err ignored;
	const struct cgroup_directory *freezer = &state->cgroup.of[CGROUP_FREEZER];
	cleanup_free char *number = str_fmt("%d", state->pid);
	if (freezer->path && !freezer->v2)
		cgroup_place_write(freezer->path, "cgroup.procs", number, &ignored);
}

/* What shares its pid namespace with others does not end with its first process. */
static int end_processes(const struct engine_state *state, struct err *err)
{
	struct err ignored;
	cleanup_fd int fd = engine_process_open(state, &ignored);
	engine_cgroup_kill(&state->cgroup, SIGKILL);
	if (fd >= 0)
		syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0);
	cgroup_thaw(&state->cgroup);
	struct pollfd ended = { .fd = fd, .events = POLLIN };
	if (fd < 0 || poll(&ended, 1, TAKE_BACK_MS) > 0)
		return 0;
	take_back(state);
	if (poll(&ended, 1, END_MS) > 0)
		return 0;
	return err_set(err, -EBUSY, "container %s: its process %d was killed, and does not end within %d s: what keeps it?", state->id, state->pid,
		END_MS / 1000);
}

static int run_poststop(int dir_fd, const struct engine_state *state, struct err *err)
{
	struct spec spec = { 0 };
	int r = engine_read_spec(dir_fd, state, &spec, err);
	if (r < 0)
		return r;
	json_t *object = engine_state_json(state, ENGINE_STOPPED, &spec.engine->annotations, false);
	const struct engine_hook_place place = { .dir = state->bundle };
	r = engine_hooks_run_all(&spec.engine->hooks[HOOK_POSTSTOP], "poststop", &place, object, err);
	json_decref(object);
	spec_done(&spec);
	return r;
}

int engine_delete(int root_fd, int dir_fd, struct engine_state *state, bool force, struct err *err)
{
	struct err hook = { 0 };
	enum engine_status status = engine_status(dir_fd, state);
	/* runtime.md wants the state stopped. Engines whose set-up fails between create and start (buildah, its network) count on this, though. */
	if (status != ENGINE_STOPPED && status != ENGINE_CREATED && !force)
		return err_set(err, -EBUSY, "cannot delete container %s that is not stopped: %s", state->id, engine_status_text(status));
	int r = end_processes(state, err);
	if (r < 0)
		return r;
	engine_cgroup_remove(&state->cgroup);
	int failed = run_poststop(dir_fd, state, &hook); /* runtime.md: a failure is told, and the rest goes on */
	r = fd_remove_tree(root_fd, state->id, err);
	if (r == 0 && failed < 0)
		*err = hook;
	return r;
}
