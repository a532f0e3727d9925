/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fetch.c owns bringing one layer into the store's staging. */
#include "registry/fetch.h"
#include "registry/hasher.h"
#include "registry/partial.h"
#include "registry/staging.h"
#include "registry/turn.h"

#include "src/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum { SOURCE_BLOCKS = 8, SOURCE_BLOCK = 256 << 10 };

int fetch_compression(const struct image_layer *layer, enum compression *ret_compression, struct err *err)
{
	static const struct {
		const char *media_type;
		enum compression compression;
	} types[] = {
		{ "application/vnd.oci.image.layer.v1.tar", COMPRESSION_NONE },
		{ "application/vnd.oci.image.layer.v1.tar+gzip", COMPRESSION_GZIP },
		{ "application/vnd.oci.image.layer.v1.tar+zstd", COMPRESSION_ZSTD },
		{ "application/vnd.docker.image.rootfs.diff.tar", COMPRESSION_NONE },
		{ "application/vnd.docker.image.rootfs.diff.tar.gzip", COMPRESSION_GZIP },
		{ "application/vnd.docker.image.rootfs.diff.tar.zstd", COMPRESSION_ZSTD },
	};
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		if (str_eq(types[i].media_type, layer->media_type)) {
			*ret_compression = types[i].compression;
			return 0;
		}
	}
	if (strstr(layer->media_type, "nondistributable") || strstr(layer->media_type, "foreign"))
		return err_set(err, -ENOTSUP, "layer %s is not distributed by the registry (%s)", layer->digest.text, layer->media_type);
	return err_set(err, -ENOTSUP, "layer %s has the unknown type \"%s\": is it a container image?", layer->digest.text,
		layer->media_type);
}

int fetch_stage(const struct store *store, struct staged *staged, struct err *err)
{
	staged->dir_fd = staging_make(store, digest_hex(&staged->layer->digest), staged->dir, err);
	if (staged->dir_fd < 0)
		return staged->dir_fd;
	if (mkdirat(staged->dir_fd, "root", 0755) < 0)
		return err_sys(err, "cannot use the staging directory %s", staged->dir);
	return 0;
}

/* Unpacking runs in its own thread, fed through the stream. */
struct unpacker {
	struct stream *stream;
	enum compression compression;
	const struct layer_options *options;
	int root_fd;
	struct layer_report report;
	int result;
	struct err err;
};

static void *unpack(void *context)
{
	struct unpacker *u = context;
	u->result = layer_unpack(u->stream, u->compression, u->options, u->root_fd, &u->report, &u->err);
	return NULL;
}

/* What each piece of the blob goes through, in the thread that receives it. */
struct blob {
	const struct store *store;
	const struct image_layer *layer;
	struct stream *stream;
	char *block;    /* of the stream, being filled; goes into the file when it is full: large writes cost the kernel less */
	size_t filled;
	struct hasher hasher;
	int file_fd; /* a partial blob's, O_TMPFILE, or what fetch_files gave; -1 when it is read back */
	bool is_written; /* file_fd has the bytes already */
	int64_t received;
	int staging_fd; /* the layer's directory there */
	int failure;  /* of the file */
	int flushed;  /* what fsync of it said: 0 or a negative errno */
	bool refused; /* by the unpacker, which has the reason */
	bool is_partial; /* file_fd is that of what earlier pulls left, */
	int64_t had;     /* which was so many bytes */
	bool is_here; /* the store has it, or so it seems */
	bool is_bad;  /* what came is not what its digest says */
	struct progress *progress;
	size_t index;
};

/* Writes what there is of a block to the file, and passes it on. */
static int pass_block(struct blob *b)
{
	size_t len = b->filled;
	b->filled = 0;
	if (len && b->file_fd >= 0 && !b->is_written && (b->failure = fd_write_all(b->file_fd, b->block, len)) < 0)
		return b->failure;
	stream_commit(b->stream, len);
	b->block = NULL;
	return 0;
}

static int add_to_block(struct blob *b, const char *data, size_t len)
{
	while (len) {
		if (!b->block && !(b->block = stream_claim(b->stream))) {
			b->refused = true;
			return stream_code(b->stream);
		}
		size_t n = len < SOURCE_BLOCK - b->filled ? len : SOURCE_BLOCK - b->filled;
		memcpy(b->block + b->filled, data, n);
		b->filled += n;
		data += n;
		len -= n;
		int r = b->filled == SOURCE_BLOCK ? pass_block(b) : 0;
		if (r < 0)
			return r;
	}
	return 0;
}

static int take_piece(void *context, const void *data, size_t len)
{
	struct blob *b = context;
	hasher_add(&b->hasher, data, len);
	b->received += len;
	(b->file_fd >= 0 && !b->is_written ? progress_add : progress_pass)(b->progress, b->index, len);
	return add_to_block(b, data, len);
}

