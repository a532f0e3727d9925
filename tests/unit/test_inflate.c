/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_inflate.c: gzip and Zstandard streams, whole, in parts, damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "registry/inflate.h"
#include "src/base/str.h"

#include <errno.h>
#include <isa-l/igzip_lib.h>
#include <pthread.h>
#include <string.h>
#include <zstd.h>

enum { PLAIN = 1200000 };
static unsigned char plain[PLAIN]; /* several blocks, compresses a little */

static int make_plain(void **state)
{
	(void)state;
	uint32_t seed = 1;
	for (size_t i = 0; i < PLAIN; i++) {
		seed = seed * 1664525 + 1013904223;
		plain[i] = seed >> 28;
	}
	return 0;
}

static void add_gzip(struct buf *b, size_t from, size_t len)
{
	struct isal_zstream z;
	isal_deflate_stateless_init(&z);
	size_t room = len + len / 2 + 1000;
	cleanup_free unsigned char *out = mem_new(room);
	z.next_in = plain + from;
	z.avail_in = len;
	z.next_out = out;
	z.avail_out = room;
	z.end_of_stream = 1;
	z.gzip_flag = IGZIP_GZIP;
	assert_int_equal(isal_deflate_stateless(&z), COMP_OK);
	buf_add(b, out, room - z.avail_out);
}

static void add_zstd(struct buf *b, size_t from, size_t len)
{
	size_t room = ZSTD_compressBound(len);
	cleanup_free unsigned char *out = mem_new(room);
	size_t n = ZSTD_compress(out, room, plain + from, len, 1);
	assert_false(ZSTD_isError(n));
	buf_add(b, out, n);
}

struct feed {
	struct stream *source;
	const struct buf *bytes;
	size_t piece;
};

static void *feed(void *context)
{
	struct feed *f = context;
	for (size_t at = 0, n; at < f->bytes->len; at += n) {
		char *block = stream_claim(f->source);
		if (!block)
			return NULL;
		n = f->bytes->len - at < f->piece ? f->bytes->len - at : f->piece;
		memcpy(block, f->bytes->data + at, n);
		stream_commit(f->source, n);
	}
	stream_end(f->source);
	return NULL;
}

struct drain {
	struct stream *sink;
	size_t len;
	bool equal;
	ssize_t end;
};

static void *drain(void *context)
{
	struct drain *d = context;
	const void *data;
	d->equal = true;
	while ((d->end = stream_next(d->sink, 0, &data)) > 0) {
		d->equal = d->equal && d->len + d->end <= PLAIN && memcmp(data, plain + d->len, d->end) == 0;
		d->len += d->end;
	}
	return NULL;
}

/* Inflates; 0 if exactly `want` bytes of the plain ones came out. */
static int inflate(const struct buf *bytes, enum compression compression, size_t piece, size_t want, uint64_t max)
{
	struct feed f = { stream_new(3, piece, 1), bytes, piece };
	struct drain d = { .sink = stream_new(INFLATE_BLOCKS, INFLATE_BLOCK, 1) };
	struct err err = { 0 };
	pthread_t feeder, drainer;
	assert_int_equal(pthread_create(&feeder, NULL, feed, &f), 0);
	assert_int_equal(pthread_create(&drainer, NULL, drain, &d), 0);
	int r = inflate_stream(f.source, &compression, d.sink, max, &err);
	pthread_join(feeder, NULL);
	pthread_join(drainer, NULL);
	stream_free(f.source);
	stream_free(d.sink);
	assert_int_equal(d.end, r);
	assert_int_equal(err.code, r);
	if (r == 0) {
		assert_int_equal(d.len, want);
		assert_true(d.equal);
	}
	return r;
}

static const size_t PIECES[] = { 1, 7, 4096, 1 << 18 };
#define EACH_PIECE(i) for (size_t i = 0; i < sizeof PIECES / sizeof *PIECES; i++)

static void plain_bytes_pass_through(void **state)
{
	(void)state;
	cleanup_buf struct buf b = { 0 };
	buf_add(&b, plain, PLAIN);
	assert_int_equal(inflate(&b, COMPRESSION_NONE, 4096, PLAIN, PLAIN), 0);
}

