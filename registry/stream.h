/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stream.h owns a bounded queue of byte blocks between threads: one writer, one or two readers that each see all. */
#ifndef XRUN_REGISTRY_STREAM_H
#define XRUN_REGISTRY_STREAM_H

#include <stddef.h>
#include <sys/types.h>

struct stream;

/* `blocks` blocks of `block_size` bytes each are all the memory there is; `readers` is 1 or 2. */
struct stream *stream_new(size_t blocks, size_t block_size, int readers);
void stream_free(struct stream *s); /* after all threads are joined; NULL is fine */

/*
 * Writing. claim waits for a free block and gives its memory (block_size bytes); commit publishes the first `len` of
 * them. claim returns NULL once somebody aborted. end says that all was written; abort (from any side, any number of
 * times, the first code wins) makes every later call on either side fail with `code`, a negative errno.
 */
void *stream_claim(struct stream *s);
void stream_commit(struct stream *s, size_t len);
void stream_end(struct stream *s);
void stream_abort(struct stream *s, int code);
int stream_code(struct stream *s); /* the abort's, or 0 */

/*
 * Reading, as reader 0 or 1: waits for the next block and points at it; the memory is valid until the same reader's
 * next call. Returns its length, 0 at the end, or the abort's code.
 */
ssize_t stream_next(struct stream *s, int reader, const void **ret_data);

#endif
