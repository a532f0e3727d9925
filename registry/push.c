/* SPDX-License-Identifier: GPL-2.0-or-later */
/* push.c owns publishing images of the store in a registry (OCI distribution-spec, "Push"). */
#include "registry/push.h"
#include "registry/hasher.h"
#include "registry/session.h"

#include "src/base/fd.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { MAX_TRIES = 3 };

struct push {
	const struct store *store;
	const struct push_options *options;
	struct session session;
	struct http *http;
	struct progress *progress;
	size_t next; /* row of the progress */
	struct index index;
};

static int unexpected(const struct push *p, const char *what, const struct http_response *response, struct err *err)
{
	return err_set(err, -EPROTO, "%s: %s answered with status %d: %.200s", what, session_registry(&p->session), response->status,
		response->body.len ? response->body.data : "nothing more was said");
}

/* 1: the registry has it. */
static int has_blob(struct push *p, const struct digest *digest, const char *what, struct err *err)
{
	struct http_response response = { 0 };
	cleanup_free char *path = str_fmt("blobs/%s", digest->text);
	int r = session_send(&p->session, p->http, &(struct session_send){ .method = "HEAD", .path = path, .what = what }, &response, err);
	int status = response.status;
	http_response_done(&response);
	return r < 0 ? r : status == 200;
}

/* The repository of another image here that lies in the same registry and has the blob; an allocated string or NULL. */
static char *find_sibling(const struct push *p, const struct digest *digest)
{
	struct err ignored;
	cleanup_images struct images images = { 0 };
	char *found = NULL;
	store_list_images(p->store, &images, &ignored);
	for (size_t i = 0; i < images.count; i++) {
		struct reference reference;
		bool near = reference_parse(images.items[i].reference, &reference, &ignored) == 0 &&
			    str_eq(reference.registry, p->options->target.registry) &&
			    !str_eq(reference.repository, p->options->target.repository);
		for (size_t j = 0; near && !found && j < images.items[i].layer_count; j++)
			if (digest_equal(&images.items[i].layers[j].digest, digest))
				found = str_dup(reference.repository);
	}
	return found;
}

/* With `sibling` the blob is to be mounted from there, for which a token has to be good for both. */
static int begin_from(struct push *p, const struct digest *digest, const char *sibling, const char *what, char **ret_location, struct err *err)
{
	struct http_response response = { 0 };
	p->session.also = sibling;
	cleanup_free char *path = sibling ? str_fmt("blobs/uploads/?mount=%s&from=%s", digest->text, sibling) : str_dup("blobs/uploads/");
	int r = session_send(&p->session, p->http, &(struct session_send){ .method = "POST", .path = path, .what = what, .body_data = "" },
		&response, err);
	p->session.also = NULL;
	if (r == 0 && response.status == 202 && response.location)
		*ret_location = session_locate(&p->session, response.location);
	else if (r == 0 && response.status != 201)
		r = unexpected(p, what, &response, err);
	http_response_done(&response);
	return r;
}

/* Begins an upload, or gets the blob mounted: then *ret_location stays NULL. Who may not read what lies beside can still send it. */
static int begin(struct push *p, const struct digest *digest, const char *what, char **ret_location, struct err *err)
{
	cleanup_free char *sibling = find_sibling(p, digest);
	int r = begin_from(p, digest, sibling, what, ret_location, err);
	if (r != -EACCES || !sibling)
		return r;
	err_clear(err);
	return begin_from(p, digest, NULL, what, ret_location, err);
}

static int upload(struct push *p, const struct digest *digest, int64_t size, const char *location, const char *what, struct err *err)
{
	struct http_response response = { 0 };
	cleanup_free char *url = str_fmt("%s%sdigest=%s", location, strchr(location, '?') ? "&" : "?", digest->text);
	cleanup_fd int fd = store_open_blob(p->store, digest, err);
	if (fd < 0)
		return fd;
	struct session_send send = { .method = "PUT", .url = url, .what = what, .content_type = "application/octet-stream", .body_fd = fd,
		.body_size = size };
	int r = session_send(&p->session, p->http, &send, &response, err);
	if (r == 0 && response.status != 201)
		r = unexpected(p, what, &response, err);
	http_response_done(&response);
	return r;
}

/* An upload that broke off cannot be gone on with in one piece: it begins anew. */
static int send_blob(struct push *p, const struct digest *digest, int64_t size, const char **ret_how, struct err *err)
{
	cleanup_free char *what = str_fmt("blob %s", digest->text);
	int r = has_blob(p, digest, what, err);
	*ret_how = "already there";
	for (int tries = 0; r == 0; tries++) {
		cleanup_free char *location = NULL;
		r = begin(p, digest, what, &location, err);
		*ret_how = location ? "pushed" : "mounted";
		if (r == 0 && location)
			r = upload(p, digest, size, location, what, err);
		if (r == 0)
			return 0;
		if (r == -EAGAIN && tries + 1 < MAX_TRIES) {
			err_clear(err);
			r = 0;
		}
	}
	return r < 0 ? r : 0;
}

