/* SPDX-License-Identifier: GPL-2.0-or-later */
/* filler.c owns giving small files their content and metadata, in a thread of its own, while the next ones get their names. */
#include "registry/filler.h"
#include "registry/stream.h"
#include "registry/whiteout.h"

#include "src/base/fd.h"
#include "src/base/str.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A block takes as many files as fit; few enough for four layers to be content with 256 descriptors. */
enum { BLOCKS = 3, BLOCK = 64 << 10, FILES = 12 };

/* What stands before a file's path (with its 0) and content in a block. */
struct record {
	int fd;
	size_t path_size, len;
	int64_t size;
	struct metadata metadata; /* without attributes */
};

_Static_assert(sizeof(struct record) + ENTRY_PATH_MAX + FILLER_MAX <= BLOCK, "a block takes any file");

struct filler {
	struct stream *stream;
	pthread_t thread;
	bool running;
	struct metadata_rule rule;
	uint64_t foreign_ids, *ret_foreign_ids;
	/* of the one who gives */
	char *block;     /* claimed, or NULL */
	size_t used;     /* bytes of it that are complete records */
	unsigned files;  /* in it */
	struct record record;
	/* of the thread; whoever sees `failed` may read err */
	struct err err;
	atomic_bool failed;
};

int filler_end_file(int fd, int64_t written, int64_t size, const struct metadata *metadata, const struct metadata_rule *rule, struct err *err)
{
	if (size != written && ftruncate(fd, size) < 0)
		return err_sys(err, "cannot set its size"); /* a hole at the end */
	return metadata_file(fd, metadata, rule, err);
}

static int fill(struct filler *f, const struct record *record, const char *content)
{
	struct err *err = &f->err;
	int r = record->len ? fd_write_all(record->fd, content, record->len) : 0;
	if (r < 0)
		return err_code(err, r, "cannot write it");
	return filler_end_file(record->fd, record->len, record->size, &record->metadata, &f->rule, err);
}

/* After a failure files are only closed. */
static void fill_all(struct filler *f, const char *block, size_t len)
{
	struct record record;
	for (size_t at = 0; at < len;) {
		memcpy(&record, block + at, sizeof record);
		const char *path = block + at + sizeof record, *content = path + record.path_size;
		if (!f->failed && fill(f, &record, content) < 0) {
			err_prefix(&f->err, "cannot unpack %s", path);
			f->failed = true;
		}
		fd_close(&record.fd);
		at += sizeof record + record.path_size + record.len;
	}
}

static void *run(void *context)
{
	struct filler *f = context;
	const void *block;
	ssize_t n;
	while ((n = stream_next(f->stream, 0, &block)) > 0)
		fill_all(f, block, n);
	return NULL;
}

struct filler *filler_new(const struct metadata_rule *rule, struct err *err)
{
	struct filler *f = mem_new(sizeof *f);
	f->stream = stream_new(BLOCKS, BLOCK, 1);
	f->rule = *rule;
	f->ret_foreign_ids = rule->foreign_ids;
	f->rule.foreign_ids = &f->foreign_ids; /* the caller counts in its own thread */
	int code = pthread_create(&f->thread, NULL, run, f);
	if (code) {
		filler_free(f);
		err_code(err, -code, "cannot start a thread");
		return NULL;
	}
	f->running = true;
	return f;
}

static void pass_on(struct filler *f)
{
	if (f->used)
		stream_commit(f->stream, f->used);
	f->block = NULL;
	f->used = 0;
	f->files = 0;
}

void filler_begin(struct filler *f, const char *path)
{
	size_t path_size = strlen(path) + 1;
	if (f->block && (f->files == FILES || f->used + sizeof f->record + path_size + FILLER_MAX > BLOCK))
		pass_on(f);
	if (!f->block)
		f->block = stream_claim(f->stream); /* nobody aborts it */
	f->record = (struct record){ .path_size = path_size };
	memcpy(f->block + f->used + sizeof f->record, path, path_size);
}

int filler_add(struct filler *f, const void *data, size_t len, int64_t offset, struct err *err)
{
	struct record *record = &f->record;
	char *content = f->block + f->used + sizeof *record + record->path_size;
	if (offset < 0 || offset > FILLER_MAX || len > (size_t)(FILLER_MAX - offset))
		return err_set(err, -EBADMSG, "%s is longer than its header says", content - record->path_size);
	if ((size_t)offset > record->len)
		memset(content + record->len, 0, offset - record->len);
	memcpy(content + offset, data, len);
	if (offset + len > record->len)
		record->len = offset + len;
	return 0;
}

void filler_give(struct filler *f, int *fd, int64_t size, const struct metadata *metadata)
{
	struct record *record = &f->record;
	record->fd = fd_take(fd);
	record->size = size;
	record->metadata = *metadata;
	record->metadata.xattrs = NULL;
	record->metadata.xattr_count = 0;
	memcpy(f->block + f->used, record, sizeof *record);
	f->used += sizeof *record + record->path_size + record->len;
	f->files++;
}

int filler_check(const struct filler *f, struct err *err)
{
	if (!f->failed)
		return 0;
	*err = f->err;
	return err->code;
}

static void stop(struct filler *f)
{
	if (!f->running)
		return;
	pass_on(f);
	stream_end(f->stream);
	pthread_join(f->thread, NULL);
	f->running = false;
}

int filler_finish(struct filler *f, struct err *err)
{
	stop(f);
	*f->ret_foreign_ids += f->foreign_ids;
	f->foreign_ids = 0;
	return filler_check(f, err);
}

void filler_free(struct filler *f)
{
	if (!f)
		return;
	stop(f);
	stream_free(f->stream);
	free(f);
}
