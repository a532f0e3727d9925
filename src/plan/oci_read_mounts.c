/* SPDX-License-Identifier: GPL-2.0-or-later */
/* oci_read_mounts.c owns reading the mounts, and the id maps, of an engine's config.json. Pure. */
/*
 * config.md, "Linux mount options": each word either sets or clears an attribute of the mount, one with an r before it of
 * the mounts below as well; or is one of the words for propagation; or, for what is no bind mount, belongs to the file system.
 */
#include "src/plan/oci_read.h"

#include <string.h>
#include <sys/mount.h>

#ifndef MOUNT_ATTR_NOSYMFOLLOW /* Linux 5.14 */
#define MOUNT_ATTR_NOSYMFOLLOW 0x00200000
#endif

/* The three words for times of access are one field, MOUNT_ATTR__ATIME, which is cleared before one is set. */
static const struct {
	const char *name;
	uint64_t set, clear;
} words[] = {
	{ "ro", MOUNT_ATTR_RDONLY, 0 }, { "rw", 0, MOUNT_ATTR_RDONLY }, { "nosuid", MOUNT_ATTR_NOSUID, 0 }, { "suid", 0, MOUNT_ATTR_NOSUID },
	{ "nodev", MOUNT_ATTR_NODEV, 0 }, { "dev", 0, MOUNT_ATTR_NODEV }, { "noexec", MOUNT_ATTR_NOEXEC, 0 }, { "exec", 0, MOUNT_ATTR_NOEXEC },
	{ "nodiratime", MOUNT_ATTR_NODIRATIME, 0 }, { "diratime", 0, MOUNT_ATTR_NODIRATIME },
	{ "noatime", MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME }, { "atime", MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME },
	{ "relatime", MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME }, { "norelatime", MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME },
	{ "strictatime", MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME }, { "nostrictatime", MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME },
	{ "nosymfollow", MOUNT_ATTR_NOSYMFOLLOW, 0 }, { "symfollow", 0, MOUNT_ATTR_NOSYMFOLLOW },
};

static const struct {
	const char *name;
	unsigned long flags;
} propagations[] = {
	{ "shared", MS_SHARED }, { "rshared", MS_SHARED | MS_REC }, { "slave", MS_SLAVE }, { "rslave", MS_SLAVE | MS_REC },
	{ "private", MS_PRIVATE }, { "rprivate", MS_PRIVATE | MS_REC }, { "unbindable", MS_UNBINDABLE }, { "runbindable", MS_UNBINDABLE | MS_REC },
};

void oci_read_map(struct oci_reader *o, const json_t *object, const char *uids, const char *gids, struct engine_map *ret_map)
{
	for (int i = 0; i < 2; i++) {
		const json_t *list = oci_array(o, object, i ? gids : uids);
		struct engine_range *ranges = mem_new((json_array_size(list) + 1) * sizeof *ranges);
		size_t count = 0;
		for (; o->r == 0 && count < json_array_size(list); count++) {
			int64_t inside = 0, outside = 0, size = 0;
			const json_t *item = json_array_get(list, count);
			oci_number(o, item, "containerID", 0, UINT32_MAX, &inside);
			oci_number(o, item, "hostID", 0, UINT32_MAX, &outside);
			if (oci_number(o, item, "size", 1, UINT32_MAX, &size))
				ranges[count] = (struct engine_range){ inside, outside, size };
			else
				oci_refuse(o, "%s lacks a size", i ? gids : uids);
		}
		*(i ? &ret_map->gids : &ret_map->uids) = ranges;
		*(i ? &ret_map->gid_count : &ret_map->uid_count) = count;
	}
}

static bool take_attribute(const char *word, struct engine_mount *m)
{
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		bool plain = str_eq(words[i].name, word), below = *word == 'r' && str_eq(words[i].name, word + 1);
		if (!plain && !below)
			continue;
		uint64_t *set = plain ? &m->set : &m->rset, *clear = plain ? &m->clear : &m->rclear;
		*set = (*set & ~words[i].clear) | words[i].set;
		*clear = (*clear & ~words[i].set) | words[i].clear;
		return true;
	}
	return false;
}

static bool take_propagation(struct oci_reader *o, const char *word, struct engine_mount *m)
{
	for (size_t i = 0; i < sizeof propagations / sizeof *propagations; i++) {
		if (!str_eq(propagations[i].name, word))
			continue;
		if (m->propagation_count == sizeof m->propagation / sizeof *m->propagation)
			oci_refuse(o, "%s: too many words for propagation", m->target);
		else
			m->propagation[m->propagation_count++] = propagations[i].flags;
		return true;
	}
	return false;
}

