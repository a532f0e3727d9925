/* SPDX-License-Identifier: GPL-2.0-or-later */
/* oci_read_idmap.c owns reading a mount's map of owners out of its options. Pure. */
/*
 * podman hands the option down as its users write it: "idmap=uids=0-1000-1#1-2000-10;gids=0-1000-1". Of each three numbers the first is an id in the
 * file system, the second what becomes of it, the third how many there are. With @ before them the second is one of the container's ids.
 */
#include "src/plan/oci_read.h"

#include <string.h>

/* From an id of the container's to the host's; all of them have to be in one range. */
static bool from_container(const struct engine_range *own, size_t count, struct engine_range *range)
{
	for (size_t i = 0; i < count; i++) {
		if (range->outside < own[i].inside || range->outside - own[i].inside >= own[i].count)
			continue;
		uint32_t offset = range->outside - own[i].inside;
		range->outside = own[i].outside + offset;
		return range->count <= own[i].count - offset;
	}
	return false;
}

static bool read_range(char *text, struct engine_range *ret_range)
{
	uint32_t *const fields[] = { &ret_range->inside, &ret_range->outside, &ret_range->count };
	unsigned long long number;
	for (size_t i = 0; i < 3; i++) {
		const char *field = strsep(&text, "-");
		if (!field || !str_to_u64(field, UINT32_MAX, &number))
			return false;
		*fields[i] = (uint32_t)number;
	}
	return !text && ret_range->count > 0;
}

/* One list of ranges; `own`: the container's. */
static void read_ranges(struct oci_reader *o, const char *target, char *text, const struct engine_range *own, size_t own_count,
	struct engine_range **ranges, size_t *count)
{
	if (*ranges)
		oci_refuse(o, "%s: the option idmap has uids or gids twice", target);
	for (char *item; o->r == 0 && (item = strsep(&text, "#"));) {
		struct engine_range range;
		cleanup_free char *said = str_dup(item);
		bool relative = *item == '@';
		if (!read_range(item + relative, &range))
			oci_refuse(o, "%s: the option idmap: \"%s\" is no ID-ID-COUNT", target, said);
		else if (relative && !from_container(own, own_count, &range))
			oci_refuse(o, "%s: the option idmap: \"%s\" is in no range of the container's ids", target, said);
		*ranges = mem_grow(*ranges, *count + 1, sizeof **ranges);
		(*ranges)[(*count)++] = range;
	}
}

bool oci_read_idmap(struct oci_reader *o, const char *word, const struct engine_map *own, struct engine_mount *m)
{
	bool recursive = *word == 'r';
	const char *rest = word + recursive;
	if (!str_starts(rest, "idmap") || (rest[5] && rest[5] != '='))
		return false;
	m->mapped = true;
	m->mapped_recursive = recursive;
	cleanup_free char *copy = rest[5] ? str_dup(rest + 6) : NULL;
	for (char *text = copy, *list; o->r == 0 && (list = strsep(&text, ";"));) {
		if (str_starts(list, "uids="))
			read_ranges(o, m->target, list + 5, own->uids, own->uid_count, &m->map.uids, &m->map.uid_count);
		else if (str_starts(list, "gids="))
			read_ranges(o, m->target, list + 5, own->gids, own->gid_count, &m->map.gids, &m->map.gid_count);
		else
			oci_refuse(o, "%s: the option idmap: \"%s\" is neither uids=... nor gids=...", m->target, list);
	}
	if (copy && (!m->map.uid_count || !m->map.gid_count))
		oci_refuse(o, "%s: the option idmap needs both uids and gids", m->target);
	return true;
}
