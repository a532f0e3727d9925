/* SPDX-License-Identifier: GPL-2.0-or-later */
/* inflate.c owns decompression: isa-l for gzip, libzstd for Zstandard. */
#include "registry/inflate.h"
#include "src/base/str.h"

#include <errno.h>
#include <inttypes.h>
#include <isa-l/igzip_lib.h>
#include <stdbool.h>
#include <string.h>
#include <zstd.h>
#include <zstd_errors.h>

enum { MAX_WINDOW_LOG = 27, TAR_MAGIC_AT = 257 };

/* The two ends. The sink's block is claimed when there is something to put into it, and published when full. */
struct pipe {
	struct stream *source, *sink;
	const uint8_t *in;
	size_t in_len;
	uint8_t head[INFLATE_HEAD]; /* looked at already, */
	size_t head_len;            /* and to be read yet; */
	const uint8_t *rest;        /* what its last block has behind it */
	size_t rest_len;
	uint8_t *block;
	size_t used;
	uint64_t total, max_bytes;
};

/* The next compressed block: 1, 0 at the end, or the abort's code. */
static int refill(struct pipe *p)
{
	const void *data = p->head_len ? p->head : p->rest;
	ssize_t n = p->head_len ? p->head_len : p->rest_len;
	*(p->head_len ? &p->head_len : &p->rest_len) = 0;
	if (n == 0)
		n = stream_next(p->source, 0, &data);
	if (n <= 0)
		return n;
	p->in = data;
	p->in_len = n;
	return 1;
}

static int claim(struct pipe *p)
{
	if (p->block)
		return 0;
	p->block = stream_claim(p->sink);
	p->used = 0;
	return p->block ? 0 : -ECANCELED;
}

static void publish(struct pipe *p)
{
	if (p->block)
		stream_commit(p->sink, p->used);
	p->block = NULL;
}

/* Takes note of `len` more bytes in the block. */
static int advance(struct pipe *p, size_t len, struct err *err)
{
	p->total += len;
	p->used += len;
	if (p->total > p->max_bytes)
		return err_set(err, -EFBIG, "the layer unpacks to more than %" PRIu64 " bytes, which is the limit",
			p->max_bytes);
	if (p->used == INFLATE_BLOCK)
		publish(p);
	return 0;
}

static int copy_plain(struct pipe *p, struct err *err)
{
	int r;
	while ((r = refill(p)) > 0) {
		while (p->in_len) {
			r = claim(p);
			if (r < 0)
				return r;
			size_t room = INFLATE_BLOCK - p->used;
			size_t n = p->in_len < room ? p->in_len : room;
			memcpy(p->block + p->used, p->in, n);
			p->in += n;
			p->in_len -= n;
			r = advance(p, n, err);
			if (r < 0)
				return r;
		}
	}
	return r;
}

static int fail_gzip(int code, uint64_t members, struct err *err)
{
	if (code == ISAL_INVALID_WRAPPER && members)
		return err_set(err, -EBADMSG, "the layer has junk after its gzip data");
	if (code == ISAL_INVALID_WRAPPER)
		return err_set(err, -EBADMSG, "the layer is not gzip, although its media type says so");
	if (code == ISAL_INCORRECT_CHECKSUM)
		return err_set(err, -EBADMSG, "the layer's gzip data is damaged: wrong checksum");
	return err_set(err, -EBADMSG, "the layer's gzip data is damaged (igzip error %d)", code);
}

/* One call of the inflater, on what the two blocks have and have room for. */
static int step_gzip(struct pipe *p, struct inflate_state *state, uint64_t members, struct err *err)
{
	int r = claim(p);
	if (r < 0)
		return r;
	state->next_in = (uint8_t *)p->in;
	state->avail_in = p->in_len;
	state->next_out = p->block + p->used;
	state->avail_out = INFLATE_BLOCK - p->used;
	int code = isal_inflate(state);
	if (code != ISAL_DECOMP_OK && code != ISAL_END_INPUT && code != ISAL_OUT_OVERFLOW)
		return fail_gzip(code, members, err);
	p->in = state->next_in;
	p->in_len = state->avail_in;
	return advance(p, INFLATE_BLOCK - p->used - state->avail_out, err);
}

