/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cgroup.c owns limits. */
/*
 * Where a controller lives is asked for each one by itself, from /proc/self/mountinfo: a v1 hierarchy that carries it, or
 * else the v2 one if its cgroup.controllers names it. So v1, the mixed layout and v2 need no case of their own.
 */
#include "src/runtime/cgroup.h"

#include "src/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { CPU_PERIOD_US = 100000 };

struct place {
	char mount[256];
	bool v2;
};

static bool has_word(const char *list, const char *word, const char *separators)
{
	size_t n = strlen(word);
	for (const char *at = list; *at;) {
		size_t m = strcspn(at, separators);
		if (m == n && memcmp(at, word, n) == 0)
			return true;
		at += m + (at[m] != 0);
	}
	return false;
}

static bool v2_offers(const char *mount, const char *controller)
{
	struct err ignored;
	cleanup_buf struct buf list = { 0 };
	cleanup_free char *path = str_fmt("%s/cgroup.controllers", mount);
	return fd_read_file(AT_FDCWD, path, 4096, &list, &ignored) == 0 && list.len && has_word(list.data, controller, " \n");
}

/* proc_pid_mountinfo(5): "ID PARENT MAJ:MIN ROOT MOUNTPOINT OPTIONS [FIELDS] - TYPE SOURCE SUPEROPTIONS". */
static bool find_controller(const char *controller, struct place *ret_place)
{
	cleanup_file FILE *file = fopen("/proc/self/mountinfo", "re");
	char line[2048], mount[256], type[32], options[512];
	while (file && fgets(line, sizeof line, file)) {
		const char *tail = strstr(line, " - ");
		if (!tail || sscanf(line, "%*s %*s %*s %*s %255s", mount) != 1 ||
			sscanf(tail + 3, "%31s %*s %511s", type, options) != 2)
			continue;
		bool v1 = str_eq(type, "cgroup") && has_word(options, controller, ",");
		bool v2 = str_eq(type, "cgroup2") && v2_offers(mount, controller);
		if (!v1 && !v2)
			continue;
		snprintf(ret_place->mount, sizeof ret_place->mount, "%s", mount);
		ret_place->v2 = v2;
		return true;
	}
	return false;
}

static int write_value(const char *dir, const char *file, const char *value, struct err *err)
{
	cleanup_free char *path = str_fmt("%s/%s", dir, file);
	return fd_write_file(AT_FDCWD, path, value, err);
}

static int make_directory(const char *path, struct err *err)
{
	if (mkdir(path, 0755) == 0 || errno == EEXIST)
		return 0;
	err_sys(err, "cannot make the cgroup %s", path);
	return errno == EACCES || errno == EPERM ?
		       err_append(err, "; limits need root, or a cgroup v2 subtree delegated to this user") :
		       err->code;
}

/* v2: a controller must be handed down by every directory on the way (cgroup-v2.rst, "Enabling and Disabling"). */
static int hand_down(const struct place *place, const char *parent, const char *controller, struct err *err)
{
	cleanup_free char *enable = str_fmt("+%s", controller);
	int r = write_value(place->mount, "cgroup.subtree_control", enable, err);
	return r < 0 ? r : write_value(parent, "cgroup.subtree_control", enable, err);
}

/* One that is there was left behind, and goes; or there are processes in it, whose limits are not ours to change. */
static int make_own_directory(const char *path, struct err *err)
{
	rmdir(path);
	if (access(path, F_OK) == 0)
		return err_set(err, -EEXIST, "the cgroup %s is in use: a container of that name is running from another store", path);
	return make_directory(path, err);
}

/* The container's directory for a controller, made if it was not; an index into dirs. */
static int open_directory(struct cgroup *cgroup, const char *id, const char *controller, bool *ret_v2, struct err *err)
{
	struct place place;
	if (!find_controller(controller, &place))
		return err_set(err, -ENOTSUP, "no cgroup hierarchy here has the controller %s: the limit cannot be enforced",
			controller);
	cleanup_free char *parent = str_fmt("%s/xrun", place.mount);
	cleanup_free char *dir = str_fmt("%s/%s", parent, id);
	*ret_v2 = place.v2;
	int r = make_directory(parent, err);
	if (r == 0 && place.v2)
		r = hand_down(&place, parent, controller, err);
	for (int i = 0; r == 0 && i < cgroup->dir_count; i++)
		if (str_eq(cgroup->dirs[i], dir))
			return i;
	if (r == 0)
		r = make_own_directory(dir, err);
	if (r < 0)
		return r;
	cgroup->dirs[cgroup->dir_count] = str_dup(dir);
	return cgroup->dir_count++;
}

static bool exists(const char *dir, const char *file)
{
	cleanup_free char *path = str_fmt("%s/%s", dir, file);
	return access(path, F_OK) == 0;
}

