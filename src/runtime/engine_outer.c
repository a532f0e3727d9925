/* SPDX-License-Identifier: GPL-2.0-or-later */
/* engine_outer.c owns what happens before an engine's container has its namespaces, with the caller's rights. */
#include "src/runtime/engine_stage.h"

#include "src/base/fd.h"
#include "src/base/process.h"
#include "src/base/self.h"
#include "src/runtime/clocks.h"
#include "src/runtime/engine_scheduling.h"
#include "src/runtime/namespaces.h"
#include "src/runtime/program.h"
#include "src/runtime/shortage.h"
#include "src/runtime/ulimits.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool is_new(const struct spec *spec, enum namespace_kind kind)
{
	return spec->namespaces.of[kind].origin == NAMESPACE_NEW;
}

static void map_text(const struct engine_range *ranges, size_t count, struct buf *ret_text)
{
	for (size_t i = 0; i < count; i++)
		buf_fmt(ret_text, "%u %u %u\n", ranges[i].inside, ranges[i].outside, ranges[i].count);
}

/* Nothing was said: ids are what they are, or for an ordinary user the one id there is. */
static void default_map(const char *own, uint32_t id, struct buf *ret_text)
{
	cleanup_file FILE *file = fopen(own, "re");
	char line[128];
	while (geteuid() == 0 && file && fgets(line, sizeof line, file)) {
		unsigned long long inside, outside, count;
		if (sscanf(line, "%llu %llu %llu", &inside, &outside, &count) == 3)
			buf_fmt(ret_text, "%llu %llu %llu\n", inside, inside, count);
	}
	if (ret_text->len == 0)
		buf_fmt(ret_text, "0 %u 1\n", id);
}

static int write_file(pid_t pid, const char *name, const char *text, struct err *err)
{
	char path[64];
	snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
	int r = fd_write_file(AT_FDCWD, path, text, err);
	return r < 0 ? err_prefix(err, "cannot map the container's ids") : 0;
}

/* newuidmap knows which of the lines the caller may use: /etc/subuid. */
static int run_helper(const char *helper, pid_t pid, const struct engine_range *ranges, size_t count, struct err *err)
{
	cleanup_strv struct strv words = { 0 };
	cleanup_buf struct buf output = { 0 };
	pid_t child;
	int output_fd;
	strv_add(&words, helper);
	strv_take(&words, str_fmt("%d", pid));
	for (size_t i = 0; i < count; i++) {
		strv_take(&words, str_fmt("%u", ranges[i].inside));
		strv_take(&words, str_fmt("%u", ranges[i].outside));
		strv_take(&words, str_fmt("%u", ranges[i].count));
	}
	int r = process_start(words.items, &child, &output_fd, err);
	int status = r < 0 ? r : process_finish(child, output_fd, &output, err);
	if (status > 0)
		return err_set(err, -EPERM, "cannot map the container's ids: %s: %s", helper, output.len ? output.data : "failed");
	return status;
}

static bool needs_helper(const struct engine_map *map)
{
	return geteuid() != 0 && (map->uid_count > 1 || map->gid_count > 1 || (map->uid_count && map->uids[0].count > 1) ||
		(map->gid_count && map->gids[0].count > 1));
}

/* The caller's id is 0 where we are by now. */
static int write_single(const struct engine_map *map, pid_t pid, struct err *err)
{
	if (map->uid_count > 1 || map->gid_count > 1 || (map->uid_count && map->uids[0].count > 1) || (map->gid_count && map->gids[0].count > 1))
		return err_set(err, -EPERM, "programs of another architecture with more than one id need root, or an engine's user namespace");
	cleanup_free char *uids = str_fmt("%u 0 1\n", map->uid_count ? map->uids[0].inside : 0);
	cleanup_free char *gids = str_fmt("%u 0 1\n", map->gid_count ? map->gids[0].inside : 0);
	int r = write_file(pid, "uid_map", uids, err);
	return r < 0 ? r : write_file(pid, "gid_map", gids, err);
}

