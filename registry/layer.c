/* SPDX-License-Identifier: GPL-2.0-or-later */
/* layer.c owns turning one layer's compressed bytes into a verified directory tree: the pipeline and the tar reader. */
#include "registry/layer.h"
#include "registry/extract.h"
#include "registry/hasher.h"
#include "registry/inflate.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <inttypes.h>
#include <locale.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

static const uint64_t MAX_BYTES = 64ULL << 30, MAX_ENTRIES = 4000000;

/* The tar reader. */

struct tar {
	struct stream *plain;
	struct archive *archive;
	struct archive_entry *current;
	struct xattr *xattrs; /* of the current entry; the memory is used again for the next */
	size_t xattr_room;
	uint64_t bytes, entries, max_entries, max_size;
	int aborted;          /* the code by which the stream was aborted: somebody else has the reason */
};

static ssize_t next_block(struct archive *archive, void *context, const void **ret_data)
{
	(void)archive;
	struct tar *tar = context;
	ssize_t n = stream_next(tar->plain, 0, ret_data);
	if (n < 0) {
		tar->aborted = n;
		return ARCHIVE_FATAL;
	}
	tar->bytes += n;
	return n;
}

static int fail_tar(struct tar *tar, struct err *err)
{
	if (tar->aborted)
		return tar->aborted;
	const char *why = archive_error_string(tar->archive);
	const char *name = tar->current ? archive_entry_pathname(tar->current) : NULL;
	if (!tar->entries)
		return err_set(err, -EBADMSG, "the layer is not a sound tar archive: %s", why ? why : "unknown error");
	return err_set(err, -EBADMSG, "the layer's tar archive is damaged at or after %s: %s", name ? name : "an entry",
		why ? why : "unknown error");
}

/* 1: open; 0: there is no byte at all, which is a layer without entries, too. */
static int open_tar(struct tar *tar, struct err *err)
{
	tar->archive = archive_read_new();
	if (!tar->archive)
		return err_set(err, -ENOMEM, "no memory to read a layer");
	/* "._NAME" is a file like any other, not macOS metadata of NAME. */
	if (archive_read_support_format_tar(tar->archive) == ARCHIVE_OK
		&& archive_read_set_format_option(tar->archive, "tar", "mac-ext", NULL) == ARCHIVE_OK
		&& archive_read_open(tar->archive, tar, NULL, next_block, NULL) == ARCHIVE_OK)
		return 1;
	return tar->bytes || tar->aborted ? fail_tar(tar, err) : 0;
}

static void close_tar(struct tar *tar)
{
	archive_read_free(tar->archive);
	free(tar->xattrs);
}

/*
 * In the C locale libarchive cannot convert a name that is not ASCII from UTF-8; it warns, and takes the bytes as they
 * are, which is what we want (in a UTF-8 locale it would normalise them, and NFD names would become others). All
 * other warnings mean that something was left out.
 */
static bool is_harmless(struct tar *tar)
{
	const char *why = archive_error_string(tar->archive);
	return why && strstr(why, "can't be converted from UTF-8 to current locale");
}

/* 1: tar->current is the next entry; 0: there is none. */
static int next_entry(struct tar *tar, struct err *err)
{
	int r = archive_read_next_header(tar->archive, &tar->current);
	if (r == ARCHIVE_EOF)
		return 0;
	if (r != ARCHIVE_OK && !(r == ARCHIVE_WARN && is_harmless(tar)))
		return fail_tar(tar, err);
	if (++tar->entries > tar->max_entries)
		return err_set(err, -EFBIG, "the layer has more than %" PRIu64 " entries, which is the limit",
			tar->max_entries);
	return 1;
}

static size_t read_xattrs(struct tar *tar)
{
	size_t count = archive_entry_xattr_reset(tar->current);
	if (count > tar->xattr_room) {
		tar->xattrs = mem_grow(tar->xattrs, count, sizeof *tar->xattrs);
		tar->xattr_room = count;
	}
	for (size_t i = 0; i < count; i++) {
		struct xattr *xattr = &tar->xattrs[i];
		if (archive_entry_xattr_next(tar->current, &xattr->name, &xattr->value, &xattr->len) != ARCHIVE_OK)
			return i;
	}
	return count;
}

/* libarchive 3.6 reads "-1.25" as one second before 1970 and a quarter after that: the fraction lacks its sign. */
static struct timespec read_time(struct archive_entry *e)
{
	struct timespec t = { archive_entry_mtime(e), archive_entry_mtime_nsec(e) };
	if (t.tv_sec < 0 && t.tv_nsec > 0) {
		t.tv_sec--;
		t.tv_nsec = 1000000000 - t.tv_nsec;
	}
	return t;
}

