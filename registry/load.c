/* SPDX-License-Identifier: GPL-2.0-or-later */
/* load.c owns bringing images into the store out of image layouts and archives. */
#include "registry/load.h"
#include "registry/install.h"
#include "registry/layout.h"
#include "registry/reference.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct load {
	const struct store *store;
	const struct load_options *options;
	struct archive_files archive;
	struct layout_files files;
	struct layout layout;
};

/* Names. */

/* A bare word of an image layout is what podman calls localhost/WORD. */
static int full_name(const struct layout_image *image, char **ret_name, struct err *err)
{
	struct reference reference;
	if (!image->name) {
		*ret_name = str_fmt("localhost/unnamed@%s", image->manifest.text);
		return 0;
	}
	bool is_word = !image->manifest_text && !strpbrk(image->name, "/:");
	cleanup_free char *text = str_fmt("%s%s", is_word ? "localhost/" : "", image->name);
	int r = reference_parse(text, &reference, err);
	if (r == 0 && *reference.digest.text)
		r = err_set(err, -EINVAL, "%s: an archive cannot name images by digest", text);
	if (r == 0)
		*ret_name = reference_text(&reference);
	return r;
}

static bool is_called(const struct layout_image *image, const char *wanted)
{
	struct err ignored;
	struct reference reference;
	cleanup_free char *full = NULL;
	if (!image->name || str_eq(image->name, wanted))
		return image->name != NULL;
	if (full_name(image, &full, &ignored) < 0 || reference_parse(wanted, &reference, &ignored) < 0)
		return false;
	cleanup_free char *wish = reference_text(&reference);
	return str_eq(full, wish);
}

/* Documents. */

static int read_manifest(const struct load *l, const struct layout_image *image, struct incoming *in, struct err *err)
{
	enum document kind = DOCUMENT_MANIFEST;
	int r = 0;
	in->manifest_digest = image->manifest;
	if (image->manifest_text)
		buf_str(&in->manifest_text, image->manifest_text);
	else
		r = layout_read_blob(&l->files, &image->manifest, &in->manifest_text, err);
	if (r == 0)
		r = json_document_kind(in->manifest_text.data, in->manifest_text.len, NULL, &kind, err);
	if (r == 0 && kind != DOCUMENT_MANIFEST)
		r = err_set(err, -EBADMSG, "the index says it is a manifest, but it is an index");
	if (r == 0)
		r = json_read_manifest(in->manifest_text.data, in->manifest_text.len, &in->manifest, err);
	if (r == 0)
		r = layout_read_blob(&l->files, &in->manifest.config.digest, &in->config_text, err);
	return r < 0 ? err_prefix(err, "%s", in->name) : incoming_read_config(in, err);
}

/* What the index does not say of the platform the configuration does. */
static int fill_platform(const struct load *l, struct layout_image *image, struct err *err)
{
	struct incoming in = { .name = str_dup(image->name ? image->name : image->manifest.text) };
	int r = *image->platform.os ? 0 : read_manifest(l, image, &in, err);
	if (r == 0 && !*image->platform.os)
		image->platform = in.image.platform;
	incoming_done(&in);
	return r;
}

/* Choosing. */

static int list_choices(const struct load *l, const char *why, struct err *err)
{
	enum { ENOUGH = 400 };
	cleanup_buf struct buf names = { 0 };
	size_t more = 0;
	for (size_t i = 0; i < l->layout.count; i++) {
		const struct layout_image *image = &l->layout.images[i];
		more += !image->other && names.len >= ENOUGH;
		if (image->other || names.len >= ENOUGH)
			continue;
		buf_fmt(&names, "%s%s", names.len ? ", " : "", image->name ? image->name : "one without a name");
		if (*image->platform.os)
			buf_fmt(&names, " (%s)", platform_text(&image->platform).text);
	}
	if (more)
		buf_fmt(&names, " and %zu more", more);
	return err_set(err, -ENOENT, "%s; there is %s", why, names.len ? names.data : "no image");
}

static void keep(struct layout *layout, const bool *wanted)
{
	struct layout kept = { .images = mem_new((layout->count + 1) * sizeof *kept.images) };
	for (size_t i = 0; i < layout->count; i++) {
		if (wanted[i])
			kept.images[kept.count++] = layout->images[i];
		else
			layout_image_done(&layout->images[i]);
	}
	free(layout->images);
	*layout = kept;
}

static bool is_image_of(const struct load *l, const char *name, const struct layout_image *image)
{
	for (size_t i = 0; i < l->layout.count && !image->refusal; i++)
		if (str_eq(l->layout.images[i].name, name) && digest_equal(&l->layout.images[i].manifest, &image->manifest))
			return true;
	return str_eq(image->name, name);
}

/* The name of what is to be had, if that is one image: others may be further names of it. */
static int find_only_name(const struct load *l, const char **ret_name, struct err *err)
{
	const struct layout_image *first = NULL;
	for (size_t i = 0; i < l->layout.count; i++) {
		const struct layout_image *image = &l->layout.images[i];
		if (image->other)
			continue;
		if (!first)
			first = image;
		if (!is_image_of(l, first->name, image))
			return list_choices(l, "it has several images, so say which after a colon", err);
	}
	*ret_name = first ? first->name : NULL;
	return 0;
}

static int no_such_image(const struct load *l, const char *wanted, struct err *err)
{
	for (size_t i = 0; wanted && i < l->layout.count; i++)
		if (is_called(&l->layout.images[i], wanted))
			return err_set(err, -EBADMSG, "%s: %s", wanted, l->layout.images[i].refusal);
	cleanup_free char *why = str_fmt("there is no image %s%sin it", wanted ? wanted : "", wanted ? " " : "");
	return list_choices(l, why, err);
}

