/* SPDX-License-Identifier: GPL-2.0-or-later */
/* engine_subgroup.c owns which cgroups below an engine's container's own a further process is put into. */
#include "src/runtime/engine_subgroup.h"

#include "src/runtime/cgroup_place.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool leads_up(const char *path)
{
	for (const char *at = path; at; at = strchr(at, '/')) {
		at += strspn(at, "/");
		if (strcspn(at, "/") == 2 && str_starts(at, ".."))
			return true;
	}
	return false;
}

/* True: the directory is there, and is taken. */
static bool take(const struct cgroup_directory *own, const char *path, struct cgroup_directory *ret_directory)
{
	cleanup_free char *below = own->path ? str_fmt("%s/%s", own->path, path) : NULL;
	if (!below || access(below, F_OK) < 0)
		return false;
	free(ret_directory->path);
	ret_directory->path = below;
	below = NULL;
	return true;
}

static int take_named(const struct cgroup *own, char *controllers, const char *path, struct cgroup *ret_cgroup, struct err *err)
{
	for (char *name; (name = strsep(&controllers, ","));) {
		int i = 0;
		while (i < CGROUP_CONTROLLERS && !str_eq(cgroup_controller_name(i, own->of[i].v2), name))
			i++;
		if (i == CGROUP_CONTROLLERS || !own->of[i].path)
			return err_set(err, -ENOENT, "--cgroup: unknown controller \"%s\", or the container has no cgroup of it", name);
		if (!take(&own->of[i], path, &ret_cgroup->of[i]))
			return err_set(err, -ENOENT, "--cgroup %s:%s: there is no %s/%s", name, path, own->of[i].path, path);
	}
	return 0;
}

static int take_everywhere(const struct cgroup *own, const char *path, struct cgroup *ret_cgroup, struct err *err)
{
	bool any = false;
	for (int i = 0; i < CGROUP_CONTROLLERS; i++)
		any |= take(&own->of[i], path, &ret_cgroup->of[i]);
	return any ? 0 : err_set(err, -ENOENT, "--cgroup %s: there is no such cgroup below the container's", path);
}

int engine_subgroup_find(const struct cgroup *own, const struct strv *words, struct cgroup *ret_cgroup, struct err *err)
{
	int r = 0;
	for (int i = 0; i < CGROUP_CONTROLLERS; i++)
		ret_cgroup->of[i] = (struct cgroup_directory){ str_dup(own->of[i].path), own->of[i].v2 };
	for (size_t i = 0; r == 0 && i < words->len; i++) {
		cleanup_free char *copy = str_dup(words->items[i]);
		char *colon = strchr(copy, ':'), *path = colon ? colon + 1 : copy;
		if (colon)
			*colon = 0;
		if (leads_up(path))
			r = err_set(err, -EINVAL, "--cgroup %s: .. is not a sub cgroup path: `..` components are not allowed", words->items[i]);
		else
			r = colon ? take_named(own, copy, path, ret_cgroup, err) : take_everywhere(own, path, ret_cgroup, err);
	}
	return r;
}