static int push_blob(struct push *p, const struct digest *digest, int64_t size, struct err *err)
{
	const char *how;
	progress_begin(p->progress, p->next, digest, size);
	int r = send_blob(p, digest, size, &how, err);
	if (r == 0)
		progress_end(p->progress, p->next++, how);
	return r;
}

static int put_manifest(struct push *p, const char *name, const char *media_type, const char *text, size_t len, struct err *err)
{
	struct http_response response = { 0 };
	cleanup_free char *path = str_fmt("manifests/%s", name);
	cleanup_free char *what = reference_text(&p->options->target);
	struct session_send send = { .method = "PUT", .path = path, .what = what, .content_type = media_type, .body_data = text,
		.body_size = len };
	int r = session_send(&p->session, p->http, &send, &response, err);
	if (r == 0 && response.status != 201)
		r = unexpected(p, what, &response, err);
	http_response_done(&response);
	return r;
}

static int push_image(struct push *p, const struct save_image *wish, bool alone, struct err *err)
{
	struct image image = { 0 };
	struct manifest manifest = { 0 };
	cleanup_buf struct buf text = { 0 };
	int r = store_find_image(p->store, wish->name, &wish->platform, &image, err);
	if (r == 0)
		r = store_read_blob(p->store, &image.manifest, JSON_LIMIT, &text, err);
	if (r == 0)
		r = json_read_manifest(text.data, text.len, &manifest, err);
	for (size_t i = 0; r == 0 && i < manifest.layer_count; i++)
		r = push_blob(p, &manifest.layers[i].digest, manifest.layers[i].size, err);
	if (r == 0)
		r = push_blob(p, &manifest.config.digest, manifest.config.size, err);
	if (r == 0)
		r = put_manifest(p, alone ? p->options->target.tag : image.manifest.text, manifest.media_type, text.data, text.len, err);
	if (r == 0) {
		p->index.entries = mem_grow(p->index.entries, p->index.count + 1, sizeof *p->index.entries);
		struct descriptor *entry = &p->index.entries[p->index.count++];
		*entry = (struct descriptor){ .digest = image.manifest, .size = (int64_t)text.len, .platform = image.platform };
		snprintf(entry->media_type, sizeof entry->media_type, "%s", manifest.media_type);
	}
	manifest_done(&manifest);
	image_done(&image);
	return r;
}

static int push_index(struct push *p, struct digest *ret_digest, struct err *err)
{
	cleanup_free char *text = json_write_index(&p->index);
	digest_of(text, strlen(text), ret_digest);
	return put_manifest(p, p->options->target.tag, MEDIA_INDEX, text, strlen(text), err);
}

static int push(struct push *p, const struct save_image *images, size_t count, struct err *err)
{
	cleanup_free char *name = reference_text(&p->options->target);
	struct digest digest;
	int r = 0;
	for (size_t i = 0; r == 0 && i < count; i++)
		r = push_image(p, &images[i], count == 1, err);
	if (r == 0 && count > 1)
		r = push_index(p, &digest, err);
	if (r == 0)
		printf("%s: %s\n", name, count > 1 ? digest.text : p->index.entries[0].digest.text);
	return r;
}

/* Of all images: as many rows as the progress may need. */
static size_t count_blobs(const struct store *store, const struct save_image *images, size_t count, int64_t *ret_size)
{
	size_t blobs = 0;
	for (size_t i = 0; i < count; i++) {
		struct err ignored;
		struct image image = { 0 };
		if (store_find_image(store, images[i].name, &images[i].platform, &image, &ignored) < 0)
			continue;
		blobs += image.layer_count + 1;
		*ret_size += image.size;
		image_done(&image);
	}
	return blobs;
}

int push_images(const struct store *store, const struct push_options *options, const struct save_image *images, size_t count,
	struct err *err)
{
	int64_t size = 0;
	struct push p = { .store = store, .options = options };
	p.session = (struct session){ .endpoints = options->endpoints, .actions = "pull,push", .at = options->endpoints->count - 1 };
	p.http = http_new();
	p.progress = progress_new(options->progress, count_blobs(store, images, count, &size), size);
	int r = p.http ? push(&p, images, count, err) : err_set(err, -ENOMEM, "cannot start libcurl");
	cleanup_free char *name = reference_text(&options->target);
	if (r < 0)
		err_prefix(err, "%s", name);
	http_free(p.http);
	session_done(&p.session);
	progress_free(p.progress);
	index_done(&p.index);
	return r;
}
