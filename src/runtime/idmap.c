/* SPDX-License-Identifier: GPL-2.0-or-later */
/* idmap.c owns which host ids a container's ids are. */
#include "src/runtime/idmap.h"

#include "src/base/account.h"
#include "src/base/fd.h"
#include "src/base/process.h"
#include "src/base/self.h"
#include "src/base/str.h"
#include "src/runtime/shortage.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/*
 * Where root has no line of its own in /etc/subuid: a range that systemd's list of uid ranges leaves unused
 * (uids-gids: 1879048192..2147483647) and that useradd, which stops at 600100000, never hands out.
 */
enum { ROOT_RANGE = 1879048192, ROOT_RANGE_COUNT = 65536 };

static bool parse_line(char *line, const char *name, const char *number, uint32_t *ret_first, uint32_t *ret_count)
{
	char *first = strchr(line, ':');
	char *count = first ? strchr(first + 1, ':') : NULL;
	unsigned long long first_value, count_value;
	if (!count)
		return false;
	*first++ = 0;
	*count++ = 0;
	count[strcspn(count, "\n")] = 0;
	if (!str_eq(line, name) && !str_eq(line, number))
		return false;
	if (!str_to_u64(first, UINT32_MAX, &first_value) || !str_to_u64(count, UINT32_MAX, &count_value) || !count_value)
		return false;
	*ret_first = first_value;
	*ret_count = count_value;
	return true;
}

static bool find_range(const char *path, const char *name, uid_t uid, uint32_t *ret_first, uint32_t *ret_count)
{
	cleanup_file FILE *file = fopen(path, "re");
	char line[512], number[16];
	snprintf(number, sizeof number, "%u", uid);
	while (file && fgets(line, sizeof line, file))
		if (parse_line(line, name, number, ret_first, ret_count))
			return true;
	return false;
}

/* Whether our own user namespace has the ids: in another's container, root may have a few only. */
static bool is_mapped(const char *path, const struct idmap_range *range)
{
	cleanup_file FILE *file = fopen(path, "re");
	char line[128];
	while (file && fgets(line, sizeof line, file)) {
		unsigned long long inside, outside, count, end = (unsigned long long)range->root_outside + range->count;
		if (sscanf(line, "%llu %llu %llu", &inside, &outside, &count) == 3 && inside <= range->root_outside &&
			end <= inside + count)
			return true;
	}
	return false;
}

static const char *plan_root(struct idmap *map)
{
	uint32_t first = ROOT_RANGE, count = ROOT_RANGE_COUNT;
	find_range("/etc/subuid", "root", 0, &first, &count);
	map->uids = (struct idmap_range){ first, first + 1, count };
	first = ROOT_RANGE;
	count = ROOT_RANGE_COUNT;
	find_range("/etc/subgid", "root", 0, &first, &count);
	map->gids = (struct idmap_range){ first, first + 1, count };
	if (is_mapped("/proc/self/uid_map", &map->uids) && is_mapped("/proc/self/gid_map", &map->gids))
		return NULL;
	return "this user namespace has no such ids as root's range in /etc/subuid and /etc/subgid";
}

static const char *plan_user(struct idmap *map)
{
	cleanup_free char *known = NULL, *home = NULL;
	const char *name = account_find(getuid(), &known, &home) ? known : "";
	uint32_t first_uid, uid_count, first_gid, gid_count;
	if (!find_range("/etc/subuid", name, getuid(), &first_uid, &uid_count))
		return "/etc/subuid has no range for this user";
	if (!find_range("/etc/subgid", name, getuid(), &first_gid, &gid_count))
		return "/etc/subgid has no range for this user";
	if (access("/usr/bin/newuidmap", X_OK) < 0 || access("/usr/bin/newgidmap", X_OK) < 0)
		return "newuidmap is not installed (Debian's package uidmap)";
	map->uids = (struct idmap_range){ getuid(), first_uid, uid_count + 1 };
	map->gids = (struct idmap_range){ getgid(), first_gid, gid_count + 1 };
	return NULL;
}

int idmap_plan(struct idmap *ret_map, struct err *err)
{
	struct idmap map = { 0 };
	map.why = geteuid() == 0 ? plan_root(&map) : plan_user(&map);
	map.single = map.why;
	if (map.single && self_is_host_root()) /* its single id would be the host's root */
		return err_set(err, -EINVAL, "the line root in /etc/subuid or /etc/subgid names ids that there are none of");
	if (map.single) {
		map.uids = (struct idmap_range){ getuid(), 0, 1 };
		map.gids = (struct idmap_range){ getgid(), 0, 1 };
	}
	*ret_map = map;
	return 0;
}

struct idmap idmap_keep(const struct idmap *map, uint32_t uid, uint32_t gid)
{
	struct idmap kept = *map;
	kept.uids.kept = uid;
	kept.gids.kept = gid;
	return kept;
}

/* A line of a map: ids inside, outside, and how many. */
struct extent {
	uint32_t inside, outside, count;
};

