/* SPDX-License-Identifier: GPL-2.0-or-later */
/* probe_ids.c owns looking at subordinate ids (subuid(5), subgid(5)) and the programs that map them (newuidmap(1)). */
#include "src/runtime/probe.h"

#include "src/base/account.h"
#include "src/base/fd.h"
#include "src/runtime/userns.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { ENOUGH_IDS = 65536, MOST_LINES = 4096 }; /* docker's and podman's usual range: ids up to nobody's, 65534 */

struct range {
	char owner[64];
	unsigned long first, count;
};

/* "NAME:FIRST:COUNT". Lines that are none are left to the owner of the file; a broken line of ours is told by idmap_plan. */
static size_t read_ranges(const char *path, struct range *ranges, size_t room)
{
	cleanup_file FILE *file = fopen(path, "re");
	char line[256];
	size_t count = 0;
	while (file && count < room && fgets(line, sizeof line, file)) {
		struct range *r = &ranges[count];
		if (sscanf(line, "%63[^:]:%lu:%lu", r->owner, &r->first, &r->count) == 3 && r->count > 0)
			count++;
	}
	return count;
}

/* Above every range that anybody has, on a multiple of 65536 ids from 100000 on, as useradd(8) hands them out. */
static unsigned long find_free(const char *path)
{
	cleanup_free struct range *ranges = mem_new(MOST_LINES * sizeof *ranges);
	size_t count = read_ranges(path, ranges, MOST_LINES);
	unsigned long first = 100000;
	for (size_t i = 0; i < count; i++)
		while (first < ranges[i].first + ranges[i].count && ranges[i].first + ranges[i].count < 1000000000)
			first += ENOUGH_IDS;
	return first;
}

static bool is_ours(const struct range *range, const char *name)
{
	char number[16];
	snprintf(number, sizeof number, "%u", getuid());
	return str_eq(range->owner, name) || str_eq(range->owner, number);
}

/* The other user's range that shares ids with one of ours; whoever has it can change our containers' files. */
static const struct range *find_overlap(const struct range *ranges, size_t count, const char *name, const struct range **ret_ours)
{
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; is_ours(&ranges[i], name) && j < count; j++) {
			bool apart = ranges[j].first >= ranges[i].first + ranges[i].count ||
				     ranges[i].first >= ranges[j].first + ranges[j].count;
			*ret_ours = &ranges[i];
			if (!apart && !is_ours(&ranges[j], name))
				return &ranges[j];
		}
	return NULL;
}

static void probe_file(const char *path, const char *name, struct findings *findings)
{
	cleanup_free struct range *ranges = mem_new(MOST_LINES * sizeof *ranges);
	size_t count = read_ranges(path, ranges, MOST_LINES);
	const struct range *ours = NULL, *other = find_overlap(ranges, count, name, &ours);
	const char *option = str_ends(path, "subuid") ? "uids" : "gids";
	if (other) {
		struct finding *f = findings_add(findings, "ids", path, FINDING_LIMITED, "the range %lu:%lu of %s overlaps %lu:%lu of %s, who can "
			"so change this user's containers", ours->first, ours->count, name, other->first, other->count, other->owner);
		unsigned long free = find_free(path);
		finding_mend(f, "sudo usermod --del-sub%s %lu-%lu --add-sub%s %lu-%lu %s", option, ours->first, ours->first + ours->count - 1,
			option, free, free + ENOUGH_IDS - 1, name);
		return;
	}
	for (ours = ranges; ours < ranges + count && !is_ours(ours, name);)
		ours++;
	if (ours < ranges + count && ours->count < ENOUGH_IDS) {
		struct finding *f = findings_add(findings, "ids", path, FINDING_LIMITED, "%s has %lu ids: images whose files or users have higher "
			"ids than that cannot be used", name, ours->count);
		unsigned long free = find_free(path);
		finding_mend(f, "sudo usermod --del-sub%s %lu-%lu --add-sub%s %lu-%lu %s", option, ours->first, ours->first + ours->count - 1,
			option, free, free + ENOUGH_IDS - 1, name);
	}
}

