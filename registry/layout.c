/* SPDX-License-Identifier: GPL-2.0-or-later */
/* layout.c owns what image layouts and image archives hold. */
#include "registry/layout.h"
#include "registry/hasher.h"
#include "registry/json.h"

#include "src/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_DEPTH = 2, MAX_IMAGES = 10000, MAX_BYTES = 64 << 20 };

void layout_image_done(struct layout_image *image)
{
	free(image->name);
	free(image->manifest_text);
	free(image->refusal);
}

void layout_done(struct layout *layout)
{
	for (size_t i = 0; i < layout->count; i++)
		layout_image_done(&layout->images[i]);
	free(layout->images);
	*layout = (struct layout){ 0 };
}

/* Files. */

/* No part of the name may be a symlink: a layout that has some could show any file as an image's. */
static int open_below(int dir_fd, const char *name, struct err *err)
{
	struct stat st;
	cleanup_fd int fd = fd_openat2(dir_fd, name, O_RDONLY | O_NONBLOCK, 0, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
	if (fd == -ELOOP)
		return err_set(err, -ELOOP, "%s of the image layout is a symlink, or lies behind one", name);
	if (fd < 0)
		return err_code(err, fd, "cannot open %s of the image layout", name);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return err_set(err, -EINVAL, "%s of the image layout is not a file", name);
	return fd_take(&fd);
}

static int open_file(const struct layout_files *files, const char *name, struct err *err)
{
	if (files->dir_fd >= 0)
		return open_below(files->dir_fd, name, err);
	const struct archive_file *file = archive_find(files->archive, name);
	return file ? archive_open(files->archive, file, err) : err_set(err, -ENOENT, "the archive has no %s", name);
}

static int read_file(const struct layout_files *files, const char *name, struct buf *ret_text, struct err *err)
{
	cleanup_fd int fd = open_file(files, name, err);
	buf_done(ret_text);
	int r = fd < 0 ? fd : fd_read_all(fd, JSON_LIMIT, ret_text);
	return fd >= 0 && r < 0 ? err_code(err, r, "cannot read %s", name) : r;
}

int layout_open_blob(const void *context, const struct digest *digest, bool *ret_ours, struct err *err)
{
	const struct layout_files *files = context;
	*ret_ours = files->dir_fd < 0;
	if (files->dir_fd < 0) {
		const struct archive_file *file = archive_find_digest(files->archive, digest);
		return file ? archive_open(files->archive, file, err) : err_set(err, -ENOENT, "it is not in the archive");
	}
	cleanup_free char *name = str_fmt("blobs/sha256/%s", digest_hex(digest));
	return open_file(files, name, err);
}

int layout_read_blob(const struct layout_files *files, const struct digest *digest, struct buf *ret_text, struct err *err)
{
	bool ours;
	struct digest found;
	cleanup_fd int fd = layout_open_blob(files, digest, &ours, err);
	buf_done(ret_text);
	int r = fd < 0 ? fd : fd_read_all(fd, JSON_LIMIT, ret_text);
	if (fd < 0 || r < 0)
		return fd < 0 ? err_prefix(err, "%s", digest->text) : err_code(err, r, "cannot read %s", digest->text);
	digest_of(ret_text->data, ret_text->len, &found);
	if (!digest_equal(&found, digest))
		return err_set(err, -EBADMSG, "%s is damaged: its digest is %s", digest->text, found.text);
	return 0;
}

static bool has_blob(const struct layout_files *files, const struct digest *digest)
{
	struct err ignored;
	bool ours;
	cleanup_fd int fd = layout_open_blob(files, digest, &ours, &ignored);
	return fd >= 0;
}

/* Image layouts. */

/* Indexes that lead to one index, whose entries are one image: a few kilobytes can name more than any memory holds. */
static int spend(struct layout *layout, size_t bytes, struct err *err)
{
	layout->bytes += bytes;
	layout->full = layout->count >= MAX_IMAGES || layout->bytes > MAX_BYTES;
	return layout->full ? err_set(err, -E2BIG, "it names more than %d images, or has more than %d bytes of names and manifests, which are the limits",
				      MAX_IMAGES, MAX_BYTES) : 0;
}

static struct layout_image *add_image(struct layout *layout, const char *name, size_t text_len, struct err *err)
{
	if (spend(layout, text_len + (name ? strlen(name) : 0), err) < 0)
		return NULL;
	layout->images = mem_grow(layout->images, layout->count + 1, sizeof *layout->images);
	struct layout_image *image = &layout->images[layout->count++];
	*image = (struct layout_image){ .name = str_dup(name) };
	return image;
}

static int add_entries(const struct layout_files *files, const char *text, size_t len, const char *name, int depth,
	struct layout *layout, struct err *err);

static int read_nested(const struct layout_files *files, const struct descriptor *entry, const char *name, int depth,
	struct layout *layout, struct err *err)
{
	cleanup_buf struct buf text = { 0 };
	if (depth >= MAX_DEPTH)
		return err_set(err, -EBADMSG, "an index leads to an index, which leads to another one");
	int r = layout_read_blob(files, &entry->digest, &text, err);
	if (r == 0)
		r = spend(layout, text.len, err);
	return r < 0 ? r : add_entries(files, text.data, text.len, name, depth + 1, layout, err);
}

static int add_nested(const struct layout_files *files, const struct descriptor *entry, const char *name, int depth, struct layout *layout,
	struct err *err)
{
	struct err why = { 0 };
	if (read_nested(files, entry, name, depth, layout, &why) == 0)
		return 0;
	struct layout_image *image = layout->full ? NULL : add_image(layout, name, 0, &why);
	if (image)
		image->refusal = str_dup(why.text);
	else
		*err = why;
	return image ? 0 : err->code;
}

static int add_manifest(const struct descriptor *entry, const char *name, bool other, struct layout *layout, struct err *err)
{
	struct layout_image *image = add_image(layout, name, 0, err);
	if (!image)
		return err->code;
	image->other = other;
	if (other) {
		image->refusal = str_fmt("it is no image, but of the type \"%s\"", entry->media_type);
		return 0;
	}
	image->manifest = entry->digest;
	image->platform = entry->platform;
	return 0;
}

/* The name is an entry's own, or the one of the entry that led to its index. */
static int add_entries(const struct layout_files *files, const char *text, size_t len, const char *name, int depth,
	struct layout *layout, struct err *err)
{
	struct index index = { 0 };
	int r = json_read_offer(text, len, &index, err);
	for (size_t i = 0; r == 0 && i < index.count; i++) {
		const struct descriptor *entry = &index.entries[i];
		const char *own = entry->image_name ? entry->image_name : entry->reference ? entry->reference : name;
		bool is_index = str_eq(entry->media_type, MEDIA_INDEX) || str_eq(entry->media_type, MEDIA_DOCKER_LIST);
		bool is_manifest = str_eq(entry->media_type, MEDIA_MANIFEST) || str_eq(entry->media_type, MEDIA_DOCKER_MANIFEST);
		if (!has_blob(files, &entry->digest) || str_eq(entry->platform.os, "unknown"))
			continue;
		r = is_index ? add_nested(files, entry, own, depth, layout, err) : add_manifest(entry, own, !is_manifest, layout, err);
	}
	index_done(&index);
	return r;
}

int layout_read(const struct layout_files *files, struct layout *ret_layout, struct err *err)
{
	struct layout layout = { 0 };
	cleanup_buf struct buf text = { 0 };
	int r = read_file(files, "oci-layout", &text, err);
	if (r == -ENOENT)
		return err_set(err, r, "there is no image layout: it has no file oci-layout");
	if (r == 0)
		r = json_check_layout(text.data, text.len, err);
	if (r == 0)
		r = read_file(files, "index.json", &text, err);
	if (r == 0)
		r = add_entries(files, text.data, text.len, NULL, 0, &layout, err);
	if (r < 0)
		layout_done(&layout);
	else
		*ret_layout = layout;
	return r;
}

/* Docker's archives. */

bool layout_is_docker(const struct layout_files *files)
{
	return files->dir_fd < 0 && archive_find(files->archive, "manifest.json");
}

static const struct archive_file *find_named(const struct archive_files *archive, const char *name, struct err *err)
{
	const struct archive_file *file = archive_find(archive, name);
	if (!file)
		err_set(err, -ENOENT, "the archive has no %.300s, which its manifest.json names", name);
	return file;
}

/* Layers are plain tars mostly, but archives with packed ones exist, and their manifest.json does not say so. */
static int describe_layer(const struct archive_files *archive, const char *name, struct descriptor *ret, struct err *err)
{
	unsigned char head[4] = { 0 };
	const struct archive_file *file = find_named(archive, name, err);
	cleanup_fd int fd = file ? archive_open(archive, file, err) : -1;
	if (fd < 0)
		return err->code;
	if (pread(fd, head, sizeof head, 0) < 0)
		return err_sys(err, "cannot read %s of the archive", file->name);
	const char *packed = !memcmp(head, "\x1f\x8b", 2) ? "+gzip" : !memcmp(head, "\x28\xb5\x2f\xfd", 4) ? "+zstd" : "";
	*ret = (struct descriptor){ .digest = file->digest, .size = file->size };
	snprintf(ret->media_type, sizeof ret->media_type, "application/vnd.oci.image.layer.v1.tar%s", packed);
	return 0;
}

static int describe_image(const struct archive_files *archive, const struct docker_image *image, char **ret_manifest,
	struct err *err)
{
	struct manifest manifest = { .media_type = MEDIA_MANIFEST };
	const struct archive_file *config = find_named(archive, image->config, err);
	int r = config ? 0 : err->code;
	manifest.layers = mem_new((image->layers.len + 1) * sizeof *manifest.layers);
	for (size_t i = 0; r == 0 && i < image->layers.len; i++)
		r = describe_layer(archive, image->layers.items[i], &manifest.layers[manifest.layer_count++], err);
	if (r == 0) {
		snprintf(manifest.config.media_type, sizeof manifest.config.media_type, MEDIA_CONFIG);
		manifest.config.digest = config->digest;
		manifest.config.size = config->size;
		*ret_manifest = json_write_manifest(&manifest);
	}
	manifest_done(&manifest);
	return r;
}

static int add_docker_image(struct layout *layout, const char *name, const char *manifest, struct err *err)
{
	struct layout_image *image = add_image(layout, name, strlen(manifest), err);
	if (!image)
		return err->code;
	image->manifest_text = str_dup(manifest);
	digest_of(manifest, strlen(manifest), &image->manifest);
	return 0;
}

int layout_read_docker(const struct archive_files *archive, struct layout *ret_layout, struct err *err)
{
	struct layout layout = { 0 };
	struct layout_files files = { .dir_fd = -1, .archive = archive };
	struct docker_images images = { 0 };
	cleanup_buf struct buf text = { 0 };
	int r = read_file(&files, "manifest.json", &text, err);
	if (r == -ENOENT)
		return err_set(err, r, "the archive is not one of docker's: it has no manifest.json");
	if (r == 0)
		r = json_read_docker(text.data, text.len, &images, err);
	for (size_t i = 0; r == 0 && i < images.count; i++) {
		const struct docker_image *image = &images.items[i];
		cleanup_free char *manifest = NULL;
		r = describe_image(archive, image, &manifest, err);
		for (size_t j = 0; r == 0 && j < image->names.len; j++)
			r = add_docker_image(&layout, image->names.items[j], manifest, err);
		if (r == 0 && image->names.len == 0)
			r = add_docker_image(&layout, NULL, manifest, err);
	}
	docker_images_done(&images);
	if (r < 0)
		layout_done(&layout);
	else
		*ret_layout = layout;
	return r;
}
