/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_progress.c: how the state of a pull looks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "registry/progress.h"
#include "registry/progress_show.h"

#include <string.h>

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct progress_row row_of(int64_t done, int64_t size, const char *what)
{
	struct progress_row row = { .size = size, .done = done, .what = what };
	assert_true(digest_parse("sha256:" HEX, &row.digest));
	return row;
}

static void shows_row(int64_t done, int64_t size, const char *what, unsigned columns, const char *want)
{
	const struct progress_row row = row_of(done, size, what);
	cleanup_buf struct buf text = { 0 };
	progress_text_row(&text, &row, columns);
	assert_string_equal(text.data, want);
}

static void shows_total(struct progress_total total, unsigned columns, const char *want)
{
	cleanup_buf struct buf text = { 0 };
	progress_text_total(&text, &total, columns);
	assert_string_equal(text.data, want);
}

static void sizes_have_the_unit_that_suits_them(void **state)
{
	(void)state;
	static const struct {
		int64_t bytes;
		const char *want;
	} sizes[] = { { 0, "0.0 kB" }, { 1500, "1.5 kB" }, { 999900, "999.9 kB" }, { 1000000, "1.0 MB" }, { 999960000, "1.0 GB" },
		{ 64LL << 30, "68.7 GB" }, { INT64_MAX, "9223372.0 TB" } };
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		cleanup_buf struct buf text = { 0 };
		progress_text_size(&text, sizes[i].bytes);
		assert_string_equal(text.data, sizes[i].want);
	}
}

static void a_layer_has_a_bar_until_it_is_done(void **state)
{
	(void)state;
	shows_row(0, 2000000, NULL, 80, "0123456789ab  [                              ]  0.0 kB of 2.0 MB");
	shows_row(1000000, 2000000, NULL, 80, "0123456789ab  [===============               ]  1.0 MB of 2.0 MB");
	shows_row(3000000, 2000000, NULL, 80, "0123456789ab  [==============================]  3.0 MB of 2.0 MB");
	shows_row(0, 0, NULL, 80, "0123456789ab  [==============================]  0.0 kB of 0.0 kB");
	shows_row(2000000, 2000000, "unpacked", 80, "0123456789ab  2.0 MB  unpacked");
	shows_row(0, 2000000, "already here", 0, "0123456789ab  2.0 MB  already here");
}

static void a_bar_takes_the_room_there_is(void **state)
{
	(void)state;
	shows_row(1000000, 2000000, NULL, 44, "0123456789ab  [=====     ]  1.0 MB of 2.0 MB");
	shows_row(1000000, 2000000, NULL, 34, "0123456789ab  1.0 MB of 2.0 MB");
	shows_row(1000000, 2000000, NULL, 20, "0123456789ab  1.0 MB");
	for (unsigned columns = 1; columns < 100; columns++) {
		const struct progress_row row = row_of(1000000, 2000000, NULL);
		const struct progress_total total = { .size = 64LL << 30, .done = 1, .rate = 1 };
		cleanup_buf struct buf line = { 0 }, last = { 0 };
		progress_text_row(&line, &row, columns);
		progress_text_total(&last, &total, columns);
		assert_true(line.len <= columns && last.len <= columns);
	}
}

static void the_total_has_a_rate_and_the_time_that_is_left(void **state)
{
	(void)state;
	shows_total((struct progress_total){ 10000000, 0, 0 }, 0, "total         0.0 kB of 10.0 MB");
	shows_total((struct progress_total){ 10000000, 5000000, 2000000 }, 0, "total         5.0 MB of 10.0 MB  2.0 MB/s  3 s left");
	shows_total((struct progress_total){ 130000000, 0, 1000000 }, 0, "total         0.0 kB of 130.0 MB  1.0 MB/s  2 min 10 s left");
	shows_total((struct progress_total){ 7500000000, 0, 1000000 }, 0, "total         0.0 kB of 7.5 GB  1.0 MB/s  2 h 05 min left");
	shows_total((struct progress_total){ 10000000, 10000000, 2000000 }, 0, "total         10.0 MB of 10.0 MB  2.0 MB/s");
	shows_total((struct progress_total){ 10000000, 5000000, 2000000 }, 79,
		"total         [============            ]  5.0 MB of 10.0 MB  2.0 MB/s  3 s left");
}

static void what_is_left_is_not_known_without_a_rate(void **state)
{
	(void)state;
	assert_true(progress_left(&(struct progress_total){ 100, 50, 0 }) == -1);
	assert_true(progress_left(&(struct progress_total){ 100, 50, 1000 }) == 1);
	assert_true(progress_left(&(struct progress_total){ 100, 100, 0 }) == 0);
	assert_true(progress_left(&(struct progress_total){ 100, 200, 0 }) == 0);
}

static void objects_are_written_for_programs(void **state)
{
	(void)state;
	const struct progress_row row = row_of(5, 10, NULL), done = row_of(5, 10, "unpacked");
	const struct progress_total total = { 10, 5, 2 };
	cleanup_buf struct buf text = { 0 };
	progress_json_row(&text, &row);
	assert_string_equal(text.data, "{\"event\": \"layer\", \"digest\": \"sha256:" HEX "\", \"size\": 10, \"done\": 5, \"state\": \"downloading\"}");
	text.len = 0;
	progress_json_row(&text, &done);
	assert_string_equal(text.data, "{\"event\": \"layer\", \"digest\": \"sha256:" HEX "\", \"size\": 10, \"done\": 10, \"state\": \"unpacked\"}");
	text.len = 0;
	progress_json_total(&text, &total);
	assert_string_equal(text.data, "{\"event\": \"total\", \"done\": 5, \"size\": 10, \"rate\": 2, \"left\": 3}");
	text.len = 0;
	progress_json_message(&text, "a \"b\"\\\n\x1b\x7f\xc3\xa9");
	assert_string_equal(text.data, "{\"event\": \"message\", \"text\": \"a \\\"b\\\"\\\\\\u000a\\u001b\\u007f\xc3\xa9\"}");
	text.len = 0;
	progress_json_image(&text, "docker.io/library/a:b", "linux/arm64", &row.digest);
	assert_string_equal(text.data, "{\"event\": \"image\", \"name\": \"docker.io/library/a:b\", \"platform\": \"linux/arm64\", \"digest\": "
				       "\"sha256:" HEX "\"}");
}

static void a_style_has_one_of_four_names(void **state)
{
	(void)state;
	enum progress_style style = PROGRESS_NONE;
	assert_true(progress_parse_style("json", &style) && style == PROGRESS_JSON);
	assert_true(progress_parse_style("lines", &style) && style == PROGRESS_LINES);
	assert_false(progress_parse_style("plain", &style));
	assert_false(progress_parse_style("", &style));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_have_the_unit_that_suits_them),
		cmocka_unit_test(a_layer_has_a_bar_until_it_is_done),
		cmocka_unit_test(a_bar_takes_the_room_there_is),
		cmocka_unit_test(the_total_has_a_rate_and_the_time_that_is_left),
		cmocka_unit_test(what_is_left_is_not_known_without_a_rate),
		cmocka_unit_test(objects_are_written_for_programs),
		cmocka_unit_test(a_style_has_one_of_four_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