static bool take_switch(const char *word, struct engine_mount *m)
{
	const struct {
		const char *name;
		bool *field;
	} switches[] = { { "bind", &m->bind }, { "rbind", &m->recursive }, { "tmpcopyup", &m->copy_up }, { "remount", &m->remount },
		{ "src-nofollow", &m->source_nofollow }, { "copy-symlink", &m->source_nofollow }, { "dest-nofollow", &m->target_nofollow } };
	for (size_t i = 0; i < sizeof switches / sizeof *switches; i++) {
		if (!str_eq(switches[i].name, word))
			continue;
		*switches[i].field = true;
		m->bind |= str_eq(word, "rbind");
		return true;
	}
	return str_eq(word, "defaults");
}

/* Those that are a file system's, not a mount's: a bind mount's file system has its own already. */
static bool is_file_systems(const char *word)
{
	static const char *const names[] = { "sync", "async", "dirsync", "mand", "nomand", "iversion", "noiversion", "lazytime", "nolazytime",
		"silent", "loud", "acl", "noacl" };
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (str_eq(names[i], word))
			return true;
	return false;
}

/* What could be meant for a file system (mode=755) is warned of; a word alone is a mistake. */
static void check_bind(struct oci_reader *o, const struct engine_mount *m, struct strv *warnings)
{
	if (!m->source)
		oci_refuse(o, "%s: a bind mount needs a source", m->target);
	for (size_t i = 0; i < m->data.len; i++) {
		const char *word = m->data.items[i];
		if (strchr(word, '='))
			strv_take(warnings, str_fmt("mounts: %s: a bind mount has no option \"%s\": it is left out", m->target, word));
		else if (!is_file_systems(word))
			oci_refuse(o, "%s: a bind mount has no option \"%s\"", m->target, word);
	}
}

/* The specification's keys, and words that podman and crun have for the same among the options. */
static void read_map(struct oci_reader *o, const json_t *item, struct engine_mount *m)
{
	bool given = m->map.uid_count || m->map.gid_count;
	if (given && (json_array_size(oci_array(o, item, "uidMappings")) || json_array_size(oci_array(o, item, "gidMappings"))))
		oci_refuse(o, "%s: there are mappings beside those of the option idmap", m->target);
	else if (!given)
		oci_read_map(o, item, "uidMappings", "gidMappings", &m->map);
	m->mapped |= m->map.uid_count || m->map.gid_count;
	if (m->mapped && !m->bind)
		oci_refuse(o, "%s: only a bind mount can be idmapped", m->target);
}

static void read_one(struct oci_reader *o, const json_t *item, const struct engine_map *own, struct engine_mount *m, struct strv *warnings)
{
	cleanup_strv struct strv options = { 0 };
	m->target = str_dup(oci_need_text(o, item, "destination"));
	m->type = str_dup(oci_text(o, item, "type"));
	m->source = str_dup(oci_text(o, item, "source"));
	oci_texts(o, item, "options", &options);
	for (size_t i = 0; i < options.len; i++) {
		const char *word = options.items[i];
		if (!take_attribute(word, m) && !take_propagation(o, word, m) && !oci_read_idmap(o, word, own, m) && !take_switch(word, m))
			strv_add(&m->data, word);
	}
	m->bind |= str_eq(m->type, "bind");
	if (m->remount)
		oci_refuse(o, "%s: there is nothing to remount", m->target);
	if (m->copy_up && !str_eq(m->type, "tmpfs"))
		oci_refuse(o, "%s: tmpcopyup is for a tmpfs", m->target);
	read_map(o, item, m);
	if (!*m->target)
		oci_refuse(o, "a destination is empty");
	else if (m->bind)
		check_bind(o, m, warnings);
	else if (!m->bind && !m->type)
		oci_refuse(o, "%s: there is no type", m->target);
}

void oci_read_mounts(struct oci_reader *o, const json_t *config, struct spec_engine *engine)
{
	const json_t *list = oci_array(o, config, "mounts");
	o->where = "mounts";
	engine->mounts = mem_new((json_array_size(list) + 1) * sizeof *engine->mounts);
	for (size_t i = 0; o->r == 0 && i < json_array_size(list); i++)
		read_one(o, json_array_get(list, i), &engine->map, &engine->mounts[engine->mount_count++], &engine->warnings);
}
