/* SPDX-License-Identifier: GPL-2.0-or-later */
/* layer.c owns turning one layer's compressed bytes into a verified directory tree: the pipeline. */
#include "registry/layer.h"
#include "registry/extract.h"
#include "registry/feeder.h"
#include "registry/hasher.h"
#include "registry/inflate.h"
#include "registry/tar.h"

#include <errno.h>
#include <pthread.h>
#include <unistd.h>

static const uint64_t MAX_ENTRIES = 4000000;

void layer_report_done(struct layer_report *report)
{
	implicit_done(&report->implicit);
}

static int copy_content(struct tar *tar, struct extract *x, struct flush *flush, struct err *err)
{
	const void *data;
	size_t len;
	int64_t offset;
	int r;
	while ((r = tar_read(tar, &data, &len, &offset, err)) > 0) {
		int w = extract_write(x, data, len, offset, err);
		if (w < 0)
			return w;
		flush_note(flush, len);
	}
	return r;
}

static int unpack_entries(struct tar *tar, struct extract *x, struct flush *flush, struct err *err)
{
	struct extract_entry entry;
	int r;
	while ((r = tar_next(tar, &entry, err)) > 0) {
		r = extract_entry(x, &entry, err);
		if (r > 0) {
			r = copy_content(tar, x, flush, err);
			if (r == 0)
				r = extract_close(x, &entry, err);
		}
		if (r < 0 || x->report->needs_lower)
			return r;
	}
	return r < 0 ? r : extract_finish(x, err);
}

/* What follows the archive's end, or what is not wanted any more, still counts for the diff id. */
static int unpack_tar(struct tar *tar, struct extract *x, struct flush *flush, struct err *err)
{
	int r = tar_open(tar, err);
	if (r > 0)
		r = unpack_entries(tar, x, flush, err);
	if (r == 0)
		r = tar_rest(tar);
	tar_close(tar);
	return r;
}

/* The pipeline: inflating and hashing in threads of their own, reading and writing entries in the caller's. */

struct pipeline {
	struct inflater inflater;
	struct stream *plain;
	struct digest diff_id; /* found */
	pthread_t hasher;
	bool hashing;          /* the thread runs */
};

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

static int start_pipeline(struct pipeline *p, struct err *err)
{
	int r = inflater_start(&p->inflater, err);
	if (r < 0)
		return r;
	int code = pthread_create(&p->hasher, NULL, run_hasher, p);
	p->hashing = code == 0;
	return p->hashing ? 0 : err_code(err, -code, "cannot start a thread");
}

static int end_pipeline(struct pipeline *p, int result, struct err *err)
{
	inflater_end(&p->inflater, result, err);
	if (p->hashing)
		pthread_join(p->hasher, NULL);
	if (result < 0 && !err->code)
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
	uint64_t max_bytes = options->max_bytes ? options->max_bytes : LAYER_MAX_BYTES;
	struct stream *plain = stream_new(options->blocks ? options->blocks : INFLATE_BLOCKS, INFLATE_BLOCK, 2);
	struct pipeline p = { .plain = plain,
		.inflater = { .source = source, .sink = plain, .compression = compression, .max_bytes = max_bytes } };
	struct tar tar = { .plain = plain, .what = "layer", .max_entries = options->max_entries ? options->max_entries : MAX_ENTRIES, .max_size = max_bytes };
	cleanup_extract struct extract x = { .root_fd = -1, .parent = PARENT_INIT, .link_parent = PARENT_INIT, .file_fd = -1 };
	err_clear(err);
	int r = extract_init(&x, root_fd, mode, options->single_id, report, err);
	x.parent.room = tar.max_entries;
	if (r == 0)
		r = start_pipeline(&p, err);
	if (r == 0)
		r = unpack_tar(&tar, &x, options->flush, err);
	r = end_pipeline(&p, r, err);
	stream_free(plain);
	report->is_misnamed = p.inflater.compression != compression;
	report->entries = tar.entries;
	report->bytes = tar.bytes;
	return r < 0 ? r : check_diff_id(&options->diff_id, &p.diff_id, err);
}

int layer_unpack(struct stream *source, enum compression compression, const struct layer_options *options, int root_fd,
	struct layer_report *ret_report, struct err *err)
{
	struct layer_report report = { 0 };
	int r = run(source, compression, options, root_fd, options->bottom ? EXTRACT_BOTTOM : EXTRACT_UPPER, &report, err);
	if (r < 0 || report.needs_lower)
		layer_report_done(&report);
	if (r < 0) {
		stream_abort(source, r);
		return r;
	}
	*ret_report = report;
	return 0;
}

/* Applying: the same from a file, twice. */

static int run_file(int blob_fd, enum compression compression, const struct layer_options *options, int root_fd,
	enum extract_mode mode, struct layer_report *report, struct err *err)
{
	struct feeder feeder = { .fd = blob_fd, .what = "a layer's blob" };
	if (lseek(blob_fd, 0, SEEK_SET) < 0)
		return err_sys(err, "cannot read a layer's blob");
	int r = feeder_start(&feeder, err);
	if (r == 0)
		r = run(feeder.stream, compression, options, root_fd, mode, report, err);
	feeder_end(&feeder, r, err);
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