/* However it comes in pieces; and what is left as it is, is not looked at. */
static void bytes_tell_another_compression_than_the_one_given(void **state)
{
	(void)state;
	cleanup_buf struct buf gzip = { 0 }, zstd = { 0 };
	add_gzip(&gzip, 0, 3000);
	add_zstd(&zstd, 0, 3000);
	for (enum compression said = COMPRESSION_NONE; said <= COMPRESSION_ZSTD; said++) {
		EACH_PIECE(i) {
			assert_int_equal(inflate(&gzip, said, PIECES[i], 3000, PLAIN), 0);
			assert_int_equal(inflate(&zstd, said, PIECES[i], 3000, PLAIN), 0);
		}
	}
	memcpy(plain, gzip.data, gzip.len);
	assert_int_equal(inflate(&gzip, COMPRESSION_AS_IT_IS, 4096, gzip.len, PLAIN), 0);
	make_plain(NULL);
}

static void a_tar_archive_is_known_by_its_first_header(void **state)
{
	(void)state;
	char head[INFLATE_HEAD] = "\x1f\x8b\x08";
	assert_int_equal(inflate_recognise(head, sizeof head, COMPRESSION_NONE), COMPRESSION_GZIP);
	memcpy(head + 257, "ustar", sizeof "ustar");
	assert_int_equal(inflate_recognise(head, sizeof head, COMPRESSION_NONE), COMPRESSION_NONE); /* a strange name */
	*head = 'a';
	assert_int_equal(inflate_recognise(head, sizeof head, COMPRESSION_GZIP), COMPRESSION_NONE);
	assert_int_equal(inflate_recognise(head, 200, COMPRESSION_GZIP), COMPRESSION_GZIP); /* who says that it is not */
	assert_int_equal(inflate_recognise("P*M\x18", 4, COMPRESSION_GZIP), COMPRESSION_ZSTD);
	assert_int_equal(inflate_recognise("", 0, COMPRESSION_ZSTD), COMPRESSION_ZSTD);
}

static void gzip_may_have_many_members(void **state)
{
	(void)state;
	cleanup_buf struct buf b = { 0 };
	add_gzip(&b, 0, 10);
	add_gzip(&b, 10, 0);
	add_gzip(&b, 10, INFLATE_BLOCK - 10); /* ends with the block */
	add_gzip(&b, INFLATE_BLOCK, PLAIN - INFLATE_BLOCK);
	EACH_PIECE(i)
		assert_int_equal(inflate(&b, COMPRESSION_GZIP, PIECES[i], PLAIN, PLAIN), 0);
}

static void zstd_may_have_many_frames_and_skippable_ones(void **state)
{
	(void)state;
	static const char skippable[] = "\x50\x2a\x4d\x18\x04\0\0\0abcd";
	cleanup_buf struct buf b = { 0 };
	buf_add(&b, skippable, sizeof skippable - 1);
	add_zstd(&b, 0, 10);
	add_zstd(&b, 10, INFLATE_BLOCK - 10);
	buf_add(&b, skippable, sizeof skippable - 1);
	add_zstd(&b, INFLATE_BLOCK, PLAIN - INFLATE_BLOCK);
	buf_add(&b, skippable, sizeof skippable - 1);
	EACH_PIECE(i)
		assert_int_equal(inflate(&b, COMPRESSION_ZSTD, PIECES[i], PLAIN, PLAIN), 0);
}

static void an_end_before_the_end_is_an_error(void **state)
{
	(void)state;
	cleanup_buf struct buf gzip = { 0 }, zstd = { 0 };
	add_gzip(&gzip, 0, 3000);
	add_zstd(&zstd, 0, 3000);
	for (size_t cut = 1; cut <= gzip.len; cut += cut < 16 ? 1 : 97) {
		struct buf part = { gzip.data, gzip.len - cut, 0 };
		assert_int_equal(inflate(&part, COMPRESSION_GZIP, 512, 0, PLAIN), -EBADMSG);
	}
	for (size_t cut = 1; cut <= zstd.len; cut += cut < 16 ? 1 : 97) {
		struct buf part = { zstd.data, zstd.len - cut, 0 };
		assert_int_equal(inflate(&part, COMPRESSION_ZSTD, 512, 0, PLAIN), -EBADMSG);
	}
}

