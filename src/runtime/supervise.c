/* SPDX-License-Identifier: GPL-2.0-or-later */
/* supervise.c owns a container's life from its directory's making to its end: the supervisor. */
#include "src/runtime/container.h"

#include "src/base/fd.h"
#include "src/base/now.h"
#include "src/base/process.h"
#include "src/plan/config.h"
#include "src/runtime/containers.h"
#include "src/runtime/examine.h"
#include "src/runtime/hidden.h"
#include "src/runtime/relabel.h"
#include "src/runtime/relay.h"
#include "src/runtime/run.h"
#include "src/runtime/share.h"
#include "src/runtime/cores.h"
#include "src/runtime/shortage.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum { SECOND = 1000000000, FIRST_DELAY_MS = 100, MAX_DELAY_MS = 60000 };

static void init_state(struct run *run)
{
	const struct spec *spec = run->spec;
	run->state = (struct state){ .image = str_dup(spec->image), .status = STATE_CREATED, .created = now_wall_ns() };
	snprintf(run->state.id, sizeof run->state.id, "%s", spec->id);
}

/* The directory of a container that has run before, or was created: nobody else may be about to start or remove it. */
static int reopen(struct run *run, struct err *err)
{
	run->container_fd = containers_open_one(run->containers_fd, run->spec->id, err);
	cleanup_fd int change_fd = run->container_fd < 0 ? -1 : containers_lock(run->container_fd, LOCK_CHANGE, true, err);
	if (change_fd < 0)
		return err->code;
	if (containers_is_alive(run->container_fd))
		return err_set(err, -EBUSY, "container %.12s is running already", run->spec->id);
	int r = state_read(run->container_fd, &run->state, err);
	if (r == -ENOENT)
		return err_set(err, r, "container %.12s is being removed", run->spec->id);
	if (r < 0)
		return r;
	run->lock_fd = containers_lock(run->container_fd, LOCK_LIFE, true, err);
	unlinkat(run->container_fd, "stop", 0);
	run->state.restarts = 0;
	run->state.lost = run->state.out_of_memory = false;
	free(run->state.error);
	run->state.error = NULL;
	return run->lock_fd < 0 ? run->lock_fd : 0;
}

static int write_config(const struct run *run, struct err *err)
{
	cleanup_free char *config = config_text(run->spec);
	if (!config)
		return err_set(err, -EINVAL, "cannot write the container's config.json");
	return containers_write_file(run->container_fd, "config.json", config, strlen(config), err);
}

static int mark_kept(const struct run *run, struct err *err)
{
	return run->spec->life.keep ? containers_write_file(run->container_fd, "kept", "", 0, err) : 0;
}

static int write_pid_file(const struct run *run, struct err *err)
{
	const char *name = run->spec->life.pid_file;
	int r = process_write_pid(name, run->pid);
	return r < 0 ? err_code(err, r, "--pidfile %s", name) : 0;
}

/* Written while the program already runs: a start does not wait for it, and who looks us up does (state_find). */
static int publish(struct run *run, bool first, struct err *err)
{
	struct state *state = &run->state;
	state->status = STATE_RUNNING;
	state->health = run->spec->life.detach && run->spec->life.health.test.len ? HEALTH_STARTING : HEALTH_NONE;
	state->started = now_wall_ns();
	state->finished = state->exit_code = 0;
	state->pid = run->pid;
	state->pid_start = state_pid_start(run->pid);
	state->supervisor = getpid();
	containers_note(run->lock_fd, -1);
	int r = first ? write_config(run, err) : 0;
	if (r == 0 && run->spec->life.pid_file)
		r = write_pid_file(run, err);
	if (r == 0)
		r = state_write(run->container_fd, state, err);
	return r < 0 || !first ? r : mark_kept(run, err);
}

void run_report(struct run *run, const struct err *err)
{
	static const struct err none;
	if (run->ready_fd >= 0)
		fd_write_all(run->ready_fd, err ? err : &none, sizeof *err);
	fd_close(&run->ready_fd);
}

