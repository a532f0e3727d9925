/* SPDX-License-Identifier: GPL-2.0-or-later */
/* oci_read_links.c owns reading linux.netDevices of an engine's config.json. Pure. */
#include "src/plan/oci_read.h"

#include <net/if.h>
#include <string.h>

/* net/core/dev.c, dev_valid_name; a template has a %d that the kernel replaces by a number. */
static bool is_name(const char *name, bool template)
{
	size_t len = strlen(name), good = strcspn(name, "/: \t\n\v\f\r%");
	if (len == 0 || len >= IFNAMSIZ || str_eq(name, ".") || str_eq(name, ".."))
		return false;
	return good == len || (template && str_eq(name + good, "%d"));
}

void oci_read_links(struct oci_reader *o, const json_t *system, struct spec *spec)
{
	const char *host;
	json_t *value, *links = oci_object(o, system, "netDevices");
	struct spec_engine *engine = spec->engine;
	o->where = "linux.netDevices";
	if (json_object_size(links) && spec->namespaces.of[NAMESPACE_NETWORK].origin == NAMESPACE_HOST)
		oci_refuse(o, "the container has no network namespace to move them to");
	engine->links = mem_new((json_object_size(links) + 1) * sizeof *engine->links);
	json_object_foreach(links, host, value)
	{
		const char *name = json_is_object(value) ? oci_text(o, value, "name") : NULL;
		name = name && *name ? name : host;
		if (!json_is_object(value) || !is_name(host, false) || !is_name(name, true))
			oci_refuse(o, "\"%s\": one of the names is no network interface's", host);
		for (size_t i = 0; i < engine->link_count; i++)
			if (str_eq(engine->links[i].name, name) && !strchr(name, '%'))
				oci_refuse(o, "%s is there twice", name);
		engine->links[engine->link_count++] = (struct engine_link){ str_dup(host), str_dup(name) };
	}
}
