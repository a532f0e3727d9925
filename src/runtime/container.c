/* SPDX-License-Identifier: GPL-2.0-or-later */
/* container.c owns the supervisor's side of running a container. */
#include "src/runtime/container.h"

#include "src/base/fd.h"
#include "src/base/process.h"
#include "src/plan/config.h"
#include "src/runtime/cgroup.h"
#include "src/runtime/containers.h"
#include "src/runtime/emulators.h"
#include "src/runtime/mount.h"
#include "src/runtime/network.h"
#include "src/runtime/relay.h"
#include "src/runtime/stage.h"
#include "src/runtime/state.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* What the supervisor holds while a container lives. */
struct run {
	const struct spec *spec;
	const struct idmap *map;
	int store_fd, containers_fd;
	int container_fd, lock_fd;  /* our directory, locked */
	int socket_fd, signal_fd, terminal_fd;
	int userns_fd;      /* U1, for removing what belongs to subordinate ids */
	int instance_fd;    /* the emulators live as long as this is open */
	pid_t outer_pid, pid;
	struct cgroup cgroup;
	struct state state;
	struct network_helper network;
};

/* Root's volumes keep their owners: host uid N is container uid N, through an idmapped mount (Linux 5.12). */
static int map_volumes(const struct run *run, int userns_fd, int *ret_fds, size_t *ret_count, struct err *err)
{
	for (size_t i = 0; i < run->spec->mount_count; i++) {
		const struct spec_mount *m = &run->spec->mounts[i];
		if (!m->source)
			continue;
		if (*ret_count == STAGE_MAX_VOLUMES)
			return err_set(err, -E2BIG, "more than %d volumes", STAGE_MAX_VOLUMES);
		int fd = mount_clone(AT_FDCWD, m->source, true, err);
		if (fd < 0)
			return err_prefix(err, "volume %s", m->source);
		ret_fds[(*ret_count)++] = fd;
		int r = mount_map_ids(fd, userns_fd, m->source, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int answer_with_map(struct run *run, struct err *err)
{
	char path[64];
	struct stage_message message = { .kind = STAGE_MAP_WRITTEN };
	int fds[STAGE_MAX_VOLUMES];
	size_t count = 0;
	snprintf(path, sizeof path, "/proc/%d/ns/user", run->outer_pid);
	run->userns_fd = open(path, O_RDONLY | O_CLOEXEC);
	if (run->userns_fd < 0)
		return err_sys(err, "cannot open the user namespace");
	int r = cgroup_add(&run->cgroup, run->outer_pid, err);
	if (r == 0)
		r = idmap_write(run->map, run->outer_pid, err);
	if (r == 0 && geteuid() == 0 && !run->map->single)
		r = map_volumes(run, run->userns_fd, fds, &count, err);
	if (r == 0 && stage_send(run->socket_fd, &message, fds, count) < 0)
		r = err_set(err, -EPIPE, "cannot reach the container's outer stage");
	for (size_t i = 0; i < count; i++)
		fd_close(&fds[i]);
	return r;
}

static int take_message(struct run *run, const struct stage_message *message, int *fds, size_t count, struct err *err)
{
	switch (message->kind) {
	case STAGE_WANT_MAP:
		return answer_with_map(run, err);
	case STAGE_STARTED:
		run->pid = message->pid;
		if (count > 1)
			run->instance_fd = fd_take(&fds[1]);
		return 0;
	case STAGE_NETWORK:
		return count ? network_start(&run->network, run->spec, run->map, run->userns_fd, fds[0], err) :
			       err_set(err, -EPROTO, "the container's network namespace is missing");
	case STAGE_TERMINAL:
		run->terminal_fd = count ? fd_take(&fds[0]) : -1;
		return 0;
	case STAGE_FAILED:
		*err = message->err;
		err->text[sizeof err->text - 1] = 0;
		return err->code < 0 ? err->code : err_set(err, -EIO, "the container could not be started");
	default:
		return err_set(err, -EPROTO, "the container's stages sent an unknown message");
	}
}

/* Before each message: the container waits for a network whose helper has ended, and nothing else would end that. */
static int await_message(struct run *run, struct err *err)
{
	struct pollfd polls[] = { { run->socket_fd, POLLIN, 0 }, { run->network.died_fd, POLLIN, 0 } };
	while (poll(polls, 2, -1) < 0)
		if (errno != EINTR)
			return err_sys(err, "cannot wait for the container");
	return polls[0].revents || !polls[1].revents ? 0 : network_failed(&run->network, err);
}

/* End of file is success: every copy of the other end was closed by exec. */
static int await_exec(struct run *run, struct err *err)
{
	for (;;) {
		struct stage_message message;
		int fds[8];
		size_t count = 8;
		int r = await_message(run, err);
		if (r < 0)
			return r;
		ssize_t n = fd_recv(run->socket_fd, &message, sizeof message, fds, &count);
		if (n == 0)
			return run->pid > 0 ? 0 : err_set(err, -EIO, "the container's outer stage ended early");
		r = n == sizeof message ? take_message(run, &message, fds, count, err) :
					  err_set(err, -EPROTO, "the container's stages sent a broken message");
		for (size_t i = 0; i < count; i++)
			fd_close(&fds[i]);
		if (r < 0)
			return r;
	}
}

static int start(struct run *run, struct err *err)
{
	int ends[2];
	cleanup_strv struct strv emulators = { 0 };
	int r = emulators_prepare(run->spec, run->store_fd, &emulators, err);
	if (r < 0)
		return r;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return err_sys(err, "cannot make a socket pair");
	run->socket_fd = ends[0];
	pid_t supervisor = getpid();
	run->outer_pid = fork();
	if (run->outer_pid == 0) {
		close(ends[0]);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != supervisor)
			_exit(1);
		cleanup_free int *volume_fds = mem_new((run->spec->mount_count + 1) * sizeof *volume_fds);
		memset(volume_fds, -1, run->spec->mount_count * sizeof *volume_fds);
		struct stage stage = { .spec = run->spec, .map = run->map, .socket_fd = ends[1],
			.store_fd = run->store_fd, .emulator_names = emulators.items, .volume_fds = volume_fds };
		outer_stage(&stage);
	}
	close(ends[1]);
	if (run->outer_pid < 0)
		return err_sys(err, "cannot start a process");
	return await_exec(run, err);
}

/* The processes first, then what only they used. */
static int finish(struct run *run, bool failed, struct err *err)
{
	struct err problem = { 0 };
	if (failed && run->pid > 0)
		kill(run->pid, SIGKILL);
	if (failed && run->outer_pid > 0)
		kill(run->outer_pid, SIGKILL);
	if (run->outer_pid > 0)
		process_wait(run->outer_pid);
	if (failed && run->pid > 0)
		process_wait(run->pid);
	network_stop(&run->network);
	cgroup_remove(&run->cgroup);
	int r = run->container_fd < 0 ? 0 : containers_remove(run->containers_fd, run->map, run->userns_fd, run->spec->id, &problem);
	if (run->containers_fd >= 0)
		containers_sweep(run->containers_fd, run->map);
	state_done(&run->state);
	fd_close(&run->container_fd);
	fd_close(&run->lock_fd);
	fd_close(&run->containers_fd);
	fd_close(&run->socket_fd);
	fd_close(&run->signal_fd);
	fd_close(&run->terminal_fd);
	fd_close(&run->userns_fd);
	fd_close(&run->instance_fd);
	if (r < 0 && !failed)
		*err = problem;
	return r;
}

/* Written while the program already runs: a start does not wait for it, and who looks us up does (state_find). */
static int publish(struct run *run, struct err *err)
{
	const struct spec *spec = run->spec;
	cleanup_free char *config = config_text(spec);
	struct state *state = &run->state;
	if (!config)
		return err_set(err, -EINVAL, "cannot write the container's config.json");
	*state = (struct state){ .image = str_dup(spec->image), .status = STATE_RUNNING, .created = state_now(), .pid = run->pid,
		.supervisor = getpid() };
	snprintf(state->id, sizeof state->id, "%s", spec->id);
	state->started = state->created;
	state->pid_start = state_pid_start(run->pid);
	containers_note(run->lock_fd, -1);
	int r = containers_write_file(run->container_fd, "config.json", config, strlen(config), err);
	return r < 0 ? r : state_write(run->container_fd, state, err);
}

int container_run(const struct spec *spec, const struct idmap *map, int store_fd,
	struct container_result *ret_result, struct err *err)
{
	struct run run = { .spec = spec, .map = map, .store_fd = store_fd, .containers_fd = -1, .container_fd = -1, .lock_fd = -1,
		.socket_fd = -1, .terminal_fd = -1, .userns_fd = -1, .instance_fd = -1,
		.network = { .died_fd = -1, .output_fd = -1 } };
	struct container_result result = { 0 };
	int r = run.signal_fd = relay_block_signals(err);
	if (r >= 0)
		r = run.containers_fd = containers_open(store_fd, map, err);
	if (r >= 0)
		r = containers_make(run.containers_fd, map, spec->id, spec->name, &run.container_fd, &run.lock_fd, err);
	if (r >= 0)
		r = cgroup_create(&run.cgroup, spec->id, &spec->limits, err);
	if (r >= 0)
		r = start(&run, err);
	if (r >= 0)
		r = publish(&run, err);
	if (r >= 0)
		r = result.status = relay_until_exit(run.pid, run.signal_fd, run.terminal_fd, spec->interactive, err);
	result.out_of_memory = r >= 0 && cgroup_ran_out_of_memory(&run.cgroup);
	containers_note(run.lock_fd, r < 0 ? STATUS_FAILED : result.status);
	int cleaned = finish(&run, r < 0, err);
	if (r < 0 || cleaned < 0)
		return r < 0 ? r : cleaned;
	*ret_result = result;
	return 0;
}
