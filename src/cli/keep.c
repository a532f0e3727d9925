/* SPDX-License-Identifier: GPL-2.0-or-later */
/* keep.c owns the layers of containers in which the caller is not root (--userns keep-id). */
/*
 * A file's owner stands in its inode, so a layer is unpacked once for each choice of ids, by xrun-fetch as root of a namespace
 * with that very map. The plain layer, which names the other ones, is there before, and is what the store's sweep looks at.
 */
#include "src/cli/run.h"

#include <errno.h>
#include <unistd.h>

int keep_check(const struct request *q, const struct idmap *map, struct err *err)
{
	if (!request_keeps_id(q))
		return 0;
	if (geteuid() == 0)
		return err_set(err, -EINVAL, "--userns keep-id is for ordinary users: no container of root's has an id of root's own");
	if (map->single)
		return err_set(err, -EINVAL, "--userns keep-id needs subordinate ids for the container's root and others: %s", map->why);
	return 0;
}

static int unpack(const struct request *q, const struct image *image, char *suffix, const struct idmap *map, int dir_fd, struct err *err)
{
	char *argv[] = { "xrun-fetch", "unpack", (char *)image->manifest.text, image->reference, suffix, NULL, NULL };
	cleanup_free char *progress = NULL;
	int r = cli_choose_progress(&(struct fetch){ .quiet = q->quiet, .progress = q->progress }, &progress, err);
	argv[5] = progress;
	if (r == 0)
		r = cli_helper(argv, -1, map, dir_fd, err);
	return r < 0 ? err_prefix(err, "--userns keep-id") : 0;
}

/* 1: all are there. */
static int rename_layers(const struct store *store, const char *suffix, struct spec *spec)
{
	int all = 1;
	for (size_t i = 0; i < spec->layers.len; i++) {
		char *name = str_fmt("%s%s", spec->layers.items[i], suffix);
		all = all && store_has_layer(store, name) == 1;
		free(spec->layers.items[i]);
		spec->layers.items[i] = name;
	}
	return all;
}

int keep_unpack(const struct request *q, const struct image *image, const struct store *store, const struct idmap *map, int dir_fd,
	struct spec *spec, struct err *err)
{
	if ((!spec->kept_uid && !spec->kept_gid) || !spec->layers.len)
		return 0;
	const struct idmap kept = idmap_keep(map, spec->kept_uid, spec->kept_gid);
	cleanup_free char *suffix = str_fmt(".%u.%u", spec->kept_uid, spec->kept_gid);
	return rename_layers(store, suffix, spec) ? 0 : unpack(q, image, suffix, &kept, dir_fd, err);
}
