/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_stream.c: the bounded queue between threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/pour.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>

enum { TOTAL = 100000 };

struct reader {
	struct stream *stream;
	int number;
	size_t len;
	uint32_t sum;
	ssize_t end;
	pthread_t thread;
};

static void *read_all(void *context)
{
	struct reader *r = context;
	const void *data;
	while ((r->end = stream_next(r->stream, r->number, &data)) > 0) {
		for (ssize_t i = 0; i < r->end; i++)
			r->sum = r->sum * 31 + ((const unsigned char *)data)[i];
		r->len += r->end;
	}
	return NULL;
}

static void start(struct reader *r, struct stream *s, int number)
{
	*r = (struct reader){ .stream = s, .number = number };
	assert_int_equal(pthread_create(&r->thread, NULL, read_all, r), 0);
}

static uint32_t write_all(struct stream *s)
{
	unsigned char piece[97];
	uint32_t sum = 0;
	for (size_t done = 0, n; done < TOTAL; done += n) {
		n = done % sizeof piece + 1;
		n = n < TOTAL - done ? n : TOTAL - done;
		for (size_t i = 0; i < n; i++) {
			piece[i] = (done + i) * 7;
			sum = sum * 31 + piece[i];
		}
		assert_int_equal(pour(s, 64, piece, n), 0);
	}
	return sum;
}

static void every_reader_sees_every_byte_in_order(void **state)
{
	(void)state;
	for (int readers = 1; readers <= 2; readers++) {
		struct stream *s = stream_new(3, 64, readers);
		struct reader r[2];
		for (int i = 0; i < readers; i++)
			start(&r[i], s, i);
		uint32_t sum = write_all(s);
		stream_end(s);
		for (int i = 0; i < readers; i++) {
			pthread_join(r[i].thread, NULL);
			assert_int_equal(r[i].len, TOTAL);
			assert_int_equal(r[i].sum, sum);
			assert_int_equal(r[i].end, 0);
		}
		stream_free(s);
	}
}

static void a_block_stays_until_its_readers_next_call(void **state)
{
	(void)state;
	struct stream *s = stream_new(2, 4, 1);
	const void *first, *second;
	strcpy(stream_claim(s), "one");
	stream_commit(s, 4);
	assert_int_equal(stream_next(s, 0, &first), 4);
	strcpy(stream_claim(s), "two");
	stream_commit(s, 4);
	assert_string_equal(first, "one");
	assert_int_equal(stream_next(s, 0, &second), 4);
	assert_string_equal(second, "two");
	stream_end(s);
	assert_int_equal(stream_next(s, 0, &second), 0);
	assert_int_equal(stream_next(s, 0, &second), 0);
	stream_free(s);
}

static void an_abort_wakes_everybody_and_the_first_code_wins(void **state)
{
	(void)state;
	struct stream *s = stream_new(1, 16, 2);
	struct reader r;
	start(&r, s, 1);
	assert_int_equal(pour(s, 16, "0123456789abcdef", 16), 0);
	stream_abort(s, -EBADMSG); /* reader 0 never reads, so a claim would wait for ever */
	stream_abort(s, -EIO);
	pthread_join(r.thread, NULL);
	assert_int_equal(r.end, -EBADMSG);
	assert_null(stream_claim(s));
	assert_int_equal(pour(s, 16, "x", 1), -EBADMSG);
	const void *data;
	assert_int_equal(stream_next(s, 0, &data), -EBADMSG);
	stream_free(s);
}

static void *abort_it(void *context)
{
	stream_abort(context, -ECANCELED);
	return NULL;
}

static void an_abort_frees_a_waiting_writer(void **state)
{
	(void)state;
	struct stream *s = stream_new(1, 1, 1);
	pthread_t thread;
	assert_int_equal(pour(s, 1, "a", 1), 0);
	assert_int_equal(pthread_create(&thread, NULL, abort_it, s), 0);
	assert_int_equal(pour(s, 1, "b", 1), -ECANCELED);
	pthread_join(thread, NULL);
	stream_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_reader_sees_every_byte_in_order),
		cmocka_unit_test(a_block_stays_until_its_readers_next_call),
		cmocka_unit_test(an_abort_wakes_everybody_and_the_first_code_wins),
		cmocka_unit_test(an_abort_frees_a_waiting_writer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
