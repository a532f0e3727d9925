/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cgroup_control.c owns what is done to a running container by its cgroups: freezing, new limits, usage. */
#include "src/runtime/cgroup.h"

#include "src/base/fd.h"
#include "src/base/process.h"
#include "src/runtime/cgroup_limits.h"
#include "src/runtime/cgroup_place.h"
#include "src/runtime/members.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/*
 * What its parent has not waited for is in no cgroup, wherever it is written, and would be moved for ever. One whose first thread alone has
 * ended looks the same but for the others (proc_pid_status(5)).
 */
static bool is_zombie(const char *number)
{
	cleanup_buf struct buf status = { 0 };
	if (!process_status(atoi(number), &status))
		return true;
	return strstr(status.data, "\nState:\tZ") && strstr(status.data, "\nThreads:\t1\n");
}

/* Moves what is not there yet; how many that were, or a negative errno. */
static int move_processes(const char *directory, pid_t pid, struct err *err)
{
	cleanup_members struct members members = { 0 };
	cleanup_buf struct buf present = cgroup_place_read(directory, "cgroup.procs");
	const char *name;
	int moved = 0, r = members_open(pid, &members, err);
	while (r == 0 && (name = members_next(&members))) {
		struct err problem = { 0 };
		cleanup_free char *line = str_fmt("\n%s\n", name);
		if (str_starts(present.data, line + 1) || strstr(present.data, line) || is_zombie(name))
			continue;
		int written = cgroup_place_write(directory, "cgroup.procs", name, &problem);
		if (written < 0 && written != -ESRCH && written != -EINVAL) { /* EINVAL: it has ended since */
			*err = problem;
			return written;
		}
		moved += written == 0;
	}
	return r < 0 ? r : moved;
}

/* A container that was started without limits has no cgroup of its own: all of its processes move into one. */
static int enter(struct cgroup *cgroup, enum cgroup_controller controller, const char *parent, const char *id, pid_t pid, struct err *err)
{
	bool v2, shared = false;
	if (cgroup->of[controller].path)
		return 0;
	cleanup_free char *wanted = cgroup_place_find(controller, parent, id, &v2);
	for (int i = 0; wanted && i < CGROUP_CONTROLLERS; i++)
		shared |= str_eq(cgroup->of[i].path, wanted);
	int r = cgroup_place_make(controller, parent, id, shared, &cgroup->of[controller], err);
	while (r == 0 && (r = move_processes(cgroup->of[controller].path, pid, err)) > 0) /* until none was born meanwhile */
		r = 0;
	return r;
}

int cgroup_update(struct cgroup *cgroup, const char *id, pid_t pid, const struct spec_limits *limits, struct err *err)
{
	for (int i = 0; i < CGROUP_CONTROLLERS; i++) {
		const char *option = cgroup_limits_need(limits, i);
		int r = option ? enter(cgroup, i, limits->cgroup_parent, id, pid, err) : 0;
		if (r < 0)
			return err_prefix(err, "%s", option);
		r = option ? cgroup_limits_write(limits, i, &cgroup->of[i], err) : 0;
		if (r < 0)
			return r;
	}
	return 0;
}

void cgroup_reload(struct cgroup *cgroup, const char *id, const char *parent)
{
	for (int i = 0; i < CGROUP_CONTROLLERS; i++) {
		bool v2;
		char *path = cgroup->of[i].path ? NULL : cgroup_place_find(i, parent, id, &v2);
		if (path && access(path, F_OK) == 0)
			cgroup->of[i] = (struct cgroup_directory){ path, v2 };
		else
			free(path);
	}
}

bool cgroup_is_frozen(const struct cgroup *cgroup)
{
	const struct cgroup_directory *freezer = &cgroup->of[CGROUP_FREEZER];
	if (!freezer->path)
		return false;
	cleanup_buf struct buf text = cgroup_place_read(freezer->path, freezer->v2 ? "cgroup.events" : "freezer.state");
	return freezer->v2 ? strstr(text.data, "frozen 1") != NULL : str_starts(text.data, "FROZEN");
}

bool cgroup_is_to_freeze(const struct cgroup *cgroup)
{
	const struct cgroup_directory *freezer = &cgroup->of[CGROUP_FREEZER];
	if (!freezer->path)
		return false;
	cleanup_buf struct buf text = cgroup_place_read(freezer->path, freezer->v2 ? "cgroup.freeze" : "freezer.self_freezing");
	return str_starts(text.data, "1");
}

static int write_freezer(const struct cgroup_directory *freezer, bool frozen, struct err *err)
{
	const char *state = frozen ? "FROZEN" : "THAWED", *number = frozen ? "1" : "0";
	return cgroup_place_write(freezer->path, freezer->v2 ? "cgroup.freeze" : "freezer.state", freezer->v2 ? number : state, err);
}