static void junk_after_the_end_is_an_error(void **state)
{
	(void)state;
	static const char *const junk[] = { "x", "junk", "a lot more junk than a header has" };
	for (size_t i = 0; i < sizeof junk / sizeof *junk; i++) {
		cleanup_buf struct buf gzip = { 0 }, zstd = { 0 };
		add_gzip(&gzip, 0, 3000);
		buf_str(&gzip, junk[i]);
		add_zstd(&zstd, 0, 3000);
		buf_str(&zstd, junk[i]);
		assert_int_equal(inflate(&gzip, COMPRESSION_GZIP, 512, 0, PLAIN), -EBADMSG);
		assert_int_equal(inflate(&zstd, COMPRESSION_ZSTD, 512, 0, PLAIN), -EBADMSG);
	}
}

static void a_wrong_checksum_is_an_error(void **state)
{
	(void)state;
	cleanup_buf struct buf b = { 0 };
	add_gzip(&b, 0, 3000);
	b.data[b.len - 6] ^= 1;
	assert_int_equal(inflate(&b, COMPRESSION_GZIP, 4096, 0, PLAIN), -EBADMSG);
}

/* However it comes: an empty last block, RFC 8878 3.1.1.2, where 67 bytes were announced. */
static void a_zstd_frame_has_the_size_it_says(void **state)
{
	(void)state;
	cleanup_buf struct buf b = { 0 };
	buf_add(&b, "\x28\xb5\x2f\xfd\x20\x43\x01\0\0", 9);
	EACH_PIECE(i)
		assert_int_equal(inflate(&b, COMPRESSION_ZSTD, PIECES[i], 0, PLAIN), -EBADMSG);
}

/* An empty frame of zstd 0.7, which libzstd takes where it is built to, if the first bytes come in one piece. */
static void zstd_from_before_its_standard_is_not_read(void **state)
{
	(void)state;
	cleanup_buf struct buf old = { 0 }, second = { 0 };
	buf_add(&old, "\x27\xb5\x2f\xfd\0\0\xf9\x73\x01", 9);
	add_zstd(&second, 0, 100);
	buf_add(&second, old.data, old.len);
	EACH_PIECE(i) {
		assert_int_equal(inflate(&old, COMPRESSION_ZSTD, PIECES[i], 0, PLAIN), -EBADMSG);
		assert_int_equal(inflate(&second, COMPRESSION_ZSTD, PIECES[i], 0, PLAIN), -EBADMSG);
	}
}

static void a_large_zstd_window_is_an_error(void **state)
{
	(void)state;
	static const char header[] = "\x28\xb5\x2f\xfd\x00\x90\x00\x00\x00\x00\x00"; /* no content size, window 2^28 */
	cleanup_buf struct buf b = { 0 };
	buf_add(&b, header, sizeof header - 1);
	assert_int_equal(inflate(&b, COMPRESSION_ZSTD, 4096, 0, PLAIN), -EBADMSG);
}

static void the_budget_is_kept(void **state)
{
	(void)state;
	cleanup_buf struct buf gzip = { 0 }, zstd = { 0 };
	add_gzip(&gzip, 0, PLAIN);
	add_zstd(&zstd, 0, PLAIN);
	assert_int_equal(inflate(&gzip, COMPRESSION_GZIP, 4096, 0, PLAIN - 1), -EFBIG);
	assert_int_equal(inflate(&zstd, COMPRESSION_ZSTD, 4096, 0, PLAIN - 1), -EFBIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_bytes_pass_through),
		cmocka_unit_test(bytes_tell_another_compression_than_the_one_given),
		cmocka_unit_test(a_tar_archive_is_known_by_its_first_header),
		cmocka_unit_test(gzip_may_have_many_members),
		cmocka_unit_test(zstd_may_have_many_frames_and_skippable_ones),
		cmocka_unit_test(an_end_before_the_end_is_an_error),
		cmocka_unit_test(junk_after_the_end_is_an_error),
		cmocka_unit_test(a_wrong_checksum_is_an_error),
		cmocka_unit_test(a_zstd_frame_has_the_size_it_says),
		cmocka_unit_test(zstd_from_before_its_standard_is_not_read),
		cmocka_unit_test(a_large_zstd_window_is_an_error),
		cmocka_unit_test(the_budget_is_kept),
	};
	return cmocka_run_group_tests(tests, make_plain, NULL);
}
