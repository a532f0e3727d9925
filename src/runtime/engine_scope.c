/* SPDX-License-Identifier: GPL-2.0-or-later */
/* engine_scope.c owns the cgroups of containers whose engine leaves them to systemd: --systemd-cgroup. */
/*
 * systemd makes a scope, moves the container's outer stage there, and delegates it. In v2 a cgroup with processes hands no
 * controllers down, so the stage goes into "container" below the scope; its files are ours, and no daemon-reload changes them.
 * The scope goes by itself with its last process.
 */
#include "src/runtime/engine.h"

#include "src/base/self.h"
#include "src/runtime/cgroup_place.h"
#include "src/runtime/cgroup_scope.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static bool is_unit_part(const char *text)
{
	return text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:-_.\\@")] == 0;
}

/* runc's docs/systemd.md: "SLICE:PREFIX:NAME". */
static int parse_path(const char *path, const char *id, char **ret_slice, char **ret_unit, struct err *err)
{
	const char *usual = self_is_host_root() ? "system.slice" : "user.slice";
	cleanup_free char *copy = path && *path ? str_dup(path) : str_fmt(":xrun-oci:%s", id);
	char *prefix = strchr(copy, ':'), *name = prefix ? strchr(prefix + 1, ':') : NULL;
	if (!name || strchr(name + 1, ':') || !name[1])
		return err_set(err, -EINVAL, "cgroupsPath \"%s\": systemd wants SLICE:PREFIX:NAME", copy);
	*prefix++ = 0;
	*name++ = 0;
	if ((*copy && !str_ends(copy, ".slice")) || !is_unit_part(copy) || !is_unit_part(prefix) || !is_unit_part(name))
		return err_set(err, -EINVAL, "cgroupsPath \"%s\": not the names of a slice and a scope", path && *path ? path : id);
	*ret_slice = str_dup(*copy ? copy : usual);
	*ret_unit = str_fmt("%s%s%s.scope", prefix, *prefix ? "-" : "", name);
	return 0;
}

int engine_scope_create(const struct spec *spec, const char *id, pid_t pid, struct cgroup *ret_cgroup, char **ret_path, struct err *err)
{
	static const char mount[] = "/sys/fs/cgroup";
	bool v2 = false;
	cleanup_free char *slice = NULL, *unit = NULL;
	if (!cgroup_is_v2_only())
		return err_set(err, -EOPNOTSUPP, "--systemd-cgroup needs cgroup v2 alone at /sys/fs/cgroup: here the engine's cgroup manager has to be cgroupfs");
	int r = parse_path(spec->engine->cgroup, id, &slice, &unit, err);
	const struct cgroup_scope scope = { .unit = unit, .slice = slice, .system = self_is_host_root() };
	r = r < 0 ? r : cgroup_scope_start(&scope, pid, err);
	if (r < 0)
		return r;
	cleanup_free char *place = cgroup_place_of(CGROUP_FREEZER, pid, &v2);
	if (!place)
		return err_set(err, -ENOENT, "the cgroup of %s cannot be found", unit);
	r = cgroup_place_divide(place, "container", pid, ret_cgroup, err);
	if (r == 0)
		r = engine_cgroup_configure(spec, ret_cgroup, err);
	*ret_path = str_fmt("%s/container", place + (str_starts(place, mount) ? strlen(mount) : 0));
	return r;
}
