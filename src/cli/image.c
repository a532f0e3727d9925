/* SPDX-License-Identifier: GPL-2.0-or-later */
/* image.c owns finding the image that a container is made of: in the store, or else by pulling it. */
#include "src/cli/run.h"

#include "src/cli/local.h"
#include "src/cli/selection.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { MAX_TRIES = 20 };

/* What is in the store by this name; the store stays open, so that nobody removes it. */
static int look(const char *name, const struct platform *platform, int dir_fd, struct store *ret_store, struct image *ret_image,
	struct err *err)
{
	cleanup_store struct store store = STORE_CLOSED;
	int r = store_open(&store, dir_fd, false, err);
	if (r == 0)
		r = store_find_image(&store, name, platform, ret_image, err);
	if (r < 0)
		return r;
	*ret_store = store;
	store = (struct store)STORE_CLOSED;
	return 0;
}

/* A file or a directory may have changed since it was read the last time: it is read again, unless that is forbidden. */
static bool must_fetch(const struct request *q, const struct source *source)
{
	return str_eq(q->pull, "always") || (source->kind != SOURCE_REGISTRY && !str_eq(q->pull, "never"));
}

struct stored {
	struct platform platform;
	bool made_here;
	struct buf all; /* the platforms, as they are told; or empty */
};

static void stored_done(struct stored *stored)
{
	buf_done(&stored->all);
}
#define cleanup_stored __attribute__((cleanup(stored_done)))

/* For how many platforms the store has this name, and the one of them that fits best. */
static size_t find_stored(const char *name, const struct platform *wanted, int dir_fd, struct stored *ret_best)
{
	struct err ignored;
	cleanup_images struct images images = { 0 };
	size_t found = 0, best = 0;
	cleanup_store struct store store = STORE_CLOSED;
	if (store_open(&store, dir_fd, false, &ignored) < 0 || store_list_images(&store, &images, &ignored) < 0)
		return 0;
	for (size_t i = 0; i < images.count; i++) {
		const struct platform *platform = &images.items[i].platform;
		if (!str_eq(images.items[i].reference, name))
			continue;
		if (found++ == 0 || platform_score(platform, wanted) > platform_score(&images.items[best].platform, wanted))
			best = i;
		buf_fmt(&ret_best->all, "%s%s", ret_best->all.len ? ", " : "", platform_text(platform).text);
	}
	if (found) {
		ret_best->platform = images.items[best].platform;
		ret_best->made_here = images.items[best].made_here;
	}
	return found;
}

/* An image that was loaded or built here is in no registry, and where it came from may be gone; it may be here for another platform. */
static int tell_stored(const char *name, const struct platform *wanted, int dir_fd, struct err *err)
{
	cleanup_stored struct stored stored = { 0 };
	bool told = strstr(err->text, "--platform") || strstr(err->text, "--arch");
	size_t count = find_stored(name, wanted, dir_fd, &stored);
	if (!count)
		return err->code;
	if (platform_score(&stored.platform, wanted) > 0)
		err_append(err, "; --pull never takes what the store has of it");
	else if (!told)
		err_append(err, "; the store has it for %s, %s --platform chooses", stored.all.data, count > 1 ? "of which" : "which");
	return err->code;
}

/*
 * Where nobody is to be asked for another one, the only platform that a name is here for is meant. A registry's name means the
 * machine's own platform, whatever was pulled before; that of an image which was made here is no registry's.
 */
static int look_for_only(const struct request *q, const char *name, const struct platform *platform, int dir_fd, struct store *ret_store,
	struct image *ret_image, struct err *err)
{
	cleanup_stored struct stored only = { 0 };
	if (str_eq(q->pull, "always") || q->arch || q->platform || find_stored(name, platform, dir_fd, &only) != 1)
		return -ENOENT;
	if (!str_eq(q->pull, "never") && !str_starts(name, "localhost/") && !only.made_here)
		return -ENOENT;
	err_clear(err);
	int r = look(name, &only.platform, dir_fd, ret_store, ret_image, err);
	if (r == 0)
		fprintf(stderr, "xrun: warning: %s is in the store for %s alone, and runs as that; --platform %s says that it is meant\n", name,
			platform_text(&only.platform).text, platform_text(&only.platform).text);
	return r;
}

static int find_image(const struct request *q, const struct source *source, const char *name, const struct fetch *fetch,
	const struct idmap *map, int dir_fd, struct store *ret_store, struct image *ret_image, struct err *err)
{
	int r = must_fetch(q, source) ? -ENOENT : look(name, &fetch->platform, dir_fd, ret_store, ret_image, err);
	if (r == -ENOENT)
		r = look_for_only(q, name, &fetch->platform, dir_fd, ret_store, ret_image, err);
	if (r == -ENOENT && str_eq(q->pull, "never")) {
		err_set(err, -ENOENT, "%s is not in the store for %s, and --pull never was given", name, platform_text(&fetch->platform).text);
		return tell_stored(name, &fetch->platform, dir_fd, err);
	}
	cleanup_store struct store held = STORE_CLOSED; /* so that what one fetch brought is there for the next */
	for (int tries = 0; r == -ENOENT && tries < MAX_TRIES; tries++) { /* somebody may remove it before we look */
		store_close(&held);
		store_open(&held, dir_fd, false, err);
		err_clear(err);
		r = local_fetch(source, fetch, map, dir_fd, err);
		if (r < 0)
			return tell_stored(name, &fetch->platform, dir_fd, err);
		r = look(name, &fetch->platform, dir_fd, ret_store, ret_image, err);
	}
	return r;
}

int run_find_image(const struct request *q, const char *text, const struct platform *platform, const struct idmap *map,
	int dir_fd, struct store *ret_store, struct image *ret_image, struct err *err)
{
	cleanup_source struct source source = { 0 };
	if (q->pull && !str_eq(q->pull, "always") && !str_eq(q->pull, "missing") && !str_eq(q->pull, "never"))
		return err_set(err, -EINVAL, "--pull %s: there are always, missing and never", q->pull);
	int r = cli_check_progress(q->progress, err);
	if (r == 0)
		r = source_parse(text, &source, err);
	cleanup_free char *name = r < 0 ? NULL : selection_full_name(text, err);
	if (!name)
		return err->code;
	struct fetch fetch = { .image = source.name, .platform = *platform, .creds = q->creds, .tls_verify = q->tls_verify,
		.quiet = q->quiet, .brief = true, .progress = q->progress };
	return find_image(q, &source, name, &fetch, map, dir_fd, ret_store, ret_image, err);
}