static uint64_t have(void *context)
{
	const struct blob *b = context;
	return b->received;
}

static int create_file(struct blob *b, struct err *err)
{
	b->file_fd = openat(b->store->blobs_fd, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0644);
	return b->file_fd < 0 ? err_sys(err, "cannot create a blob in the store") : 0;
}

static int read_pieces(struct blob *b, int fd, struct err *err)
{
	char piece[65536];
	while (b->received <= b->layer->size) {
		ssize_t n = read(fd, piece, sizeof piece);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, "cannot read layer %s", b->layer->digest.text);
		int r = n ? take_piece(b, piece, n) : 0;
		if (n == 0 || r < 0)
			return r < 0 ? err_code(err, r, "layer %s", b->layer->digest.text) : 0;
	}
	return err_set(err, -EBADMSG, "layer %s is longer than the %lld bytes that the manifest says", b->layer->digest.text,
		(long long)b->layer->size);
}

/* What earlier pulls left is read, and not written again. */
static int begin(struct blob *b, struct err *err)
{
	b->file_fd = partial_open(b->store, &b->layer->digest, b->layer->size, &b->had, err);
	if (b->file_fd < 0)
		return b->file_fd;
	b->is_partial = b->is_written = true;
	int r = b->had ? read_pieces(b, b->file_fd, err) : 0;
	pass_block(b);
	b->is_written = false;
	return r;
}

static int download(struct blob *b, struct session *session, struct http *http, struct err *err)
{
	struct http_response response = { 0 };
	cleanup_free char *path = str_fmt("blobs/%s", b->layer->digest.text);
	cleanup_free char *what = str_fmt("layer %s", b->layer->digest.text);
	struct session_request request = { .path = path, .what = what, .limit = b->layer->size, .take = take_piece,
		.have = have, .context = b };
	if (!session)
		return err_set(err, -ENOENT, "layer %s is missing", b->layer->digest.text);
	int r = begin(b, err);
	if (r < 0 || (b->had && b->received == b->layer->size))
		return r;
	r = session_get(session, http, &request, &response, err);
	http_response_done(&response);
	return b->failure < 0 ? err_code(err, b->failure, "layer %s: cannot write it to the store", b->layer->digest.text) : r;
}

static int read_back(struct blob *b, struct err *err)
{
	cleanup_fd int fd = store_open_blob(b->store, &b->layer->digest, err);
	return fd < 0 ? fd : read_pieces(b, fd, err);
}

static int copy_file(struct blob *b, const struct fetch_files *files, struct err *err)
{
	cleanup_fd int fd = files->open(files->context, &b->layer->digest, &b->is_written, err);
	if (fd < 0)
		return err_prefix(err, "layer %s", b->layer->digest.text);
	if (b->is_written) /* published as it is, when it has been found to be right */
		b->file_fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	else if (create_file(b, err) < 0)
		return err->code;
	return read_pieces(b, fd, err);
}

static int check(struct blob *b, struct err *err)
{
	struct digest found;
	const struct image_layer *layer = b->layer;
	hasher_end(&b->hasher, &found);
	if (b->received != layer->size)
		return err_set(err, -EBADMSG, "layer %s is cut short: %lld of %lld bytes came", layer->digest.text,
			(long long)b->received, (long long)layer->size);
	if (!digest_equal(&found, &layer->digest))
		return err_set(err, -EBADMSG, "layer %s is damaged: what came has the digest %s", layer->digest.text, found.text);
	return 0;
}

/* A blob of the name that is there already is of no use, if we got here: it takes its place. */
static int publish(const struct blob *b, struct err *err)
{
	const char *name = digest_hex(&b->layer->digest);
	if (b->file_fd < 0)
		return 0;
	if (b->flushed < 0)
		return err_code(err, b->flushed, "cannot write layer %s to disk", b->layer->digest.text);
	if (b->is_partial)
		return partial_publish(b->store, &b->layer->digest, err);
	int r = fd_link(b->file_fd, b->store->blobs_fd, name);
	if (r == -EEXIST) {
		r = fd_link(b->file_fd, b->staging_fd, "blob");
		if (r == 0 && renameat(b->staging_fd, "blob", b->store->blobs_fd, name) < 0)
			r = -errno;
	}
	return r < 0 ? err_code(err, r, "cannot publish layer %s", b->layer->digest.text) : 0;
}

static bool is_here(const struct blob *b)
{
	int64_t size;
	return store_has_blob(b->store, &b->layer->digest, &size) && size == b->layer->size;
}

