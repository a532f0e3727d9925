/* SPDX-License-Identifier: GPL-2.0-or-later */
/* commit.c owns making an image of a container. */
#include "registry/commit.h"
#include "registry/deflate.h"
#include "registry/derive.h"
#include "registry/hasher.h"
#include "registry/install.h"
#include "registry/upper.h"

#include "src/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A layer on its way: the tar's bytes are hashed and packed; what comes of that is hashed and written. */
struct packing {
	struct hasher plain, packed;
	struct deflate deflate;
	int file_fd;
	int64_t size;
	int failure; /* of the file */
};

static int take_packed(void *context, const void *data, size_t len)
{
	struct packing *p = context;
	hasher_add(&p->packed, data, len);
	p->size += (int64_t)len;
	return p->failure = fd_write_all(p->file_fd, data, len);
}

static int take_plain(void *context, const void *data, size_t len)
{
	struct packing *p = context;
	hasher_add(&p->plain, data, len);
	return deflate_add(&p->deflate, data, len);
}

/* *ret_entries 0: there is nothing to make a layer of, and no blob. */
static int pack_layer(const struct store *store, const struct commit_options *options, int upper_fd, struct packing *p,
	size_t *ret_entries, struct err *err)
{
	struct tar_writer writer;
	p->file_fd = openat(store->blobs_fd, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0644);
	if (p->file_fd < 0)
		return err_sys(err, "cannot create a blob in the store");
	int r = tar_writer_open(&writer, take_plain, p, err);
	if (r == 0)
		r = upper_write(upper_fd, &options->skip, &writer, ret_entries, err);
	if (r == 0)
		r = tar_writer_end(&writer, err);
	tar_writer_done(&writer);
	if (r == 0 && (r = deflate_end(&p->deflate)) < 0)
		err_code(err, r, "cannot write the layer");
	return p->failure < 0 ? err_code(err, p->failure, "cannot write the layer to the store") : r;
}

static int publish(const struct store *store, const struct packing *p, const struct digest *digest, struct err *err)
{
	char self[64];
	snprintf(self, sizeof self, "/proc/self/fd/%d", p->file_fd);
	if (fsync(p->file_fd) < 0)
		return err_sys(err, "cannot write the layer to disk");
	if (linkat(AT_FDCWD, self, store->blobs_fd, digest_hex(digest), AT_SYMLINK_FOLLOW) < 0 && errno != EEXIST)
		return err_sys(err, "cannot publish the layer");
	return 0;
}

/* The layer's blob is in the store then. diff_id is empty if the container has changed nothing. */
static int make_layer(const struct store *store, const struct commit_options *options, struct descriptor *ret_layer,
	struct digest *ret_diff_id, struct err *err)
{
	struct packing p = { .file_fd = -1 };
	size_t entries = 0;
	cleanup_free char *path = str_fmt("containers/%s/upper", options->container);
	cleanup_fd int upper_fd = openat(store->dir_fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (upper_fd < 0)
		return errno == ENOENT ? 0 : err_sys(err, "cannot open the container's own files");
	hasher_init(&p.plain);
	hasher_init(&p.packed);
	deflate_open(&p.deflate, take_packed, &p);
	int r = pack_layer(store, options, upper_fd, &p, &entries, err);
	if (r == 0 && entries) {
		hasher_end(&p.plain, ret_diff_id);
		hasher_end(&p.packed, &ret_layer->digest);
		ret_layer->size = p.size;
		r = publish(store, &p, &ret_layer->digest, err);
	}
	hasher_done(&p.plain);
	hasher_done(&p.packed);
	deflate_done(&p.deflate);
	fd_close(&p.file_fd);
	return r;
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
static const struct image *choose(const struct image *images, size_t count, const char *names, const char *name)
{
	const struct image *other = NULL;
	bool is_unsure = false;
	for (size_t i = 0; i < count; i++) {
		if (!has_layers(&images[i], names))
			continue;
		if (str_eq(images[i].reference, name))
			return &images[i];
		is_unsure = is_unsure || (other && !digest_equal(&other->config, &images[i].config));
		other = &images[i];
	}
	return is_unsure ? NULL : other;
}

static int find_base(const struct store *store, const struct commit_options *options, struct digest *ret_manifest, struct err *err)
{
	cleanup_free char *names = NULL;
	struct image *images = NULL;
	size_t count = 0;
	int r = read_names(store, options->container, &names, err);
	if (r == 0)
		r = store_list_images(store, &images, &count, err);
	const struct image *found = r == 0 ? choose(images, count, names, options->base) : NULL;
	if (found)
		*ret_manifest = found->manifest;
	else if (r == 0)
		r = err_set(err, -ENOENT, "the image %s, as the container has it, is not in the store any more; pull it again", options->base);
	for (size_t i = 0; i < count; i++)
		image_done(&images[i]);
	free(images);
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

static void add_layer(struct manifest *manifest, const struct descriptor *layer)
{
	bool is_docker = str_eq(manifest->media_type, MEDIA_DOCKER_MANIFEST);
	manifest->layers = mem_grow(manifest->layers, manifest->layer_count + 1, sizeof *manifest->layers);
	struct descriptor *added = &manifest->layers[manifest->layer_count++];
	*added = *layer;
	snprintf(added->media_type, sizeof added->media_type, "%s",
		is_docker ? "application/vnd.docker.image.rootfs.diff.tar.gzip" : "application/vnd.oci.image.layer.v1.tar+gzip");
}

/* Documents as they would come from a registry, in `in`. */
static void write_documents(const struct commit_options *options, struct manifest *manifest, struct derive *derive,
	const struct digest *diff_id, struct incoming *in)
{
	const struct derive_step step = { .created = time(NULL), .created_by = options->created_by, .author = options->author,
		.comment = options->comment, .diff_id = *diff_id->text ? diff_id : NULL };
	cleanup_free char *config = derive_write(derive, &step);
	buf_str(&in->config_text, config);
	digest_of(config, strlen(config), &manifest->config.digest);
	manifest->config.size = (int64_t)in->config_text.len;
	cleanup_free char *text = json_write_manifest(manifest);
	buf_str(&in->manifest_text, text);
	digest_of(text, strlen(text), &in->manifest_digest);
	in->name = str_dup(options->name);
}

static int install(const struct store *store, const struct commit_options *options, struct incoming *in, struct err *err)
{
	const struct install_options install_options = { .single_id = options->single_id, .progress = PROGRESS_NONE };
	int r = json_read_manifest(in->manifest_text.data, in->manifest_text.len, &in->manifest, err);
	if (r == 0)
		r = incoming_read_config(in, err);
	return r < 0 ? r : install_image(store, in, &install_options, err);
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
	struct incoming in = { 0 };
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
	if (r == 0 && *diff_id.text)
		add_layer(&manifest, &layer);
	if (r == 0) {
		write_documents(options, &manifest, &derive, &diff_id, &in);
		r = install(store, options, &in, err);
	}
	if (r == 0)
		*ret_id = in.manifest.config.digest;
	derive_done(&derive);
	manifest_done(&manifest);
	incoming_done(&in);
	return r;
}
