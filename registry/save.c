/* SPDX-License-Identifier: GPL-2.0-or-later */
/* save.c owns writing images of the store into an archive. */
#include "registry/save.h"
#include "registry/fetch.h"
#include "registry/hasher.h"
#include "registry/plain.h"
#include "registry/reference.h"
#include "registry/tar_write.h"

#include "src/base/fd.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const uint64_t MAX_BYTES = 64ULL << 30;

struct save {
	const struct store *store;
	struct tar_writer writer;
	struct strv written; /* names of files that the archive has already */
	struct docker_images docker;
	struct index index;
};

static bool is_new(struct save *s, const char *name)
{
	if (strv_has(&s->written, name))
		return false;
	strv_add(&s->written, name);
	return true;
}

/* Reading a blob's bytes, plain or as they are: into the archive, or only through a hash. */

struct reading {
	struct tar_writer *writer; /* NULL: only counted and hashed */
	struct hasher hasher;
	int64_t size;
};

static int take(struct reading *reading, const void *data, size_t len, struct err *err)
{
	hasher_add(&reading->hasher, data, len);
	reading->size += (int64_t)len;
	return reading->writer ? tar_writer_data(reading->writer, data, len, err) : 0;
}

static int read_plain(struct reading *reading, int fd, enum compression compression, struct err *err)
{
	struct plain plain = { .fd = fd, .compression = compression };
	const void *data;
	ssize_t n = plain_open(&plain, MAX_BYTES, err);
	while (n >= 0 && (n = stream_next(plain.stream, 0, &data)) > 0) {
		int r = take(reading, data, n, err);
		if (r < 0)
			n = r;
	}
	return plain_close(&plain, (int)n, err);
}

/* The blob's size and digest, plain or as it is. */
static int measure(const struct save *s, const struct digest *blob, enum compression compression, struct tar_writer *writer,
	int64_t *ret_size, struct digest *ret_digest, struct err *err)
{
	struct reading reading = { .writer = writer };
	cleanup_fd int fd = store_open_blob(s->store, blob, err);
	if (fd < 0)
		return fd;
	hasher_init(&reading.hasher);
	int r = read_plain(&reading, fd, compression, err);
	*ret_size = reading.size;
	if (r == 0)
		hasher_end(&reading.hasher, ret_digest);
	hasher_done(&reading.hasher);
	return r;
}

/* Twice: its size has to be known before it comes, and a damaged one is found before any of it is written. */
static int write_blob(struct save *s, const char *name, const struct digest *blob, enum compression compression,
	const struct digest *want, struct err *err)
{
	int64_t size = 0, again = 0;
	struct digest found, ignored;
	if (!is_new(s, name))
		return 0;
	int r = measure(s, blob, compression, NULL, &size, &found, err);
	if (r == 0 && !digest_equal(&found, want))
		r = err_set(err, -EBADMSG, "it is damaged in the store: it has the digest %s; see xrun store verify", found.text);
	if (r == 0)
		r = tar_writer_file(&s->writer, name, size, err);
	if (r == 0)
		r = measure(s, blob, compression, &s->writer, &again, &ignored, err);
	if (r == 0 && again != size)
		r = err_set(err, -EBADMSG, "it changed while it was read");
	return r < 0 ? err_prefix(err, "%s", blob->text) : 0;
}

/* A name that can be one of a registry's; "oci:/some/where" is not. */
static const char *public_name(const char *name)
{
	struct err ignored;
	struct reference reference;
	return reference_parse(name, &reference, &ignored) == 0 && !*reference.digest.text ? name : NULL;
}

/* oci-archive */

/* Not all readers make the directories that no entry tells of. */
static int begin_oci(struct save *s, struct err *err)
{
	int r = tar_writer_directory(&s->writer, "blobs", err);
	return r < 0 ? r : tar_writer_directory(&s->writer, "blobs/sha256", err);
}

static int write_same(struct save *s, const struct digest *digest, struct err *err)
{
	cleanup_free char *name = str_fmt("blobs/sha256/%s", digest_hex(digest));
	return write_blob(s, name, digest, COMPRESSION_AS_IT_IS, digest, err);
}