int engine_map_write(const struct engine_map *map, pid_t pid, struct err *err)
{
	cleanup_buf struct buf uids = { 0 }, gids = { 0 };
	if (needs_helper(map)) {
		int r = run_helper("/usr/bin/newuidmap", pid, map->uids, map->uid_count, err);
		return r < 0 ? r : run_helper("/usr/bin/newgidmap", pid, map->gids, map->gid_count, err);
	}
	if (map->uid_count)
		map_text(map->uids, map->uid_count, &uids);
	else
		default_map("/proc/self/uid_map", geteuid(), &uids);
	if (map->gid_count)
		map_text(map->gids, map->gid_count, &gids);
	else
		default_map("/proc/self/gid_map", getegid(), &gids);
	int r = geteuid() == 0 ? 0 : write_file(pid, "setgroups", "deny", err);
	if (r == 0)
		r = write_file(pid, "uid_map", uids.data, err);
	return r < 0 ? r : write_file(pid, "gid_map", gids.data, err);
}

/* With CLONE_PARENT xrun-oci is the parent, and then whoever takes its orphans. */
static pid_t clone_init(const struct spec *spec)
{
	struct clone_args args = { .flags = CLONE_PARENT | namespaces_new(spec) };
	if (clocks_are_moved(spec)) /* then it is ours already, for our children */
		args.flags &= ~(uint64_t)CLONE_NEWTIME;
	return (pid_t)syscall(SYS_clone3, &args, sizeof args);
}

static int start_init(struct engine_stage *stage, struct err *err)
{
	int go[2];
	const struct spec *spec = stage->spec;
	if (pipe2(go, O_CLOEXEC) < 0)
		return err_sys(err, "cannot make a pipe");
	self_forget_arguments();
	if (clocks_are_moved(spec) && clocks_move(spec, err) < 0)
		return err->code;
	if (!is_new(spec, NAMESPACE_USER)) /* whose root may trace: it sees the first process where the pid namespace is shared, too */
		prctl(PR_SET_DUMPABLE, 0);
	pid_t pid = clone_init(spec);
	if (pid < 0)
		return shortage_of_namespaces("cannot make the container's namespaces", err);
	if (pid == 0) {
		close(go[1]);
		engine_init(stage, go[0]);
	}
	int r = 0;
	if (is_new(spec, NAMESPACE_USER))
		r = stage->alone ? write_single(&spec->engine->map, pid, err) : engine_map_write(&spec->engine->map, pid, err);
	if (r == 0 && engine_stage_send(stage->socket_fd, ENGINE_STARTED, pid, -1) < 0)
		r = err_set(err, -EPIPE, "xrun-oci is gone");
	if (r == 0 && write(go[1], "", 1) != 1)
		r = err_sys(err, "cannot start the container");
	if (r < 0)
		kill(pid, SIGKILL);
	return r;
}

static int enter_namespaces(struct engine_stage *stage, int fds[NAMESPACE_KINDS], struct err *err)
{
	bool user = fds[NAMESPACE_USER] >= 0;
	int r = namespaces_enter(fds, err);
	if (r < 0 || !user)
		return r;
	stage->inside = true;
	if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
		return err_sys(err, "cannot become root of the user namespace");
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	return 0;
}

static int build(struct engine_stage *stage, struct err *err)
{
	int fds[NAMESPACE_KINDS];
	if (engine_stage_send(stage->socket_fd, ENGINE_WANT_GO, 0, -1) < 0)
		return err_set(err, -EPIPE, "xrun-oci is gone");
	int r = engine_stage_await_go(stage->socket_fd, err);
	engine_affinity_reset();
	if (r == 0 && !stage->spec->engine->no_keyring)
		r = program_leave_keyring(err);
	if (r == 0)
		r = ulimits_raise(stage->spec, err);
	if (r == 0)
		r = namespaces_open(stage->spec, fds, err);
	if (r == 0)
		r = engine_sources_open(stage, err);
	if (r == 0)
		r = enter_namespaces(stage, fds, err);
	if (r == 0)
		engine_sources_make(stage);
	if (r == 0)
		r = engine_emulation_enter(stage, err);
	stage->inside |= is_new(stage->spec, NAMESPACE_USER);
	return r < 0 ? r : start_init(stage, err);
}

void engine_outer(struct engine_stage *stage)
{
	struct engine_message failed = { .kind = ENGINE_FAILED };
	int r = build(stage, &failed.err);
	if (r < 0)
		fd_send(stage->socket_fd, &failed, sizeof failed, NULL, 0);
	_exit(r < 0);
}
