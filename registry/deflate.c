/* SPDX-License-Identifier: GPL-2.0-or-later */
/* deflate.c owns packing bytes with gzip, through isa-l. */
#include "registry/deflate.h"

#include "src/base/str.h"

#include <errno.h>
#include <isa-l/igzip_lib.h>

enum { LEVEL = 1, ROOM = 128 << 10 };

/* igzip_lib.h: the level's buffer has to be given; level 1 packs as fast as a disk writes. */
struct state {
	struct isal_zstream stream;
	uint8_t level_buf[ISAL_DEF_LVL1_DEFAULT];
	uint8_t out[ROOM];
};

void deflate_open(struct deflate *d, int (*put)(void *context, const void *data, size_t len), void *context)
{
	struct state *s = mem_new(sizeof *s);
	isal_deflate_init(&s->stream);
	s->stream.level = LEVEL;
	s->stream.level_buf = s->level_buf;
	s->stream.level_buf_size = sizeof s->level_buf;
	s->stream.gzip_flag = IGZIP_GZIP;
	*d = (struct deflate){ s, put, context };
}

void deflate_done(struct deflate *d)
{
	free(d->state);
	d->state = NULL;
}

static int pack(struct deflate *d, bool is_end)
{
	struct state *s = d->state;
	s->stream.end_of_stream = is_end;
	do {
		s->stream.next_out = s->out;
		s->stream.avail_out = ROOM;
		if (isal_deflate(&s->stream) != COMP_OK)
			return -EIO;
		size_t len = ROOM - s->stream.avail_out;
		int r = len ? d->put(d->context, s->out, len) : 0;
		if (r < 0)
			return r;
	} while (s->stream.avail_out == 0);
	return 0;
}

int deflate_add(struct deflate *d, const void *data, size_t len)
{
	struct state *s = d->state;
	for (const uint8_t *at = data; len > 0;) {
		size_t piece = len < (1U << 30) ? len : 1U << 30; /* avail_in has 32 bits */
		s->stream.next_in = (uint8_t *)at;
		s->stream.avail_in = (uint32_t)piece;
		int r = pack(d, false);
		if (r < 0)
			return r;
		at += piece;
		len -= piece;
	}
	return 0;
}

int deflate_end(struct deflate *d)
{
	struct state *s = d->state;
	s->stream.avail_in = 0;
	return pack(d, true);
}
