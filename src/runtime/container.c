/* SPDX-License-Identifier: GPL-2.0-or-later */
/* container.c owns the supervisor's side of running a container. */
#include "src/runtime/container.h"

#include "src/base/fd.h"
#include "src/base/process.h"
#include "src/runtime/cgroup.h"
#include "src/runtime/emulators.h"
#include "src/runtime/mount.h"
#include "src/runtime/relay.h"
#include "src/runtime/stage.h"
#include "src/runtime/userns.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* What the supervisor holds while a container lives. */
struct run {
	const struct spec *spec;
	const struct idmap *map;
	int store_fd, containers_fd;
	int container_fd;   /* locked: see lock_abandoned */
	int socket_fd, signal_fd, terminal_fd;
	int userns_fd;      /* U1, for removing what belongs to subordinate ids */
	int instance_fd;    /* the emulators live as long as this is open */
	pid_t outer_pid, pid;
	struct cgroup cgroup;
};

static int open_containers(struct run *run, struct err *err)
{
	if (mkdirat(run->store_fd, "containers", 0700) < 0 && errno != EEXIST)
		return err_sys(err, "cannot make the store's directory containers");
	run->containers_fd = openat(run->store_fd, "containers", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (run->containers_fd < 0)
		return err_sys(err, "cannot open the store's directory containers");
	if (fchown(run->containers_fd, run->map->uids.root_outside, run->map->gids.root_outside) < 0)
		return err_sys(err, "cannot give the store's directory containers to the containers' root");
	fd_spread_directories(run->containers_fd);
	return 0;
}

/* What a child is told that removes a container as root of the id map: files of subordinate ids are not ours to remove. */
struct removal {
	const struct run *run;
	const char *id;
};

static int remove_as_root(void *context, struct err *err)
{
	const struct removal *removal = context;
	return fd_remove_tree(removal->run->containers_fd, removal->id, err);
}

/* Joining the user namespace that there is costs less than making another. */
static int remove_joined(const struct removal *removal)
{
	struct err err;
	pid_t child = fork();
	if (child == 0) {
		int r = setns(removal->run->userns_fd, CLONE_NEWUSER) < 0 ? -1 : idmap_become_root(removal->run->map, &err);
		_exit(r < 0 || remove_as_root((void *)removal, &err) < 0);
	}
	return child < 0 ? -errno : process_wait(child);
}

static int remove_container(const struct run *run, const char *id, struct err *err)
{
	struct removal removal = { run, id };
	int r = fd_remove_tree(run->containers_fd, id, err);
	if (r < 0 && run->userns_fd >= 0)
		r = remove_joined(&removal) == 0 ? 0 : r;
	else if (r < 0)
		r = userns_call(run->map, NULL, remove_as_root, &removal, err);
	if (r < 0)
		return err_prefix(err, "cannot remove container %s", id);
	err_clear(err);
	return 0;
}

/*
 * Whether the container's supervisor is gone: nobody holds the directory's lock. If so, we do. The lock of the directory
 * above is what a new container holds until it has its own.
 */
static int lock_abandoned(const struct run *run, const char *id)
{
	flock(run->containers_fd, LOCK_EX);
	int fd = openat(run->containers_fd, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0)
		fd_close(&fd);
	flock(run->containers_fd, LOCK_UN);
	return fd;
}

static void remove_abandoned(const struct run *run)
{
	struct err ignored;
	int copy = openat(run->containers_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_dir DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	for (struct dirent *entry; dir && (entry = readdir(dir));) {
		if (entry->d_name[0] == '.')
			continue;
		cleanup_fd int locked_fd = lock_abandoned(run, entry->d_name);
		if (locked_fd < 0)
			continue;
		cgroup_remove_stale(entry->d_name);
		remove_container(run, entry->d_name, &ignored);
	}
}

static int make_locked(struct run *run, const char *id, struct err *err)
{
	if (mkdirat(run->containers_fd, id, 0700) < 0)
		return errno == EEXIST ? err_set(err, -EEXIST, "a container named %s is running", id) :
					 err_sys(err, "cannot make the container's directory %s", id);
	run->container_fd = openat(run->containers_fd, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (run->container_fd < 0 || flock(run->container_fd, LOCK_EX | LOCK_NB) < 0)
		return err_sys(err, "cannot lock the container's directory %s", id);
	return 0;
}

static int make_container_directory(struct run *run, struct err *err)
{
	const char *id = run->spec->id;
	if (faccessat(run->containers_fd, id, F_OK, 0) == 0) /* of a container of that name that was killed, perhaps */
		remove_abandoned(run);
	if (flock(run->containers_fd, LOCK_SH) < 0)
		return err_sys(err, "cannot lock the store's directory containers");
	int r = make_locked(run, id, err);
	flock(run->containers_fd, LOCK_UN);
	if (r == 0 && fchown(run->container_fd, run->map->uids.root_outside, run->map->gids.root_outside) < 0)
		r = err_sys(err, "cannot give the container's directory %s to its root", id);
	return r;
}

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

/* End of file is success: every copy of the other end was closed by exec. */
static int await_exec(struct run *run, struct err *err)
{
	for (;;) {
		struct stage_message message;
		int fds[8];
		size_t count = 8;
		ssize_t n = fd_recv(run->socket_fd, &message, sizeof message, fds, &count);
		if (n == 0)
			return run->pid > 0 ? 0 : err_set(err, -EIO, "the container's outer stage ended early");
		int r = n == sizeof message ? take_message(run, &message, fds, count, err) :
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
	cgroup_remove(&run->cgroup);
	int r = run->container_fd < 0 ? 0 : remove_container(run, run->spec->id, &problem);
	remove_abandoned(run);
	fd_close(&run->container_fd);
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

int container_run(const struct spec *spec, const struct idmap *map, int store_fd,
	struct container_result *ret_result, struct err *err)
{
	struct run run = { .spec = spec, .map = map, .store_fd = store_fd, .containers_fd = -1,
		.container_fd = -1, .socket_fd = -1, .terminal_fd = -1, .userns_fd = -1, .instance_fd = -1 };
	struct container_result result = { 0 };
	int r = run.signal_fd = relay_block_signals(err);
	if (r >= 0)
		r = open_containers(&run, err);
	if (r >= 0)
		r = make_container_directory(&run, err);
	if (r >= 0) /* now that the name is ours: nobody else's limits are changed */
		r = cgroup_create(&run.cgroup, spec->id, &spec->limits, err);
	if (r >= 0)
		r = start(&run, err);
	if (r >= 0)
		r = result.status = relay_until_exit(run.pid, run.signal_fd, run.terminal_fd, spec->interactive, err);
	result.out_of_memory = r >= 0 && cgroup_ran_out_of_memory(&run.cgroup);
	int cleaned = finish(&run, r < 0, err);
	if (r < 0 || cleaned < 0)
		return r < 0 ? r : cleaned;
	*ret_result = result;
	return 0;
}