static int inflate_gzip(struct pipe *p, struct err *err)
{
	cleanup_free struct inflate_state *state = mem_new(sizeof *state);
	uint64_t members = 0;
	bool inside = false; /* of a member */
	isal_inflate_init(state);
	for (;;) {
		/* A full block may have stopped the inflater with bytes of its own left: feed it only when it starves. */
		if (!p->in_len && (!inside || state->avail_out)) {
			int r = refill(p);
			if (r == 0 && (inside || !members))
				return err_set(err, -EBADMSG, "the layer's gzip data is cut short%s",
					members ? ", or has junk at its end" : "");
			if (r <= 0)
				return r;
		}
		if (!inside) {
			isal_inflate_reset(state);
			state->crc_flag = ISAL_GZIP;
			inside = true;
		}
		int r = step_gzip(p, state, members, err);
		if (r < 0)
			return r;
		if (state->block_state == ISAL_BLOCK_FINISH) {
			inside = false;
			members++;
		}
	}
}

static int fail_zstd(size_t code, uint64_t total, struct err *err)
{
	switch (ZSTD_getErrorCode(code)) {
	case ZSTD_error_frameParameter_windowTooLarge:
		return err_set(err, -EBADMSG, "the layer's zstd data needs a window larger than 2^%d bytes (128 MiB), "
			"the most that is allowed; compress it again without --ultra --long", MAX_WINDOW_LOG);
	case ZSTD_error_prefix_unknown:
		return err_set(err, -EBADMSG, total ? "the layer has junk after its zstd data" :
			"the layer is not zstd, although its media type says so");
	default:
		return err_set(err, -EBADMSG, "the layer's zstd data is damaged: %s", ZSTD_getErrorName(code));
	}
}

/*
 * What a frame says of its size, for a check of our own: libzstd 1.5 takes a frame that ends early with an empty last
 * block, but not if all of it comes in one piece (ZSTD_decompressStream), and pieces are as the network makes them.
 */
struct frame {
	uint8_t head[18]; /* the longest header, ZSTD_FRAMEHEADERSIZE_MAX */
	size_t head_len;
	uint64_t total;
};

static void note_frame(struct frame *frame, const void *in, size_t in_len, size_t out_len)
{
	size_t room = sizeof frame->head - frame->head_len, n = in_len < room ? in_len : room;
	memcpy(frame->head + frame->head_len, in, n);
	frame->head_len += n;
	frame->total += out_len;
}

static int end_frame(struct frame *frame, struct err *err)
{
	unsigned long long said = ZSTD_getFrameContentSize(frame->head, frame->head_len), total = frame->total;
	*frame = (struct frame){ 0 };
	if (said == ZSTD_CONTENTSIZE_UNKNOWN || said == total)
		return 0;
	return err_set(err, -EBADMSG, "the layer's zstd data is damaged: a frame has another size than it says");
}

/*
 * A frame's magic number is fed byte by byte: given all four in one piece, a libzstd that is built for it takes frames of
 * before RFC 8878, too, by decoders that nobody looks at any more (zstd.h, ZSTD_LEGACY_SUPPORT).
 */
static size_t piece_of(const struct pipe *p, const struct frame *frame)
{
	enum { MAGIC = 4 };
	return frame->head_len < MAGIC && p->in_len ? 1 : p->in_len;
}

static int step_zstd(struct pipe *p, ZSTD_DCtx *context, struct frame *frame, size_t *ret_wanted, bool *ret_full,
	struct err *err)
{
	int r = claim(p);
	if (r < 0)
		return r;
	ZSTD_inBuffer in = { .src = p->in, .size = piece_of(p, frame) };
	ZSTD_outBuffer out = { .dst = p->block, .size = INFLATE_BLOCK, .pos = p->used };
	size_t wanted = ZSTD_decompressStream(context, &out, &in);
	if (ZSTD_isError(wanted))
		return fail_zstd(wanted, p->total + out.pos, err);
	note_frame(frame, p->in, in.pos, out.pos - p->used);
	r = wanted ? 0 : end_frame(frame, err);
	if (r < 0)
		return r;
	p->in += in.pos;
	p->in_len -= in.pos;
	*ret_wanted = wanted;
	*ret_full = out.pos == out.size;
	return advance(p, out.pos - p->used, err);
}