static void end_processes(struct run *run, bool failed)
{
	if (failed && run->pid > 0)
		kill(run->pid, SIGKILL);
	if (failed && run->outer_pid > 0)
		kill(run->outer_pid, SIGKILL);
	if (run->outer_pid > 0)
		process_wait(run->outer_pid);
	if (failed && run->pid > 0)
		process_wait(run->pid);
	run->outer_pid = run->pid = 0;
}

/* What one time of running needs. */
static void close_streams(struct run *run)
{
	fd_close(&run->socket_fd);
	fd_close(&run->terminal_fd);
	fd_close(&run->instance_fd);
	for (int i = 0; i < 3; i++)
		fd_close(&run->stream_fds[i]);
}

/* It has nothing more to do; as a zombie it would count as one of the container's processes. */
static void reap_outer(struct run *run)
{
	process_wait(run->outer_pid);
	run->outer_pid = 0;
}

/* Somebody at the terminal, until he leaves. */
static int run_attended(struct run *run, struct err *err)
{
	struct keys keys = run->leave ? run->leave->keys : (struct keys){ 0 };
	enum relay_whom whom = run->spec->init ? RELAY_INIT : RELAY_FIRST;
	int r = relay_until_exit(run->pid, whom, &run->watch, run->signal_fd, run->terminal_fd, run->spec->interactive, run->leave ? &keys : NULL);
	if (r != RELAY_LEFT)
		return r;
	run->ready_fd = run->leave->ready_fd;
	r = relay_leave_caller(err);
	return r < 0 ? r : run_monitor(run, err);
}

/* Only for explaining a bad end. Until the program has been executed, an ordinary user may not look into its process. */
static void open_inner(struct run *run)
{
	char path[64];
	if (!hidden_is_possible(run->spec) || run->spec->life.detach)
		return;
	snprintf(path, sizeof path, "/proc/%d/ns/user", run->pid);
	run->inner_fd = open(path, O_RDONLY | O_CLOEXEC);
}

/* `xrun update` writes them to config.json. */
static int take_limits(struct run *run, struct err *err)
{
	struct spec now = { 0 };
	int r = state_read_spec(run->container_fd, &now, err);
	if (r == 0 && run->spec != &run->updated) {
		run->updated = *run->spec;
		run->updated.limits = (struct spec_limits){ 0 };
		run->spec = &run->updated;
	}
	if (r == 0) {
		spec_limits_done(&run->updated.limits);
		run->updated.limits = now.limits;
		now.limits = (struct spec_limits){ 0 };
	}
	spec_done(&now);
	return r;
}

