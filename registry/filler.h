/* SPDX-License-Identifier: GPL-2.0-or-later */
/* filler.h owns giving small files their content and metadata, in a thread of its own, while the next ones get their names. */
/*
 * Making a file's name costs the kernel about as much as all that comes after it. Names are made one after the other, because their order
 * has a meaning; what is behind a descriptor is nobody else's any more.
 */
#ifndef XRUN_REGISTRY_FILLER_H
#define XRUN_REGISTRY_FILLER_H

#include "registry/metadata.h"

#include <sys/types.h>

/* Larger files are written as fast by whoever has their bytes already as they could be copied to somebody else. */
enum { FILLER_MAX = 16 << 10 };

struct filler;

/* Starts the thread. `rule` is as for metadata_file; its foreign_ids are counted in filler_finish. NULL with `err` set. */
struct filler *filler_new(const struct metadata_rule *rule, struct err *err);

/*
 * One file: begin, add any number of times, give. Waits for room in begin. `path` is for errors. Content is at most FILLER_MAX
 * bytes, and holes become zeros. give takes the descriptor, opened for writing; until then nothing happened.
 */
void filler_begin(struct filler *f, const char *path);
int filler_add(struct filler *f, const void *data, size_t len, int64_t offset, struct err *err);
void filler_give(struct filler *f, int *fd, int64_t size, const struct metadata *metadata);

/* Whether an earlier file failed; then no later one is written. The error names the file. */
int filler_check(const struct filler *f, struct err *err);

/* Waits until every file is as it should be. */
int filler_finish(struct filler *f, struct err *err);

/* What comes after a file's content, for the filler and for who writes it himself: its size, of which `written` bytes are there, and metadata_file. */
int filler_end_file(int fd, int64_t written, int64_t size, const struct metadata *metadata, const struct metadata_rule *rule, struct err *err);

/* After filler_finish, or instead of it: what was given is closed. NULL is fine. */
void filler_free(struct filler *f);

#endif
