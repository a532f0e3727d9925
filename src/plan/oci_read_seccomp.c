/* SPDX-License-Identifier: GPL-2.0-or-later */
/* oci_read_seccomp.c owns reading linux.seccomp of an engine's config.json. Pure. */
#include "src/plan/oci_read.h"

#include "src/plan/seccomp.h"

#include <string.h>

/* Without what only says whom to ask: that is no part of a profile, and xrun's own know nothing of it. */
static char *profile_text(const json_t *profile)
{
	json_t *rest = json_deep_copy(profile);
	json_object_del(rest, "listenerPath");
	json_object_del(rest, "listenerMetadata");
	char *text = json_dumps(rest, JSON_COMPACT);
	json_decref(rest);
	return text;
}

void oci_read_seccomp(struct oci_reader *o, const json_t *system, uint32_t kernel, struct spec *spec)
{
	const json_t *profile = oci_object(o, system, "seccomp");
	struct spec_engine *engine = spec->engine;
	o->where = "linux.seccomp";
	if (!profile)
		return;
	const char *listener = oci_text(o, profile, "listenerPath"), *metadata = oci_text(o, profile, "listenerMetadata");
	bool listens = listener && *listener;
	if (metadata && *metadata && !listens)
		oci_refuse(o, "there is listenerMetadata, but no listenerPath");
	cleanup_free char *text = o->r < 0 ? NULL : profile_text(profile);
	if (text)
		o->r = seccomp_plan("of config.json", text, strlen(text), kernel, spec, o->err);
	if (o->r < 0 || !spec->isolation.profile.asks)
		return;
	if (!listens)
		oci_refuse(o, "SCMP_ACT_NOTIFY needs a listenerPath, where to ask");
	engine->listener = str_dup(listener);
	engine->listener_metadata = str_dup(metadata);
}