static int run_zstd(struct pipe *p, ZSTD_DCtx *context, struct err *err)
{
	struct frame frame = { 0 };
	size_t wanted = 1; /* 0 exactly at the end of a frame; so an empty layer is cut short */
	bool full = false;
	for (;;) {
		if (!p->in_len && !(full && wanted)) {
			int r = refill(p);
			if (r == 0 && wanted)
				return err_set(err, -EBADMSG, "the layer's zstd data is cut short");
			if (r <= 0)
				return r;
		}
		int r = step_zstd(p, context, &frame, &wanted, &full, err);
		if (r < 0)
			return r;
	}
}

static int inflate_zstd(struct pipe *p, struct err *err)
{
	ZSTD_DCtx *context = ZSTD_createDCtx();
	if (!context)
		return err_set(err, -ENOMEM, "no memory to inflate a layer");
	ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, MAX_WINDOW_LOG);
	int r = run_zstd(p, context, err);
	ZSTD_freeDCtx(context);
	return r;
}

static int inflate_any(struct pipe *p, enum compression compression, struct err *err)
{
	switch (compression) {
	case COMPRESSION_NONE:
	case COMPRESSION_AS_IT_IS:
		return copy_plain(p, err);
	case COMPRESSION_GZIP:
		return inflate_gzip(p, err);
	case COMPRESSION_ZSTD:
		return inflate_zstd(p, err);
	}
	return err_set(err, -EINVAL, "unknown compression %d", (int)compression);
}

enum compression inflate_recognise(const void *head, size_t len, enum compression said)
{
	const uint8_t *h = head;
	bool packs[] = {
		[COMPRESSION_GZIP] = len >= 3 && memcmp(h, "\x1f\x8b\x08", 3) == 0,
		[COMPRESSION_ZSTD] = len >= 4 && (memcmp(h, "\x28\xb5\x2f\xfd", 4) == 0 ||
			((h[0] & 0xf0) == 0x50 && memcmp(h + 1, "\x2a\x4d\x18", 3) == 0)), /* a skippable frame */
		[COMPRESSION_NONE] = len >= TAR_MAGIC_AT + 5 && memcmp(h + TAR_MAGIC_AT, "ustar", 5) == 0,
	};
	if (said == COMPRESSION_AS_IT_IS || packs[said])
		return said;
	return packs[COMPRESSION_GZIP] ? COMPRESSION_GZIP : packs[COMPRESSION_ZSTD] ? COMPRESSION_ZSTD :
	       packs[COMPRESSION_NONE] ? COMPRESSION_NONE : said;
}

/* However the bytes come in pieces, as many are looked at. */
static int recognise(struct pipe *p, enum compression *compression)
{
	size_t len = 0;
	while (len < sizeof p->head && !p->rest_len) {
		int r = refill(p);
		if (r < 0)
			return r;
		if (r == 0)
			break;
		size_t n = p->in_len < sizeof p->head - len ? p->in_len : sizeof p->head - len;
		memcpy(p->head + len, p->in, n);
		len += n;
		p->rest = p->in + n;
		p->rest_len = p->in_len - n;
	}
	p->in_len = 0;
	p->head_len = len;
	*compression = inflate_recognise(p->head, len, *compression);
	return 0;
}

int inflate_stream(struct stream *source, enum compression *compression, struct stream *sink, uint64_t max_bytes,
	struct err *err)
{
	struct pipe p = { .source = source, .sink = sink, .max_bytes = max_bytes };
	int r = recognise(&p, compression);
	if (r == 0)
		r = inflate_any(&p, *compression, err);
	if (r < 0) {
		stream_abort(source, r);
		stream_abort(sink, r);
		return r;
	}
	publish(&p);
	stream_end(sink);
	return 0;
}

static void *run(void *context)
{
	struct inflater *i = context;
	inflate_stream(i->source, &i->compression, i->sink, i->max_bytes, &i->err);
	return NULL;
}

int inflater_start(struct inflater *i, struct err *err)
{
	int code = pthread_create(&i->thread, NULL, run, i);
	i->running = code == 0;
	return i->running ? 0 : err_code(err, -code, "cannot start a thread");
}

void inflater_end(struct inflater *i, int result, struct err *err)
{
	if (result < 0) {
		stream_abort(i->sink, result);
		stream_abort(i->source, result);
	}
	if (i->running)
		pthread_join(i->thread, NULL);
	if (result < 0 && !err->code && i->err.code)
		*err = i->err;
}