/* The processes first, then what only they used. Returns the exit status. */
static int run_once(struct run *run, bool first, struct err *err)
{
	const struct spec *spec = run->spec;
	fd_close(&run->userns_fd);
	network_stop(&run->network);
	int r = cgroup_create(&run->cgroup, spec, err);
	if (r >= 0 && spec->systemd)
		r = cgroup_delegate(&run->cgroup, spec, run->map->uids.root_outside, run->map->gids.root_outside, err);
	if (r >= 0)
		r = run_launch(run, err);
	watch_start(&run->watch, spec);
	if (r >= 0)
		open_inner(run);
	if (r >= 0)
		r = publish(run, first, err);
	if (r >= 0)
		reap_outer(run);
	if (r >= 0)
		r = spec->life.detach ? run_monitor(run, err) : run_attended(run, err);
	network_end(&run->network);
	if (faccessat(run->container_fd, CGROUP_NOTE, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		cgroup_reload(&run->cgroup, spec->id, spec->limits.cgroup_parent);
	run->state.out_of_memory = cgroup_ran_out_of_memory(&run->cgroup);
	if (r < 0 && run->state.out_of_memory)
		err_prefix(err, "the container ran out of memory before its program could start (--memory)");
	end_processes(run, r < 0);
	run->hidden = r == STATUS_NOT_EXECUTABLE && hidden_in(spec, run->map, run->inner_fd);
	fd_close(&run->inner_fd);
	if (run->mount_fd >= 0)
		share_end(run->mount_fd);
	fd_close(&run->mount_fd);
	cgroup_remove(&run->cgroup);
	close_streams(run);
	if (r >= 0 && spec->core_dir) {
		int collected = cores_collect(spec, run->map, run->container_fd, run->state.started / SECOND, &run->cores, err);
		r = collected < 0 ? collected : r;
	}
	return r;
}

static bool was_stopped(const struct run *run)
{
	return faccessat(run->container_fd, "stop", F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static bool wants_restart(const struct run *run, int status)
{
	const struct spec_life *life = &run->spec->life;
	if (was_stopped(run) || life->restart == RESTART_NO)
		return false;
	if (life->restart == RESTART_ALWAYS)
		return true;
	return status != 0 && (!life->restart_max || run->state.restarts < (int)life->restart_max);
}

/* A signal ends the pause: `xrun stop` sends one, having left the file `stop`. False where it is not to go on. */
static bool pause_before_restart(struct run *run, int *delay_ms)
{
	struct err ignored;
	struct signalfd_siginfo info;
	struct pollfd signals = { .fd = run->signal_fd, .events = POLLIN };
	if (run->state.finished - run->state.started > 10ll * SECOND) /* docker, restartmanager: it did run */
		*delay_ms = FIRST_DELAY_MS;
	run->state.status = STATE_RESTARTING;
	state_write(run->container_fd, &run->state, &ignored);
	int64_t until = now_ns() + *delay_ms * 1000000ll;
	bool ended = false;
	for (int64_t now; !ended && (now = now_ns()) < until;) {
		if (poll(&signals, 1, (int)((until - now) / 1000000) + 1) <= 0)
			continue;
		while (read(run->signal_fd, &info, sizeof info) == sizeof info)
			ended = ended || info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT;
	}
	*delay_ms = *delay_ms * 2 > MAX_DELAY_MS ? MAX_DELAY_MS : *delay_ms * 2;
	return !ended && !was_stopped(run);
}

static void note_end(struct run *run, int r, const struct err *err)
{
	struct state *state = &run->state;
	state->finished = now_wall_ns();
	state->pid = 0;
	state->pid_start = 0;
	state->exit_code = r >= 0 ? r : err->status ? err->status : STATUS_FAILED;
	free(state->error);
	state->error = r < 0 ? str_dup(err->text) : NULL;
}

static int run_until_done(struct run *run, bool again, struct err *err)
{
	int delay_ms = FIRST_DELAY_MS;
	for (bool first = !again;; first = false) {
		int r = run->state.restarts ? take_limits(run, err) : 0;
		if (r == 0)
			r = run_once(run, first, err);
		note_end(run, r, err);
		if (r < 0 || !wants_restart(run, r) || !pause_before_restart(run, &delay_ms))
			return r;
		run->state.restarts++;
	}
}

/* One that never ran leaves nothing, kept or not. */
static int finish(struct run *run, bool keep, struct err *err)
{
	int r = 0;
	if (keep) {
		run->state.status = STATE_EXITED;
		run->state.supervisor = 0;
		r = state_write(run->container_fd, &run->state, err);
	} else if (run->container_fd >= 0) {
		r = containers_remove(run->containers_fd, run->map, run->userns_fd, run->spec->id, err);
	}
	network_stop(&run->network);
	if (run->lock_fd >= 0)
		containers_note(run->lock_fd, run->state.exit_code);
	if (run->containers_fd >= 0)
		containers_sweep_some(run->containers_fd, run->map, run->spec->id);
	fd_close(&run->container_fd);
	fd_close(&run->lock_fd);
	fd_close(&run->containers_fd);
	fd_close(&run->signal_fd);
	fd_close(&run->userns_fd);
	if (run->spec == &run->updated)
		spec_limits_done(&run->updated.limits);
	return r;
}

static void init_run(struct run *run, const struct spec *spec, const struct idmap *map, int store_fd, int ready_fd)
{
	*run = (struct run){ .spec = spec, .map = map, .store_fd = store_fd, .containers_fd = -1, .container_fd = -1, .lock_fd = -1,
		.socket_fd = -1, .signal_fd = -1, .terminal_fd = -1, .stream_fds = { -1, -1, -1 }, .userns_fd = -1, .inner_fd = -1, .mount_fd = -1, .instance_fd = -1,
		.ready_fd = ready_fd, .network = { .died_fd = -1, .output_fd = -1 } };
}

static int open_directory(struct run *run, bool again, struct err *err)
{
	int r = run->containers_fd = containers_open(run->store_fd, run->map, err);
	if (r < 0)
		return r;
	if (again)
		return reopen(run, err);
	init_state(run);
	return containers_make(run->containers_fd, run->map, run->spec->id, run->spec->name, &run->container_fd, &run->lock_fd, err);
}

static int run_container(struct run *run, bool again, struct container_result *ret_result, struct err *err)
{
	struct err problem = { 0 };
	struct program_facts program = { 0 };
	int r = relabel_volumes(run->spec, run->store_fd, err); /* which can take long, and be interrupted */
	if (r >= 0)
		r = run->signal_fd = relay_block_signals(err);
	if (r >= 0)
		r = open_directory(run, again, err);
	bool ours = run->lock_fd >= 0;
	if (r >= 0)
		r = run_until_done(run, again, err);
	if (ours && (r < 0 ? err->status : r >= STATUS_NOT_FOUND)) /* before its files go */
		examine_program(run->spec, run->map, run->store_fd, run->container_fd, run->userns_fd, &program);
	if (!ours) /* another's, or not to be had: nothing of it is changed */
		fd_close(&run->container_fd);
	int finished = finish(run, ours && run->spec->life.keep && (again || run->state.started), &problem);
	if (r >= 0 && finished < 0) {
		*err = problem;
		r = finished;
	}
	if (r >= 0)
		*ret_result = (struct container_result){ .status = r, .out_of_memory = run->state.out_of_memory, .program = program,
			.hidden = run->hidden, .timed_out = run->watch.timed_out, .stacks = buf_take(&run->watch.stacks), .cores = run->cores };
	else
		*ret_result = (struct container_result){ .program = program };
	watch_done(&run->watch);
	state_done(&run->state);
	if (r < 0) /* now that nothing is left of it */
		run_report(run, err);
	return r < 0 ? r : 0;
}

void container_result_done(struct container_result *result)
{
	free(result->stacks);
	strv_done(&result->cores);
}

int container_run(const struct spec *spec, const struct idmap *map, int store_fd, bool again,
	const struct relay_leave *leave, struct container_result *ret_result, struct err *err)
{
	struct run run;
	init_run(&run, spec, map, store_fd, -1);
	run.leave = leave;
	return run_container(&run, again, ret_result, err);
}

int container_create(const struct spec *spec, const struct idmap *map, int store_fd, struct err *err)
{
	struct run run;
	struct err ignored;
	init_run(&run, spec, map, store_fd, -1);
	int r = open_directory(&run, false, err);
	bool made = r >= 0;
	if (r >= 0)
		r = write_config(&run, err);
	if (r >= 0)
		r = state_write(run.container_fd, &run.state, err);
	if (r >= 0)
		r = mark_kept(&run, err);
	if (r < 0 && made)
		containers_remove(run.containers_fd, map, -1, spec->id, &ignored);
	state_done(&run.state);
	fd_close(&run.container_fd);
	fd_close(&run.lock_fd);
	fd_close(&run.containers_fd);
	return r < 0 ? r : 0;
}

int container_detach(const struct spec *spec, const struct idmap *map, int store_fd, bool again, struct err *err)
{
	int ends[2];
	struct err answer;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(err, "cannot make a pipe");
	cleanup_fd int ready_fd = ends[0];
	pid_t supervisor = fork();
	if (supervisor == 0) {
		struct run run;
		struct container_result ignored;
		close(ends[0]);
		init_run(&run, spec, map, store_fd, ends[1]);
		if (relay_leave_caller(err) < 0)
			run_report(&run, err);
		else
			run_container(&run, again, &ignored, err);
		_exit(0);
	}
	close(ends[1]);
	if (supervisor < 0)
		return shortage_of_processes(err);
	cleanup_buf struct buf text = { 0 };
	if (fd_read_all(ready_fd, sizeof answer, &text) < 0 || text.len != sizeof answer)
		return err_set(err, -EIO, "the container's supervisor ended early");
	memcpy(&answer, text.data, sizeof answer);
	if (answer.code < 0)
		*err = answer;
	return answer.code < 0 ? answer.code : 0;
}
