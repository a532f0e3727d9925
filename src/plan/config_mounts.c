/* SPDX-License-Identifier: GPL-2.0-or-later */
/* config_mounts.c owns a spec's mounts as a part of config.json. */
#include "src/plan/config_mounts.h"

#include "src/plan/config_string.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* By mount_kind. */
static const char *const types[] = { "bind", "tmpfs", "xrun.device", "xrun.volume" };

/* z and Z have no meaning without labels, and none for other runtimes: they stand only where there are labels. */
static json_t *options(const struct spec *spec, const struct spec_mount *m)
{
	json_t *array = json_pack("[s, s, s, s]", m->read_only ? "ro" : "rw", m->no_exec ? "noexec" : "exec",
		m->no_suid ? "nosuid" : "suid", m->no_dev ? "nodev" : "dev");
	if (m->kind == MOUNT_BIND)
		json_array_append_new(array, json_string(m->slave ? "rslave" : "rprivate"));
	if (m->kind == MOUNT_BIND && m->flat)
		json_array_append_new(array, json_string("bind"));
	if (m->relabel && spec->isolation.file_label)
		json_array_append_new(array, json_string(m->relabel == RELABEL_SHARED ? "z" : "Z"));
	cleanup_free char *mode = str_fmt("mode=%o", m->mode), *size = str_fmt("size=%llu", (unsigned long long)m->size);
	cleanup_free char *uid = str_fmt("uid=%u", m->uid), *gid = str_fmt("gid=%u", m->gid);
	if (m->has_mode)
		json_array_append_new(array, json_string(mode));
	if (m->size)
		json_array_append_new(array, json_string(size));
	if (m->uid)
		json_array_append_new(array, json_string(uid));
	if (m->gid)
		json_array_append_new(array, json_string(gid));
	return array;
}

json_t *config_mounts_write(const struct spec *spec)
{
	json_t *array = json_array();
	for (size_t i = 0; i < spec->mount_count; i++) {
		const struct spec_mount *m = &spec->mounts[i];
		json_array_append_new(array, json_pack("{s:o, s:s, s:o, s:o}", "destination", config_string(m->target), "type", types[m->kind],
			"source", config_string(m->source ? m->source : types[m->kind]), "options", options(spec, m)));
	}
	return array;
}

static void take_option(const char *word, struct spec_mount *m)
{
	const struct {
		const char *on, *off;
		bool *field;
	} flags[] = { { "ro", "rw", &m->read_only }, { "noexec", "exec", &m->no_exec }, { "nosuid", "suid", &m->no_suid },
		{ "nodev", "dev", &m->no_dev }, { "rslave", "rprivate", &m->slave }, { "bind", "rbind", &m->flat } };
	for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
		if (str_eq(word, flags[i].on) || str_eq(word, flags[i].off))
			*flags[i].field = str_eq(word, flags[i].on);
	if (str_eq(word, "z") || str_eq(word, "Z"))
		m->relabel = *word == 'z' ? RELABEL_SHARED : RELABEL_PRIVATE;
	if (str_starts(word, "mode=")) {
		m->has_mode = true;
		m->mode = strtoul(word + strlen("mode="), NULL, 8) & 07777;
	}
	if (str_starts(word, "uid="))
		m->uid = strtoul(word + strlen("uid="), NULL, 10);
	if (str_starts(word, "gid="))
		m->gid = strtoul(word + strlen("gid="), NULL, 10);
	if (str_starts(word, "size="))
		m->size = strtoull(word + strlen("size="), NULL, 10);
}

int config_mounts_read(const json_t *array, struct spec *spec, struct err *err)
{
	for (size_t i = 0; i < json_array_size(array); i++) {
		const json_t *mount = json_array_get(array, i), *words = json_object_get(mount, "options");
		const char *target = json_string_value(json_object_get(mount, "destination"));
		const char *source = json_string_value(json_object_get(mount, "source"));
		const char *type = json_string_value(json_object_get(mount, "type"));
		size_t kind = 0;
		while (kind < sizeof types / sizeof *types && !str_eq(types[kind], type))
			kind++;
		if (!target || !source || kind == sizeof types / sizeof *types)
			return err_set(err, -EBADMSG, "the container's config.json has a mount without a known type, source or destination");
		struct spec_mount *m = spec_add_mount(spec, kind == MOUNT_TMPFS || kind == MOUNT_OWN ? NULL : source, target, false);
		m->kind = kind;
		for (size_t w = 0; w < json_array_size(words); w++)
			if (json_is_string(json_array_get(words, w)))
				take_option(json_string_value(json_array_get(words, w)), m);
	}
	return 0;
}