/* Swap is no way around the limit: where the kernel counts it, none is granted. */
static int limit_memory(struct cgroup *cgroup, const char *id, uint64_t bytes, struct err *err)
{
	bool v2 = false;
	int i = open_directory(cgroup, id, "memory", &v2, err);
	if (i < 0)
		return i;
	cleanup_free char *value = str_fmt("%llu", (unsigned long long)bytes);
	const char *dir = cgroup->memory_dir = cgroup->dirs[i];
	cgroup->v2_memory = v2;
	int r = write_value(dir, v2 ? "memory.max" : "memory.limit_in_bytes", value, err);
	if (r == 0 && v2 && exists(dir, "memory.swap.max"))
		r = write_value(dir, "memory.swap.max", "0", err);
	else if (r == 0 && !v2 && exists(dir, "memory.memsw.limit_in_bytes"))
		r = write_value(dir, "memory.memsw.limit_in_bytes", value, err);
	return r;
}

static int limit_cpu(struct cgroup *cgroup, const char *id, uint64_t milli, struct err *err)
{
	bool v2 = false;
	int i = open_directory(cgroup, id, "cpu", &v2, err);
	if (i < 0)
		return i;
	unsigned long long quota = milli * CPU_PERIOD_US / 1000;
	cleanup_free char *value = v2 ? str_fmt("%llu %d", quota, CPU_PERIOD_US) : str_fmt("%llu", quota);
	if (v2)
		return write_value(cgroup->dirs[i], "cpu.max", value, err);
	int r = write_value(cgroup->dirs[i], "cpu.cfs_period_us", "100000", err);
	return r < 0 ? r : write_value(cgroup->dirs[i], "cpu.cfs_quota_us", value, err);
}

static int limit_pids(struct cgroup *cgroup, const char *id, uint64_t pids, struct err *err)
{
	bool v2 = false;
	int i = open_directory(cgroup, id, "pids", &v2, err);
	if (i < 0)
		return i;
	cleanup_free char *value = str_fmt("%llu", (unsigned long long)pids);
	return write_value(cgroup->dirs[i], "pids.max", value, err);
}

int cgroup_create(struct cgroup *ret_cgroup, const char *id, const struct spec_limits *limits, struct err *err)
{
	struct cgroup cgroup = { 0 };
	int r = 0;
	if (limits->memory_bytes && (r = limit_memory(&cgroup, id, limits->memory_bytes, err)) < 0)
		err_prefix(err, "--memory");
	if (r == 0 && limits->cpu_milli && (r = limit_cpu(&cgroup, id, limits->cpu_milli, err)) < 0)
		err_prefix(err, "--cpus");
	if (r == 0 && limits->pids && (r = limit_pids(&cgroup, id, limits->pids, err)) < 0)
		err_prefix(err, "--pids-limit");
	if (r < 0) {
		cgroup_remove(&cgroup);
		return r;
	}
	*ret_cgroup = cgroup;
	return 0;
}

int cgroup_add(const struct cgroup *cgroup, pid_t pid, struct err *err)
{
	char number[16];
	snprintf(number, sizeof number, "%d", pid);
	for (int i = 0; i < cgroup->dir_count; i++) {
		int r = write_value(cgroup->dirs[i], "cgroup.procs", number, err);
		if (r < 0)
			return r;
	}
	return 0;
}

bool cgroup_ran_out_of_memory(const struct cgroup *cgroup)
{
	struct err ignored;
	cleanup_buf struct buf text = { 0 };
	if (!cgroup->memory_dir)
		return false;
	cleanup_free char *path =
		str_fmt("%s/%s", cgroup->memory_dir, cgroup->v2_memory ? "memory.events" : "memory.oom_control");
	if (fd_read_file(AT_FDCWD, path, 4096, &text, &ignored) < 0 || !text.len)
		return false;
	const char *count = strstr(text.data, "oom_kill ");
	return count && atoll(count + strlen("oom_kill ")) > 0;
}

/* A process that was just killed is a member until it has ended. */
static void remove_directory(const char *dir)
{
	for (int tries = 0; rmdir(dir) < 0 && errno == EBUSY && tries < 100; tries++)
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
}

/* The directory of a container for one of the controllers, an allocated string; NULL if it has none there. */
static char *find_directory(const char *id, const char *controller)
{
	struct place place;
	if (!find_controller(controller, &place))
		return NULL;
	char *dir = str_fmt("%s/xrun/%s", place.mount, id);
	if (access(dir, F_OK) == 0)
		return dir;
	free(dir);
	return NULL;
}

static const char *const controllers[] = { "memory", "cpu", "pids", NULL };

int cgroup_join(const char *id, pid_t pid, struct err *err)
{
	char number[16];
	int r = 0;
	snprintf(number, sizeof number, "%d", pid);
	for (int i = 0; r == 0 && controllers[i]; i++) {
		cleanup_free char *dir = find_directory(id, controllers[i]);
		if (dir)
			r = write_value(dir, "cgroup.procs", number, err);
	}
	return r;
}

void cgroup_remove_stale(const char *id)
{
	for (int i = 0; controllers[i]; i++) {
		cleanup_free char *dir = find_directory(id, controllers[i]);
		if (dir)
			remove_directory(dir);
	}
}

void cgroup_remove(struct cgroup *cgroup)
{
	for (int i = 0; i < cgroup->dir_count; i++) {
		remove_directory(cgroup->dirs[i]);
		free(cgroup->dirs[i]);
	}
	*cgroup = (struct cgroup){ 0 };
}