static int save_oci(struct save *s, const struct image *image, const char *media_type, int64_t size, struct err *err)
{
	const char *name = public_name(image->reference);
	int r = write_same(s, &image->manifest, err);
	if (r == 0)
		r = write_same(s, &image->config, err);
	for (size_t i = 0; r == 0 && i < image->layer_count; i++)
		r = write_same(s, &image->layers[i].digest, err);
	s->index.entries = mem_grow(s->index.entries, s->index.count + 1, sizeof *s->index.entries);
	struct descriptor *entry = &s->index.entries[s->index.count++];
	*entry = (struct descriptor){ .digest = image->manifest, .size = size, .platform = image->platform,
		.reference = str_dup(name), .image_name = str_dup(name) };
	snprintf(entry->media_type, sizeof entry->media_type, "%s", media_type);
	return r;
}

static int end_oci(struct save *s, struct err *err)
{
	static const char layout[] = "{\"imageLayoutVersion\": \"1.0.0\"}\n";
	cleanup_free char *text = json_write_index(&s->index);
	int r = tar_writer_text(&s->writer, "oci-layout", layout, strlen(layout), err);
	return r < 0 ? r : tar_writer_text(&s->writer, "index.json", text, strlen(text), err);
}

/* docker-archive */

static struct docker_image *find_docker(struct save *s, const char *config)
{
	for (size_t i = 0; i < s->docker.count; i++)
		if (str_eq(s->docker.items[i].config, config))
			return &s->docker.items[i];
	return NULL;
}

static int save_docker(struct save *s, const struct image *image, struct err *err)
{
	cleanup_free char *config = str_fmt("%s.json", digest_hex(&image->config));
	const char *name = public_name(image->reference);
	struct docker_image *docker = find_docker(s, config);
	if (docker) { /* the same image by another name */
		if (name)
			strv_add(&docker->names, name);
		return 0;
	}
	s->docker.items = mem_grow(s->docker.items, s->docker.count + 1, sizeof *s->docker.items);
	docker = &s->docker.items[s->docker.count++];
	*docker = (struct docker_image){ .config = str_dup(config) };
	if (name)
		strv_add(&docker->names, name);
	int r = write_blob(s, config, &image->config, COMPRESSION_AS_IT_IS, &image->config, err);
	for (size_t i = 0; r == 0 && i < image->layer_count; i++) {
		const struct image_layer *layer = &image->layers[i];
		enum compression compression = COMPRESSION_NONE;
		cleanup_free char *file = str_fmt("%s.tar", digest_hex(&layer->diff_id));
		r = fetch_compression(layer, &compression, err);
		if (r == 0)
			r = write_blob(s, file, &layer->digest, compression, &layer->diff_id, err);
		strv_add(&docker->layers, file);
	}
	return r;
}

static int end_docker(struct save *s, struct err *err)
{
	cleanup_free char *text = json_write_docker(&s->docker);
	return tar_writer_text(&s->writer, "manifest.json", text, strlen(text), err);
}

static int save_image(struct save *s, enum source_kind kind, const struct save_image *wish, struct err *err)
{
	struct image image = { 0 };
	struct manifest manifest = { 0 };
	cleanup_buf struct buf text = { 0 };
	int r = store_find_image(s->store, wish->name, &wish->platform, &image, err);
	if (r == 0)
		r = store_read_blob(s->store, &image.manifest, JSON_LIMIT, &text, err);
	if (r == 0)
		r = json_read_manifest(text.data, text.len, &manifest, err);
	if (r == 0)
		r = kind == SOURCE_DOCKER_ARCHIVE ? save_docker(s, &image, err) :
						    save_oci(s, &image, manifest.media_type, (int64_t)text.len, err);
	manifest_done(&manifest);
	image_done(&image);
	return r;
}

static int put(void *context, const void *data, size_t len)
{
	return fd_write_all(*(const int *)context, data, len);
}

int save_images(const struct store *store, enum source_kind kind, const struct save_image *images, size_t count, int fd,
	struct err *err)
{
	struct save s = { .store = store };
	int r = tar_writer_open(&s.writer, put, &fd, err);
	if (r == 0 && kind == SOURCE_OCI_ARCHIVE)
		r = begin_oci(&s, err);
	for (size_t i = 0; r == 0 && i < count; i++)
		r = save_image(&s, kind, &images[i], err);
	if (r == 0)
		r = kind == SOURCE_DOCKER_ARCHIVE ? end_docker(&s, err) : end_oci(&s, err);
	if (r == 0)
		r = tar_writer_end(&s.writer, err);
	tar_writer_done(&s.writer);
	docker_images_done(&s.docker);
	index_done(&s.index);
	strv_done(&s.written);
	return r;
}