static int get_bytes(struct blob *b, const struct fetch_from *from, struct err *err)
{
	if (b->is_here)
		return read_back(b, err);
	if (!from->files && !from->session)
		return err_set(err, -ENOENT, "layer %s is not in the store any more: pull the image again", b->layer->digest.text);
	return from->files ? copy_file(b, from->files, err) : download(b, from->session, from->http, err);
}

/*
 * A fault in the blob shows up in its unpacking too (bad gzip data, say), mostly first. The blob's own check is the one
 * that names the cause, if the whole blob came.
 */
static int feed(struct blob *b, struct unpacker *u, const struct fetch_from *from, struct err *err)
{
	pthread_t thread;
	int failed = pthread_create(&thread, NULL, unpack, u);
	if (failed)
		return err_code(err, -failed, "cannot start a thread");
	int r = get_bytes(b, from, err);
	if (pass_block(b) < 0 && r == 0) /* of a failed one, too: the next pull goes on behind it */
		r = err_code(err, b->failure, "layer %s: cannot write it to the store", b->layer->digest.text);
	if (r < 0)
		stream_abort(b->stream, r);
	else
		stream_end(b->stream);
	if (r == 0 && b->file_fd >= 0 && fsync(b->file_fd) < 0) /* while the rest is being unpacked */
		b->flushed = -errno;
	pthread_join(thread, NULL);
	if ((r == 0 || b->received == b->layer->size) && check(b, err) < 0) {
		b->is_bad = true;
		return err->code;
	}
	if (u->result < 0 && u->err.code && (r == 0 || b->refused)) {
		*err = u->err;
		return err_prefix(err, "layer %s", b->layer->digest.text);
	}
	return r < 0 ? r : publish(b, err);
}

/* What has come is kept if only the rest is missing. Whether it may have been what earlier pulls left that was bad. */
static bool leave(struct blob *b, int r)
{
	if (!b->is_partial)
		return false;
	bool rest_is_missing = b->received < b->layer->size && !b->is_bad && !b->refused && !b->failure && r != -EFBIG;
	partial_leave(b->store, &b->layer->digest, b->file_fd, rest_is_missing);
	return b->had && (b->is_bad || b->refused);
}

/* *ret_again: it was what the store had of it that failed, and has been thrown away. */
static int try_layer(const struct store *store, const struct fetch_from *from, const struct layer_options *options,
	struct progress *progress, size_t index, struct staged *staged, bool *ret_again, struct err *err)
{
	struct unpacker u = { .options = options, .result = 0 };
	struct blob b = { .store = store, .layer = staged->layer, .file_fd = -1, .progress = progress, .index = index,
		.staging_fd = staged->dir_fd };
	int r = fetch_compression(staged->layer, &u.compression, err);
	cleanup_fd int root_fd = r < 0 ? r : openat(staged->dir_fd, "root", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (root_fd < 0)
		return r < 0 ? r : err_sys(err, "cannot open the staging directory %s", staged->dir);
	u.root_fd = root_fd;
	u.stream = b.stream = stream_new(SOURCE_BLOCKS, SOURCE_BLOCK, 1);
	hasher_init(&b.hasher);
	b.is_here = is_here(&b);
	progress_begin(progress, index, &staged->layer->digest, staged->layer->size);
	r = feed(&b, &u, from, err);
	staged->report = u.report;
	hasher_done(&b.hasher);
	stream_free(b.stream);
	bool left_is_bad = r < 0 && leave(&b, r);
	fd_close(&b.file_fd);
	bool blob_is_bad = r < 0 && b.is_here && (b.is_bad || b.refused) && unlinkat(store->blobs_fd, digest_hex(&staged->layer->digest), 0) == 0;
	*ret_again = left_is_bad || blob_is_bad;
	return r;
}

int fetch_empty_root(const struct staged *staged, struct err *err)
{
	int r = fd_remove_tree(staged->dir_fd, "root", err);
	if (r == 0 && mkdirat(staged->dir_fd, "root", 0755) < 0)
		r = err_sys(err, "cannot make a staging directory");
	return r;
}

int fetch_layer(const struct store *store, const struct fetch_from *from, const struct layer_options *options,
	struct progress *progress, size_t index, struct staged *staged, struct err *err)
{
	bool again = false;
	int turn_fd = turn_take(store, &staged->layer->digest, err);
	if (turn_fd < 0)
		return turn_fd;
	int r = try_layer(store, from, options, progress, index, staged, &again, err);
	if (again && (from->session || from->files)) {
		err_clear(err);
		r = fetch_empty_root(staged, err);
		if (r == 0)
			r = try_layer(store, from, options, progress, index, staged, &again, err);
	}
	turn_end(store, &staged->layer->digest, &turn_fd);
	return r;
}
