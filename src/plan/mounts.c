/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mounts.c owns the options that show files in a container. Pure. */
#include "src/plan/parts.h"

#include <errno.h>
#include <string.h>

static bool is_root(const char *target)
{
	return target[strspn(target, "/")] == 0;
}

static int plan_volume(const char *text, struct spec *spec, struct err *err)
{
	cleanup_free char *copy = str_dup(text);
	char *target = strchr(copy, ':');
	char *mode = target ? strchr(target + 1, ':') : NULL;
	if (target)
		*target++ = 0;
	if (mode)
		*mode++ = 0;
	if (!target || *target != '/' || !*copy)
		return err_set(err, -EINVAL, "-v %s: write it as HOST-PATH:CONTAINER-PATH[:ro]", text);
	if (is_root(target))
		return err_set(err, -EINVAL, "-v %s: the container's / is the image; give a directory below it", text);
	if (!strchr(copy, '/') && !str_eq(copy, ".") && !str_eq(copy, ".."))
		return err_set(err, -EINVAL, "-v %s: named volumes do not exist here; give a path, ./%s for example", text, copy);
	if (mode && !str_eq(mode, "ro") && !str_eq(mode, "rw"))
		return err_set(err, -EINVAL, "-v %s: unknown option %s; there are ro and rw", text, mode);
	spec_add_mount(spec, copy, target, str_eq(mode, "ro"));
	return 0;
}

int plan_mounts(const struct request *q, struct spec *spec, struct err *err)
{
	for (size_t i = 0; i < q->volumes.len; i++) {
		int r = plan_volume(q->volumes.items[i], spec, err);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < q->tmpfs.len; i++) {
		if (q->tmpfs.items[i][0] != '/' || strchr(q->tmpfs.items[i], ':') || is_root(q->tmpfs.items[i]))
			return err_set(err, -EINVAL, "--tmpfs %s: write it as an absolute path below / in the container", q->tmpfs.items[i]);
		spec_add_mount(spec, NULL, q->tmpfs.items[i], false);
	}
	return 0;
}