void cgroup_thaw(const struct cgroup *cgroup)
{
	struct err ignored;
	if (cgroup_is_to_freeze(cgroup))
		write_freezer(&cgroup->of[CGROUP_FREEZER], false, &ignored);
}

/*
 * The kernel stops each process as it leaves a system call; half a minute is for one that hangs in one. v1 asks each process once, and misses
 * one that just then begins to wait in vfork(2) for a child which is stopped already, as shells do for each command: it is asked again.
 */
static int await_freezer(const struct cgroup *cgroup, bool frozen, struct err *err)
{
	enum { GIVE_UP = 3000, ASK_AGAIN = 10 }; /* of 10 ms */
	const struct cgroup_directory *freezer = &cgroup->of[CGROUP_FREEZER];
	int r = 0;
	for (int tries = 1; r == 0 && cgroup_is_frozen(cgroup) != frozen; tries++) {
		if (tries == GIVE_UP)
			return err_set(err, -ETIMEDOUT, "a process of the container does not stop: it hangs in a system call");
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
		if (frozen && !freezer->v2 && tries % ASK_AGAIN == 0)
			r = write_freezer(freezer, true, err);
	}
	return r;
}

int cgroup_freeze(struct cgroup *cgroup, const char *id, pid_t pid, bool frozen, struct err *err)
{
	int r = frozen ? enter(cgroup, CGROUP_FREEZER, NULL, id, pid, err) : 0;
	const struct cgroup_directory *freezer = &cgroup->of[CGROUP_FREEZER];
	if (r == 0 && !freezer->path)
		return err_set(err, -ESRCH, "the container is not paused");
	if (r == 0)
		r = write_freezer(freezer, frozen, err);
	if (r == 0)
		r = await_freezer(cgroup, frozen, err);
	if (r < 0 && frozen && freezer->path)
		cgroup_thaw(cgroup);
	return r;
}

/* v1: "8:0 Read 4096" for each device; v2: "8:0 rbytes=4096 wbytes=...". */
static void sum_io(const struct cgroup_directory *io, struct cgroup_usage *usage)
{
	cleanup_buf struct buf text = cgroup_place_read(io->path, io->v2 ? "io.stat" : "blkio.throttle.io_service_bytes");
	usage->read_bytes = usage->written_bytes = 0;
	for (char *rest = text.data, *line; (line = strsep(&rest, "\n"));) {
		unsigned long long read_bytes = 0, written = 0;
		char *found;
		if ((found = strstr(line, "rbytes=")))
			sscanf(found, "rbytes=%llu wbytes=%llu", &read_bytes, &written);
		else if ((found = strstr(line, " Read ")))
			sscanf(found, " Read %llu", &read_bytes);
		else if ((found = strstr(line, " Write ")))
			sscanf(found, " Write %llu", &written);
		usage->read_bytes += read_bytes;
		usage->written_bytes += written;
	}
}

/* docker-stats(1): the inactive part of the page cache does not count. v1 says "no limit" by a number near 2^63. */
static void take_memory(const struct cgroup_directory *memory, struct cgroup_usage *usage)
{
	uint64_t cache = cgroup_place_number(memory, "memory.stat", "memory.stat", memory->v2 ? "inactive_file" : "total_inactive_file");
	usage->memory = cgroup_place_number(memory, "memory.usage_in_bytes", "memory.current", NULL);
	usage->memory_limit = cgroup_place_number(memory, "memory.limit_in_bytes", "memory.max", NULL);
	if (usage->memory_limit > INT64_MAX - (1 << 20))
		usage->memory_limit = UINT64_MAX;
	if (usage->memory != UINT64_MAX && cache < usage->memory)
		usage->memory -= cache;
}

void cgroup_usage(const struct cgroup *cgroup, struct cgroup_usage *ret_usage)
{
	struct cgroup_usage usage = { .read_bytes = UINT64_MAX, .written_bytes = UINT64_MAX };
	take_memory(&cgroup->of[CGROUP_MEMORY], &usage);
	usage.cpu_ns = cgroup_place_number(&cgroup->of[CGROUP_CPUACCT], "cpuacct.usage", "cpu.stat", cgroup->of[CGROUP_CPUACCT].v2 ? "usage_usec" : NULL);
	if (cgroup->of[CGROUP_CPUACCT].v2 && usage.cpu_ns != UINT64_MAX)
		usage.cpu_ns *= 1000;
	usage.pids = cgroup_place_number(&cgroup->of[CGROUP_PIDS], "pids.current", "pids.current", NULL);
	usage.pids_limit = cgroup_place_number(&cgroup->of[CGROUP_PIDS], "pids.max", "pids.max", NULL);
	if (cgroup->of[CGROUP_IO].path)
		sum_io(&cgroup->of[CGROUP_IO], &usage);
	*ret_usage = usage;
}