static int choose_name(struct load *l, struct err *err)
{
	const char *wanted = l->options->wanted, *only = NULL;
	cleanup_free bool *chosen = mem_new((l->layout.count + 1) * sizeof *chosen);
	bool one = !wanted && l->options->name;
	size_t count = 0;
	int r = one ? find_only_name(l, &only, err) : 0;
	if (r < 0)
		return r;
	for (size_t i = 0; i < l->layout.count; i++) {
		const struct layout_image *image = &l->layout.images[i];
		chosen[i] = !image->other && (!wanted || is_called(image, wanted)) && (!one || str_eq(image->name, only));
		count += chosen[i];
	}
	if (count == 0)
		return no_such_image(l, wanted, err);
	keep(&l->layout, chosen);
	return 0;
}

static int check_refusals(const struct load *l, struct err *err)
{
	for (size_t i = 0; i < l->layout.count; i++) {
		const struct layout_image *image = &l->layout.images[i];
		if (image->refusal)
			return err_set(err, -EBADMSG, "%s%s%s", image->name ? image->name : "", image->name ? ": " : "", image->refusal);
	}
	return 0;
}

/* Of each name the best for the wish; or all. */
static int choose_platform(struct load *l, struct err *err)
{
	cleanup_free bool *chosen = mem_new((l->layout.count + 1) * sizeof *chosen);
	size_t count = 0;
	bool any = false;
	for (size_t i = 0; i < l->layout.count; i++) {
		const struct layout_image *image = &l->layout.images[i];
		any = any || str_eq(image->platform.os, "linux");
		int score = platform_score(&image->platform, &l->options->platform);
		chosen[i] = l->options->all_platforms ? str_eq(image->platform.os, "linux") : score > 0;
		for (size_t j = 0; j < l->layout.count && chosen[i] && !l->options->all_platforms; j++) {
			int other = platform_score(&l->layout.images[j].platform, &l->options->platform);
			bool same = str_eq(l->layout.images[j].name, image->name);
			chosen[i] = !same || i == j || score > other || (score == other && i < j);
		}
		count += chosen[i];
	}
	if (count == 0) {
		cleanup_free char *why = str_fmt("there is no image for %s in it",
			l->options->all_platforms ? "linux" : platform_text(&l->options->platform).text);
		list_choices(l, why, err);
		return any ? err_append(err, "; choose with --arch") : err->code;
	}
	keep(&l->layout, chosen);
	return 0;
}

/* Installing. */

int load_check_name(const struct store *store, const char *name, const struct platform *platform, const struct digest *config, bool replace,
	struct err *err)
{
	cleanup_images struct images images = { 0 };
	int r = store_list_images(store, &images, err);
	for (size_t i = 0; r == 0 && i < images.count; i++) {
		const struct image *other = &images.items[i];
		if (!str_eq(other->reference, name) || platform_score(&other->platform, platform) != 100)
			continue;
		if (config && digest_equal(&other->config, config))
			r = !other->layer_count || *other->layers[other->layer_count - 1].name ? 1 : 0;
		else if (!replace)
			r = err_set(err, -EEXIST, "%s is in the store already for %s, and is another image; --replace lets the name move",
				name, platform_text(&other->platform).text);
	}
	return r;
}

static int load_image(const struct load *l, const struct layout_image *image, struct err *err)
{
	struct incoming in = { 0 };
	struct fetch_files files = { layout_open_blob, &l->files };
	struct install_options options = { .files = &files, .single_id = l->options->single_id, .progress = l->options->progress,
		.brief = l->options->brief };
	int r = 0;
	if (l->options->name)
		in.name = str_dup(l->options->name);
	else
		r = full_name(image, &in.name, err);
	if (r == 0)
		r = read_manifest(l, image, &in, err);
	if (r == 0 && !l->options->name)
		r = load_check_name(l->store, in.name, &in.image.platform, &in.image.config, l->options->replace, err);
	if (r == 0)
		r = install_image(l->store, &in, &options, err);
	if (r >= 0 && !l->options->name)
		printf("Loaded image: %s\n", image->name ? in.name : in.image.config.text);
	incoming_done(&in);
	return r < 0 ? r : 0;
}

static int open_files(struct load *l, struct err *err)
{
	enum source_kind kind = l->options->kind;
	l->files = (struct layout_files){ .dir_fd = kind == SOURCE_LAYOUT ? l->options->fd : -1, .archive = &l->archive };
	int r = kind == SOURCE_LAYOUT ? 0 : archive_stage(l->store, l->options->fd, &l->archive, err);
	if (r < 0)
		return r;
	bool docker = kind == SOURCE_DOCKER_ARCHIVE || (kind == SOURCE_ANY_ARCHIVE && layout_is_docker(&l->files));
	return docker ? layout_read_docker(&l->archive, &l->layout, err) : layout_read(&l->files, &l->layout, err);
}

static int load(struct load *l, struct err *err)
{
	int r = store_reclaim_staging(l->store, err);
	if (r == 0)
		r = open_files(l, err);
	if (r == 0)
		r = choose_name(l, err);
	if (r == 0)
		r = check_refusals(l, err);
	for (size_t i = 0; r == 0 && i < l->layout.count; i++)
		r = fill_platform(l, &l->layout.images[i], err);
	if (r == 0)
		r = choose_platform(l, err);
	for (size_t i = 0; r == 0 && i < l->layout.count; i++)
		r = load_image(l, &l->layout.images[i], err);
	return r;
}

int load_images(const struct store *store, const struct load_options *options, struct err *err)
{
	struct load l = { .store = store, .options = options, .archive = ARCHIVE_NONE };
	int r = load(&l, err);
	layout_done(&l.layout);
	archive_discard(&l.archive);
	return r;
}
