/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pack.h owns making what registry/inflate.h reads. */
#ifndef XRUN_TESTS_PACK_H
#define XRUN_TESTS_PACK_H

#include "registry/layer.h"
#include "src/base/str.h"

/* Appends one gzip member, one Zstandard frame, or the bytes themselves. */
void pack(struct buf *ret, enum compression compression, const void *data, size_t len);

/* Appends one entry of a tar archive (ustar, pax interchange format): the header, then the content in whole blocks. */
struct tar_item {
	char type; /* the header's typeflag */
	const char *name, *link; /* at most 100 bytes of each; link may be NULL */
	const void *content;
	size_t len;
	unsigned mode, uid;
};
void pack_tar(struct buf *ret, const struct tar_item *item);
void pack_tar_end(struct buf *ret);

/* Makes the checksums right of what looks like headers: without it, hardly a changed archive would be read. */
void pack_tar_repair(char *tar, size_t len);

#endif
