/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pack.c owns making what registry/inflate.h reads. */
#include "tests/fuzz/pack.h"

#include <isa-l/igzip_lib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

enum { BLOCK = 512, CHECKSUM = 148 };

static size_t pack_gzip(void *out, size_t room, const void *data, size_t len)
{
	struct isal_zstream z;
	isal_deflate_stateless_init(&z);
	z.next_in = (uint8_t *)data;
	z.avail_in = len;
	z.next_out = out;
	z.avail_out = room;
	z.end_of_stream = 1;
	z.gzip_flag = IGZIP_GZIP;
	if (isal_deflate_stateless(&z) != COMP_OK)
		abort();
	return room - z.avail_out;
}

static size_t pack_zstd(void *out, size_t room, const void *data, size_t len)
{
	size_t n = ZSTD_compress(out, room, data, len, 1);
	if (ZSTD_isError(n))
		abort();
	return n;
}

void pack(struct buf *ret, enum compression compression, const void *data, size_t len)
{
	size_t room = len + len / 2 + 1000;
	cleanup_free void *out = mem_new(room);
	if (!data)
		data = "";
	if (compression == COMPRESSION_NONE)
		buf_add(ret, data, len);
	else if (compression == COMPRESSION_GZIP)
		buf_add(ret, out, pack_gzip(out, room, data, len));
	else
		buf_add(ret, out, pack_zstd(out, room, data, len));
}

static void repair_header(char *block)
{
	unsigned sum = 0;
	memset(block + CHECKSUM, ' ', 8);
	for (size_t i = 0; i < BLOCK; i++)
		sum += (unsigned char)block[i];
	snprintf(block + CHECKSUM, 8, "%06o", sum);
}

void pack_tar(struct buf *ret, const struct tar_item *item)
{
	static const char zeros[BLOCK];
	char block[BLOCK] = { 0 };
	strncpy(block, item->name, 100);
	snprintf(block + 100, 8, "%07o", item->mode & 07777);
	snprintf(block + 108, 8, "%07o", item->uid & 0777777);
	snprintf(block + 116, 8, "%07o", item->uid & 0777777);
	snprintf(block + 124, 12, "%011zo", item->len);
	snprintf(block + 136, 12, "%011o", 1000000000);
	block[156] = item->type;
	strncpy(block + 157, item->link ? item->link : "", 100);
	strcpy(block + 257, "ustar");
	memset(block + 263, '0', 2);
	strcpy(block + 329, "0000000");
	strcpy(block + 337, "0000003");
	repair_header(block);
	buf_add(ret, block, sizeof block);
	buf_add(ret, item->content, item->len);
	buf_add(ret, zeros, (BLOCK - item->len % BLOCK) % BLOCK);
}

void pack_tar_end(struct buf *ret)
{
	static const char zeros[2 * BLOCK];
	buf_add(ret, zeros, sizeof zeros);
}

void pack_tar_repair(char *tar, size_t len)
{
	static const char zeros[BLOCK];
	for (size_t at = 0; at + BLOCK <= len;) {
		char *block = tar + at, size[13] = { 0 };
		if (memcmp(block, zeros, BLOCK) == 0)
			return;
		memcpy(size, block + 124, 12);
		size_t content = strtoul(size, NULL, 8);
		repair_header(block);
		if (content > len)
			return;
		at += BLOCK + (content + BLOCK - 1) / BLOCK * BLOCK;
	}
}