static int read_entry(struct tar *tar, struct extract_entry *ret_entry, struct err *err)
{
	struct archive_entry *e = tar->current;
	const char *name = archive_entry_pathname(e);
	if (!name)
		return err_set(err, -EBADMSG, "the layer has an entry without a name");
	*ret_entry = (struct extract_entry){
		.name = name,
		.hardlink = archive_entry_hardlink(e),
		.symlink = archive_entry_symlink(e),
		.type = archive_entry_filetype(e),
		.size = archive_entry_size(e),
		.major = archive_entry_rdevmajor(e),
		.minor = archive_entry_rdevminor(e),
		.metadata = {
			.mode = archive_entry_perm(e),
			.uid = archive_entry_uid(e),
			.gid = archive_entry_gid(e),
			.mtime = read_time(e),
		},
	};
	ret_entry->metadata.xattr_count = read_xattrs(tar);
	ret_entry->metadata.xattrs = tar->xattrs;
	if (ret_entry->size < 0 || (uint64_t)ret_entry->size > tar->max_size)
		return err_set(err, -EFBIG, "%s in the layer is larger than %" PRIu64 " bytes, which is the limit", name,
			tar->max_size);
	return 0;
}

static int copy_content(struct tar *tar, struct extract *x, struct err *err)
{
	const void *data;
	size_t len;
	la_int64_t offset;
	int r;
	while ((r = archive_read_data_block(tar->archive, &data, &len, &offset)) == ARCHIVE_OK) {
		int w = extract_write(x, data, len, offset, err);
		if (w < 0)
			return w;
	}
	return r == ARCHIVE_EOF ? 0 : fail_tar(tar, err);
}

static int unpack_entries(struct tar *tar, struct extract *x, struct err *err)
{
	struct extract_entry entry;
	int r;
	while ((r = next_entry(tar, err)) > 0) {
		r = read_entry(tar, &entry, err);
		if (r == 0)
			r = extract_entry(x, &entry, err);
		if (r > 0) {
			r = copy_content(tar, x, err);
			if (r == 0)
				r = extract_close(x, &entry, err);
		}
		if (r < 0 || x->report->needs_lower)
			return r;
	}
	return r < 0 ? r : extract_finish(x, err);
}

/* What follows the archive's end, or what is not wanted any more, still counts for the diff id. */
static int read_rest(struct tar *tar)
{
	const void *data;
	ssize_t n;
	while ((n = stream_next(tar->plain, 0, &data)) > 0)
		tar->bytes += n;
	return n;
}

static int unpack_tar(struct tar *tar, struct extract *x, struct err *err)
{
	locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0); /* see is_harmless */
	locale_t before = uselocale(c);
	int r = open_tar(tar, err);
	if (r > 0)
		r = unpack_entries(tar, x, err);
	if (r == 0)
		r = read_rest(tar);
	close_tar(tar);
	uselocale(before);
	if (c)
		freelocale(c);
	return r;
}

/* The pipeline: inflating and hashing in threads of their own, reading and writing entries in the caller's. */

struct pipeline {
	struct stream *source, *plain;
	enum compression compression;
	uint64_t max_bytes;
	struct digest diff_id;   /* found */
	struct err inflate_err;
	pthread_t inflater, hasher;
	bool inflating, hashing; /* the thread runs */
};

static void *run_inflater(void *context)
{
	struct pipeline *p = context;
	inflate_stream(p->source, p->compression, p->plain, p->max_bytes, &p->inflate_err);
	return NULL;
}

static void *run_hasher(void *context)
{
	struct pipeline *p = context;
	struct hasher hasher;
	const void *data;
	ssize_t n;
	hasher_init(&hasher);
	while ((n = stream_next(p->plain, 1, &data)) > 0)
		hasher_add(&hasher, data, n);
	if (n == 0)
		hasher_end(&hasher, &p->diff_id);
	else
		hasher_done(&hasher);
	return NULL;
}

static int start(pthread_t *ret_thread, void *(*run)(void *), void *context, bool *ret_running, struct err *err)
{
	int code = pthread_create(ret_thread, NULL, run, context);
	if (code)
		return err_code(err, -code, "cannot start a thread");
	*ret_running = true;
	return 0;
}

static int start_pipeline(struct pipeline *p, struct err *err)
{
	int r = start(&p->inflater, run_inflater, p, &p->inflating, err);
	return r < 0 ? r : start(&p->hasher, run_hasher, p, &p->hashing, err);
}

