/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tar.h owns reading tar archives, entry by entry. */
#ifndef XRUN_REGISTRY_TAR_H
#define XRUN_REGISTRY_TAR_H

#include "registry/extract.h"

#include <locale.h>

struct archive;
struct archive_entry;

/* Filled by the caller: the stream, whose reader 0 this is, what messages call the archive, and the limits. */
struct tar {
	struct stream *plain;
	const char *what;               /* "layer" */
	uint64_t max_entries, max_size; /* max_size: of one entry */

	uint64_t bytes, entries;        /* read so far */
	struct archive *archive;
	struct archive_entry *current;
	struct xattr *xattrs;           /* of the current entry; the memory is used again for the next */
	size_t xattr_room;
	int aborted;                    /* the code by which the stream was aborted: somebody else has the reason */
	locale_t c, before;
};

/*
 * In the thread that reads, from tar_open to tar_close, the locale is C: names are bytes. 1: open; 0: there is no byte at
 * all, which is an archive without entries, too. When the stream is aborted, the code comes back and err is left alone.
 */
int tar_open(struct tar *tar, struct err *err);
void tar_close(struct tar *tar); /* whatever tar_open returned */

/* 1: the next entry, whose texts live until the next call; 0: there is none. */
int tar_next(struct tar *tar, struct extract_entry *ret_entry, struct err *err);

/* 1: a piece of the entry's content, at `offset`: holes of sparse files are not told; 0: that was all. */
int tar_read(struct tar *tar, const void **ret_data, size_t *ret_len, int64_t *ret_offset, struct err *err);

/* Reads on to the stream's end: what follows the archive's end is part of the bytes, too. 0 or the abort's code. */
int tar_rest(struct tar *tar);

#endif
