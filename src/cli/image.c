/* SPDX-License-Identifier: GPL-2.0-or-later */
/* image.c owns finding the image that a container is made of: in the store, or else by pulling it. */
#include "src/cli/run.h"

#include "registry/reference.h"

#include <errno.h>

int run_find_image(const struct request *q, const char *name, const struct platform *platform, const struct idmap *map,
	int dir_fd, struct image *ret_image, struct err *err)
{
	struct reference reference;
	int r = reference_parse(name, &reference, err);
	if (r < 0)
		return r;
	if (q->pull && !str_eq(q->pull, "always") && !str_eq(q->pull, "missing") && !str_eq(q->pull, "never"))
		return err_set(err, -EINVAL, "--pull %s: there are always, missing and never", q->pull);
	r = cli_check_progress(q->progress, err);
	if (r < 0)
		return r;
	cleanup_free char *full = reference_text(&reference);
	for (int tries = 0; tries < 2; tries++) {
		cleanup_store struct store store = STORE_CLOSED;
		bool fetch_now = tries == 0 && str_eq(q->pull, "always");
		r = fetch_now ? -ENOENT : store_open(&store, dir_fd, false, err);
		if (r == 0)
			r = store_find_image(&store, full, platform, ret_image, err);
		if (r != -ENOENT || tries == 1)
			return r;
		if (str_eq(q->pull, "never"))
			return err_set(err, -ENOENT, "%s is not in the store for %s, and --pull never was given", full,
				platform_text(platform).text);
		err_clear(err);
		struct fetch fetch = { .image = name, .platform = *platform, .creds = q->creds, .tls_verify = q->tls_verify,
			.quiet = q->quiet, .progress = q->progress };
		r = cli_fetch(&fetch, map, dir_fd, err);
		if (r < 0)
			return r;
	}
	return r;
}