/* Ends the threads, and finds out whose failure was the first. */
static int end_pipeline(struct pipeline *p, int result, struct err *err)
{
	if (result < 0) {
		stream_abort(p->plain, result);
		stream_abort(p->source, result);
	}
	if (p->inflating)
		pthread_join(p->inflater, NULL);
	if (p->hashing)
		pthread_join(p->hasher, NULL);
	if (result == 0 || err->code)
		return result;
	if (p->inflate_err.code)
		*err = p->inflate_err;
	else
		err_code(err, result, "the layer was not read to its end");
	return result;
}

static int check_diff_id(const struct digest *want, const struct digest *found, struct err *err)
{
	if (digest_equal(want, found))
		return 0;
	return err_set(err, -EBADMSG, "the layer's content is not the one that the image's configuration names: "
		"it has the diff id %s instead of %s", found->text, want->text);
}

static int run(struct stream *source, enum compression compression, const struct layer_options *options, int root_fd,
	enum extract_mode mode, struct layer_report *report, struct err *err)
{
	uint64_t max_bytes = options->max_bytes ? options->max_bytes : MAX_BYTES;
	struct pipeline p = { .source = source, .compression = compression, .max_bytes = max_bytes };
	struct tar tar = { .max_entries = options->max_entries ? options->max_entries : MAX_ENTRIES, .max_size = max_bytes };
	cleanup_extract struct extract x = { .root_fd = -1, .parent = PARENT_INIT, .link_parent = PARENT_INIT, .file_fd = -1 };
	err_clear(err);
	tar.plain = p.plain = stream_new(INFLATE_BLOCKS, INFLATE_BLOCK, 2);
	int r = extract_init(&x, root_fd, mode, options->single_id, report, err);
	if (r == 0)
		r = start_pipeline(&p, err);
	if (r == 0)
		r = unpack_tar(&tar, &x, err);
	r = end_pipeline(&p, r, err);
	stream_free(p.plain);
	report->entries = tar.entries;
	report->bytes = tar.bytes;
	return r < 0 ? r : check_diff_id(&options->diff_id, &p.diff_id, err);
}

int layer_unpack(struct stream *source, enum compression compression, const struct layer_options *options, int root_fd,
	struct layer_report *ret_report, struct err *err)
{
	struct layer_report report = { 0 };
	int r = run(source, compression, options, root_fd, options->bottom ? EXTRACT_BOTTOM : EXTRACT_UPPER, &report, err);
	if (r < 0) {
		stream_abort(source, r);
		return r;
	}
	*ret_report = report;
	return 0;
}

/* Applying: the same from a file, twice. */

enum { FEED_BLOCK = 256 << 10, FEED_BLOCKS = 4 };

struct feeder {
	struct stream *source;
	int blob_fd;
	struct err err;
};

static void *run_feeder(void *context)
{
	struct feeder *f = context;
	void *block;
	for (off_t at = 0; (block = stream_claim(f->source));) {
		ssize_t n;
		do
			n = pread(f->blob_fd, block, FEED_BLOCK, at);
		while (n < 0 && errno == EINTR);
		if (n < 0)
			stream_abort(f->source, err_sys(&f->err, "cannot read a layer's blob"));
		if (n <= 0)
			break;
		stream_commit(f->source, n);
		at += n;
	}
	stream_end(f->source);
	return NULL;
}

static int run_file(int blob_fd, enum compression compression, const struct layer_options *options, int root_fd,
	enum extract_mode mode, struct layer_report *report, struct err *err)
{
	struct feeder f = { .source = stream_new(FEED_BLOCKS, FEED_BLOCK, 1), .blob_fd = blob_fd };
	pthread_t thread;
	bool running = false;
	int r = start(&thread, run_feeder, &f, &running, err);
	if (r == 0)
		r = run(f.source, compression, options, root_fd, mode, report, err);
	if (r < 0)
		stream_abort(f.source, r);
	if (running)
		pthread_join(thread, NULL);
	if (r < 0 && f.err.code)
		*err = f.err;
	stream_free(f.source);
	return r;
}

int layer_apply(int blob_fd, enum compression compression, const struct layer_options *options, int merged_fd,
	struct layer_report *ret_report, struct err *err)
{
	struct layer_report removals = { 0 }, report = { 0 };
	int r = run_file(blob_fd, compression, options, merged_fd, EXTRACT_REMOVALS, &removals, err);
	if (r == 0)
		r = run_file(blob_fd, compression, options, merged_fd, EXTRACT_MERGED, &report, err);
	if (r < 0)
		return r;
	*ret_report = report;
	return 0;
}