/* Set-uid root, or with the file capability that shadow's packages give it elsewhere (capabilities(7), security.capability). */
static const char *check_helper(const char *path)
{
	struct stat st;
	struct statvfs fs;
	if (stat(path, &st) < 0)
		return "is not installed";
	bool set_uid = st.st_uid == 0 && (st.st_mode & S_ISUID);
	if (!set_uid && getxattr(path, "security.capability", NULL, 0) <= 0)
		return "is neither set-uid root nor has it file capabilities";
	if (statvfs(path, &fs) == 0 && (fs.f_flag & ST_NOSUID))
		return "is on a file system that is mounted nosuid";
	return NULL;
}

static bool probe_helpers(struct findings *findings)
{
	static const char *const helpers[] = { "/usr/bin/newuidmap", "/usr/bin/newgidmap" };
	for (size_t i = 0; i < 2; i++) {
		const char *problem = check_helper(helpers[i]);
		if (!problem)
			continue;
		bool absent = access(helpers[i], F_OK) < 0;
		struct finding *f = findings_add(findings, "ids", helpers[i] + strlen("/usr/bin/"), absent ? FINDING_LIMITED : FINDING_BROKEN,
			"%s %s%s", helpers[i], problem, absent ? ": containers have one user id only" : "");
		finding_mend(f, "%s%s", absent ? "sudo apt install uidmap" : "sudo chmod u+s ", absent ? "" : helpers[i]);
		return false;
	}
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1) {
		findings_add(findings, "ids", "newuidmap", FINDING_BROKEN, "no_new_privs is set around xrun (by an IDE's terminal, a service with "
			"NoNewPrivileges=, or a container), so that newuidmap has no privilege; start xrun outside of it");
		return false;
	}
	return true;
}

static int nothing(void *context, struct err *err)
{
	(void)context;
	(void)err;
	return 0;
}

static void probe_single(const struct idmap *map, const char *name, struct findings *findings)
{
	struct finding *f = findings_add(findings, "ids", "id map", FINDING_LIMITED,
		"containers have one user id only, so chown, su and package managers fail in them: %s", map->why);
	unsigned long uids = find_free("/etc/subuid"), gids = find_free("/etc/subgid");
	if (access("/usr/bin/newuidmap", X_OK) == 0 && geteuid() != 0)
		finding_mend(f, "sudo usermod --add-subuids %lu-%lu --add-subgids %lu-%lu %s", uids, uids + ENOUGH_IDS - 1, gids,
			gids + ENOUGH_IDS - 1, name);
	else if (geteuid() != 0)
		finding_mend(f, "sudo apt install uidmap");
}

static void probe_map(const char *name, struct findings *findings)
{
	struct idmap map = { 0 };
	struct err err = { 0 };
	int r = idmap_plan(&map, &err);
	if (r == 0 && map.single) {
		probe_single(&map, name, findings);
		return;
	}
	if (r == 0)
		r = userns_call(&map, NULL, nothing, NULL, &err);
	if (r < 0)
		findings_add(findings, "ids", "id map", FINDING_BROKEN, "%s", err.text);
	else
		findings_add(findings, "ids", "id map", FINDING_OK, "%u ids: container root is user %u here, the others are %u and up", map.uids.count,
			map.uids.root_outside, map.uids.rest_outside);
}

void probe_ids(struct findings *findings)
{
	cleanup_free char *name = NULL, *home = NULL;
	if (!account_find(getuid(), &name, &home))
		name = str_fmt("%u", getuid());
	probe_file("/etc/subuid", name, findings);
	probe_file("/etc/subgid", name, findings);
	if (geteuid() == 0 || probe_helpers(findings))
		probe_map(name, findings);
}
