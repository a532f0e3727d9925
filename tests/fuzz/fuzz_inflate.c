/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fuzz_inflate.c: compressed layers. However the bytes come in pieces, the result is the same, and within its limit. */
#include "registry/inflate.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/pack.h"
#include "tests/unit/pour.h"

#include <string.h>

enum { MAX_PLAIN = 1 << 20 };

/* The compression, the size of the pieces, and the stream. */
const unsigned fuzz_rounds = 4000;

bool fuzz_seed(size_t i, struct buf *ret_seed)
{
	static const char text[] = "what is said twice is said twice is said twice; what is not, is not";
	static const uint8_t pieces[] = { 1, 0, 7, 64 };
	enum compression compression = i % 3;
	if (i == 12) { /* two empty frames of zstd 0.7 */
		buf_add(ret_seed, "\2\1\x27\xb5\x2f\xfd\0\0\xf9\x73\1\x27\xb5\x2f\xfd\0\0\xf9\x73\xff", 20);
		return true;
	}
	if (i > 12)
		return false;
	buf_add(ret_seed, &(uint8_t){ compression }, 1);
	buf_add(ret_seed, &pieces[i / 3], 1);
	pack(ret_seed, compression, text, sizeof text - 1);
	if (i >= 6) /* members and frames follow each other */
		pack(ret_seed, compression, text + 5, 20);
	if (i >= 9 && compression == COMPRESSION_ZSTD) /* a skippable frame, RFC 8878 3.1.2 */
		buf_add(ret_seed, "\x50\x2a\x4d\x18\3\0\0\0abc", 11);
	if (i >= 9)
		pack(ret_seed, compression, "", 0);
	return true;
}

/* Enough blocks for all there can be: nothing waits, so nothing needs a thread. */
static int inflate(enum compression compression, const void *data, size_t size, size_t piece, struct buf *ret_plain)
{
	struct err err = { 0 };
	const void *block;
	ssize_t n;
	struct stream *source = stream_new(size / piece + 2, piece, 1);
	struct stream *sink = stream_new(MAX_PLAIN / INFLATE_BLOCK + 2, INFLATE_BLOCK, 1);
	CHECK(pour(source, piece, data, size) == 0);
	stream_end(source);
	int r = inflate_stream(source, &compression, sink, MAX_PLAIN, &err);
	CHECK(r <= 0 && r == err.code && (r == 0 || *err.text));
	while ((n = stream_next(sink, 0, &block)) > 0)
		buf_add(ret_plain, block, n);
	CHECK(n == r);
	stream_free(source);
	stream_free(sink);
	return r;
}

static void check_packed_again(enum compression compression, const struct buf *plain)
{
	cleanup_buf struct buf packed = { 0 }, again = { 0 };
	pack(&packed, compression, plain->data, plain->len);
	CHECK(inflate(compression == COMPRESSION_NONE ? COMPRESSION_AS_IT_IS : compression, packed.data, packed.len, 4096, &again) == 0);
	CHECK(again.len == plain->len && (!plain->len || memcmp(again.data, plain->data, plain->len) == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_buf struct buf whole = { 0 }, pieces = { 0 };
	enum compression compression = fuzz_byte(&data, &size) % 3;
	size_t piece = fuzz_byte(&data, &size) + 1;
	int r = inflate(compression, data, size, size + 1, &whole);
	CHECK(inflate(compression, data, size, piece, &pieces) == r);
	if (r < 0)
		return 0;
	CHECK(whole.len <= MAX_PLAIN && whole.len == pieces.len);
	CHECK(!whole.len || memcmp(whole.data, pieces.data, whole.len) == 0);
	if (inflate_recognise(data, size, compression) == COMPRESSION_NONE)
		CHECK(whole.len == size && (!size || memcmp(whole.data, data, size) == 0));
	check_packed_again(compression, &whole);
	return 0;
}