static size_t split(const struct idmap_range *range, struct extent ret_extents[3])
{
	uint32_t rest = range->count - 1, below = range->kept < rest ? range->kept : rest;
	size_t n = 0;
	if (below)
		ret_extents[n++] = (struct extent){ 0, range->rest_outside, below };
	ret_extents[n++] = (struct extent){ range->kept, range->root_outside, 1 };
	if (rest > below)
		ret_extents[n++] = (struct extent){ range->kept + 1, range->rest_outside + below, rest - below };
	return n;
}

static void format_range(char *text, size_t size, const struct idmap_range *range)
{
	struct extent extents[3];
	size_t count = split(range, extents), n = 0;
	for (size_t i = 0; i < count; i++)
		n += snprintf(text + n, size - n, "%u %u %u\n", extents[i].inside, extents[i].outside, extents[i].count);
}

static int write_proc(pid_t pid, const char *file, const char *text, struct err *err)
{
	char path[64];
	snprintf(path, sizeof path, "/proc/%d/%s", pid, file);
	return fd_write_file(AT_FDCWD, path, text, err);
}

static int start_helper(const char *name, const char *target, const struct idmap_range *range, pid_t *ret_pid, int *ret_output_fd,
	struct err *err)
{
	struct extent extents[3];
	size_t count = split(range, extents);
	cleanup_strv struct strv argv = { 0 };
	strv_add(&argv, name);
	strv_add(&argv, target);
	for (size_t i = 0; i < count; i++) {
		const uint32_t numbers[] = { extents[i].inside, extents[i].outside, extents[i].count };
		for (size_t j = 0; j < 3; j++)
			strv_take(&argv, str_fmt("%u", numbers[j]));
	}
	int r = process_start(argv.items, ret_pid, ret_output_fd, err);
	return r < 0 ? shortage_explain(getpid(), err) : 0;
}

/* newuidmap and newgidmap do not depend on each other: they run at the same time. */
static int write_by_helpers(const struct idmap *map, pid_t pid, struct err *err)
{
	char target[16];
	pid_t helpers[2];
	int outputs[2];
	const struct idmap_range *ranges[] = { &map->uids, &map->gids };
	static const char *const names[] = { "/usr/bin/newuidmap", "/usr/bin/newgidmap" };
	snprintf(target, sizeof target, "%d", pid);
	for (int i = 0; i < 2; i++) {
		int r = start_helper(names[i], target, ranges[i], &helpers[i], &outputs[i], err);
		if (r < 0)
			return r;
	}
	int failed = 0;
	for (int i = 0; i < 2; i++) {
		cleanup_buf struct buf output = { 0 };
		int status = process_finish(helpers[i], outputs[i], &output, err);
		if (status > 0 && !failed)
			failed = err_set(err, -EPERM, "cannot map the subordinate ids: %s: %s", names[i],
				output.len ? output.data : "failed");
		else if (status < 0)
			failed = status;
	}
	return failed;
}

static int write_by_hand(const struct idmap *map, pid_t pid, struct err *err)
{
	char text[128];
	int r = 0;
	if (map->single) /* user_namespaces(7): without privilege, setgroups must be denied before gid_map is written */
		r = write_proc(pid, "setgroups", "deny", err);
	format_range(text, sizeof text, &map->uids);
	if (r == 0)
		r = write_proc(pid, "uid_map", text, err);
	format_range(text, sizeof text, &map->gids);
	return r < 0 ? r : write_proc(pid, "gid_map", text, err);
}

/* A number means another process there than here, or none. */
static bool proc_is_of_other_pids(void)
{
	char self[16] = "";
	unsigned long long number;
	return readlink("/proc/self", self, sizeof self - 1) > 0 && str_to_u64(self, INT_MAX, &number) && (pid_t)number != getpid();
}

int idmap_write(const struct idmap *map, pid_t pid, struct err *err)
{
	bool by_helpers = geteuid() != 0 && !map->single;
	int r = by_helpers ? write_by_helpers(map, pid, err) : write_by_hand(map, pid, err);
	if (r < 0 && proc_is_of_other_pids())
		err_append(err, "; /proc is of another pid namespace than xrun is in: mount its own, as unshare --mount-proc and bwrap --proc /proc do");
	return r;
}

/* A range must lie within one range of the parent's map, so it has the same two parts. */
int idmap_write_nested(const struct idmap *map, pid_t pid, struct err *err)
{
	char text[128];
	struct idmap_range range = { 0, 1, map->uids.count, map->uids.kept };
	format_range(text, sizeof text, &range);
	int r = write_proc(pid, "uid_map", text, err);
	if (r < 0)
		return r;
	range.count = map->gids.count;
	range.kept = map->gids.kept;
	format_range(text, sizeof text, &range);
	return write_proc(pid, "gid_map", text, err);
}

int idmap_become_root(const struct idmap *map, struct err *err)
{
	if (!map->single && setgroups(0, NULL) < 0)
		return err_sys(err, "cannot drop the supplementary groups");
	if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
		return err_sys(err, "cannot become root of the user namespace");
	return 0;
}
