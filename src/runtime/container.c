/* SPDX-License-Identifier: GPL-2.0-or-later */
/* container.c owns bringing a container's first process to life, as the supervisor sees it. */
#include "src/runtime/run.h"

#include "src/base/fd.h"
#include "src/base/split.h"
#include "src/runtime/directories.h"
#include "src/runtime/emulators.h"
#include "src/runtime/mount.h"
#include "src/runtime/network.h"
#include "src/runtime/shortage.h"
#include "src/runtime/stage.h"
#include "src/runtime/volumes.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

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
	if (r == 0 && !run->spec->shared)
		r = idmap_write(run->map, run->outer_pid, err);
	if (r == 0 && geteuid() == 0 && !run->map->single)
		r = volumes_map(run->spec, run->map, run->userns_fd, fds, &count, err);
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
		return 0;
	case STAGE_MOUNTS:
		run->mount_fd = count ? fd_take(&fds[0]) : -1;
		return 0;
	case STAGE_MADE:
		run->made = true;
		run->instance_fd = count ? fd_take(&fds[0]) : -1;
		return 0;
	case STAGE_NETWORK:
		return count ? network_start(&run->network, run->spec, run->map, run->userns_fd, fds[0], err) :
			       err_set(err, -EPROTO, "the container's network namespace is missing");
	case STAGE_TERMINAL:
		run->terminal_fd = count ? fd_take(&fds[0]) : -1;
		return 0;
	case STAGE_DIRECTORIES:
		return count ? directories_serve(fds[0], err) : 0;
	case STAGE_FAILED:
		if (err_take(err, &message->err, "the container could not be started") == -EUSERS)
			shortage_explain(getpid(), err);
		return err->code;
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

/* End of file is success, once all was made: every copy of the other end was closed by exec. */
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
			return run->made ? 0 : err_set(err, -EIO, "the container's outer stage ended early");
		r = n == sizeof message ? take_message(run, &message, fds, count, err) :
					  err_set(err, -EPROTO, "the container's stages sent a broken message");
		for (size_t i = 0; i < count; i++)
			fd_close(&fds[i]);
		if (r < 0)
			return r;
	}
}

/* A detached container's standard streams are pipes of ours; what is not open there stays what it was, /dev/null. */
static int connect_streams(const int *peer_fds)
{
	for (int fd = 0; fd < 3; fd++)
		if (peer_fds[fd] >= 0 && dup2(peer_fds[fd], fd) < 0)
			return -1;
	return 0;
}

static int make_streams(struct run *run, int *ret_peer_fds, struct err *err)
{
	for (int fd = run->spec->interactive ? 0 : 1; fd < 3; fd++) {
		int ends[2];
		if (pipe2(ends, O_CLOEXEC) < 0)
			return err_sys(err, "cannot make a pipe");
		bool input = fd == 0;
		run->stream_fds[fd] = ends[input];
		ret_peer_fds[fd] = ends[!input];
		fchmod(ends[0], 0666); /* the program may open it again, as /dev/stdout, whoever it is */
		fcntl(run->stream_fds[fd], F_SETFL, O_NONBLOCK);
	}
	return 0;
}

static int start(struct run *run, struct share *share, const struct strv *emulators, const int *peer_fds, struct err *err)
{
	int ends[2];
	cleanup_lower struct lower lower = LOWER_NONE;
	cleanup_fd int layers_fd = split_open_layers(run->store_fd, err);
	if (layers_fd < 0 || lower_open(run->spec, run->map, &lower, err) < 0)
		return err->code;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return err_sys(err, "cannot make a socket pair");
	run->socket_fd = ends[0];
	run->made = false;
	pid_t supervisor = getpid();
	run->outer_pid = fork();
	if (run->outer_pid == 0) {
		close(ends[0]);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != supervisor || connect_streams(peer_fds) < 0)
			_exit(1);
		cleanup_free int *volume_fds = mem_new((run->spec->mount_count + 1) * sizeof *volume_fds);
		memset(volume_fds, -1, run->spec->mount_count * sizeof *volume_fds);
		struct stage stage = { .spec = run->spec, .map = run->map, .socket_fd = ends[1],
			.store_fd = run->store_fd, .layers_fd = layers_fd, .emulator_names = emulators->items, .volume_fds = volume_fds, .nodes_fd = -1,
			.lower = lower, .share = run->spec->shared ? share : NULL, .shared_fds = { -1, -1, -1 } };
		outer_stage(&stage);
	}
	close(ends[1]);
	return run->outer_pid < 0 ? shortage_of_processes(err) : 0;
}

int run_launch(struct run *run, struct err *err)
{
	cleanup_strv struct strv emulators = { 0 };
	int r = emulators_prepare(run->spec, run->store_fd, &emulators, err);
	if (r < 0)
		return r;
	int peer_fds[3] = { -1, -1, -1 };
	mount_label_new(run->spec->isolation.file_label);
	struct share share = SHARE_NONE;
	if (run->spec->shared && share_open(run->containers_fd, run->spec, &share, NULL, NULL, err) < 0)
		return err->code;
	if (run->spec->life.detach && !run->spec->terminal)
		r = make_streams(run, peer_fds, err);
	else if (!run->spec->terminal)
		fd_share_standard(run->spec->interactive ? 0 : 1);
	if (r == 0)
		r = start(run, &share, &emulators, peer_fds, err);
	share_close(&share);
	for (int i = 0; i < 3; i++)
		fd_close(&peer_fds[i]);
	return r < 0 ? r : await_exec(run, err);
}
