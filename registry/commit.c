/* SPDX-License-Identifier: GPL-2.0-or-later */
/* commit.c owns making an image of a container. */
#include "registry/commit.h"
#include "registry/build.h"
#include "registry/upper.h"

#include "src/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct changes {
	int upper_fd;
	const struct strv *skip;
};

static int tell(void *context, struct tar_writer *writer, size_t *ret_entries, struct err *err)
{
	const struct changes *changes = context;
	return upper_write(changes->upper_fd, changes->skip, writer, ret_entries, err);
}

/* The layer's blob is in the store then. diff_id is empty if the container has changed nothing. */
static int make_layer(const struct store *store, const struct commit_options *options, struct descriptor *ret_layer,
	struct digest *ret_diff_id, struct err *err)
{
	cleanup_free char *path = str_fmt("containers/%s/upper", options->container);
	cleanup_fd int upper_fd = openat(store->dir_fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (upper_fd < 0)
		return errno == ENOENT ? 0 : err_sys(err, "cannot open the container's own files");
	struct changes changes = { upper_fd, &options->skip };
	return build_layer(store, tell, &changes, ret_layer, ret_diff_id, err);
}

/* The image whose layers the container has: the annotation says which. */

static bool has_layers(const struct image *image, const char *names)
{
	for (size_t i = 0; i < image->layer_count; i++) {
		if (strncmp(names, image->layers[i].name, DIGEST_HEX) != 0)
			return false;
		names += DIGEST_HEX;
		names += *names == ',';
	}
	return !*names;
}

static int read_names(const struct store *store, const char *container, char **ret_names, struct err *err)
{
	cleanup_buf struct buf text = { 0 };
	cleanup_free char *path = str_fmt("containers/%s/config.json", container);
	int r = fd_read_file(store->dir_fd, path, JSON_LIMIT, &text, err);
	if (r == 0)
		r = json_read_layer_names(text.data, text.len, ret_names, err);
	return r == 0 && !*ret_names ? err_set(err, -EBADMSG, "the container's config.json names no layers") : r;
}

/* The one of the container's image's name; or else any, if all are the same: names may have come and gone meanwhile. */
static const struct image *choose(const struct images *images, const char *names, const char *name)
{
	const struct image *other = NULL;
	bool is_unsure = false;
	for (size_t i = 0; i < images->count; i++) {
		const struct image *image = &images->items[i];
		if (!has_layers(image, names))
			continue;
		if (str_eq(image->reference, name))
			return image;
		is_unsure = is_unsure || (other && !digest_equal(&other->config, &image->config));
		other = image;
	}
	return is_unsure ? NULL : other;
}

static int find_base(const struct store *store, const struct commit_options *options, struct digest *ret_manifest, struct err *err)
{
	cleanup_free char *names = NULL;
	cleanup_images struct images images = { 0 };
	int r = read_names(store, options->container, &names, err);
	if (r == 0)
		r = store_list_images(store, &images, err);
	const struct image *found = r == 0 ? choose(&images, names, options->base) : NULL;
	if (found)
		*ret_manifest = found->manifest;
	else if (r == 0)
		r = err_set(err, -ENOENT, "the image %s, as the container has it, is not in the store any more; pull it again", options->base);
	return r;
}

/* Both documents of the base, read; the new ones are made of them. */
static int read_base(const struct store *store, const struct digest *digest, struct manifest *ret_manifest, struct derive *ret_derive,
	struct err *err)
{
	cleanup_buf struct buf text = { 0 };
	int r = store_read_blob(store, digest, JSON_LIMIT, &text, err);
	if (r == 0)
		r = json_read_manifest(text.data, text.len, ret_manifest, err);
	if (r == 0)
		r = store_read_blob(store, &ret_manifest->config.digest, JSON_LIMIT, &text, err);
	return r < 0 ? r : derive_read(text.data, text.len, ret_derive, err);
}

static int change(struct derive *derive, const struct strv *changes, struct err *err)
{
	int r = 0;
	for (size_t i = 0; r == 0 && i < changes->len; i++)
		r = derive_change(derive, changes->items[i], err);
	return r;
}

int commit_container(const struct store *store, const struct commit_options *options, struct digest *ret_id, struct err *err)
{
	struct manifest manifest = { 0 };
	struct derive derive = { 0 };
	struct descriptor layer = { 0 };
	struct digest base, diff_id = { "" };
	int r = find_base(store, options, &base, err);
	if (r == 0)
		r = read_base(store, &base, &manifest, &derive, err);
	if (r == 0)
		r = change(&derive, &options->changes, err);
	if (r == 0)
		r = make_layer(store, options, &layer, &diff_id, err);
	struct build build = { .name = options->name, .manifest = &manifest, .derive = &derive, .layer = &layer, .single_id = options->single_id,
		.step = { .created = time(NULL), .created_by = options->created_by, .author = options->author, .comment = options->comment,
			.diff_id = *diff_id.text ? &diff_id : NULL } };
	if (r == 0)
		r = build_image(store, &build, ret_id, err);
	derive_done(&derive);
	manifest_done(&manifest);
	return r;
}
