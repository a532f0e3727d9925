/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_age.c: how long ago something was, in words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "src/cli/age.h"

#include "src/base/str.h"

static void is_told(const char *text, time_t now, const char *want)
{
	cleanup_free char *age = age_text(text, now);
	assert_string_equal(age, want);
}

static void the_largest_whole_unit_is_told(void **state)
{
	(void)state;
	is_told("1970-01-01T00:00:00Z", 0, "just now");
	is_told("1970-01-01T00:00:00Z", 1, "1 second ago");
	is_told("1970-01-01T00:00:00Z", 119, "1 minute ago");
	is_told("1970-01-01T00:00:00Z", 7200, "2 hours ago");
	is_told("1970-01-01T00:00:00Z", 86400 * 6, "6 days ago");
	is_told("1970-01-01T00:00:00Z", 86400 * 20, "2 weeks ago");
	is_told("1970-01-01T00:00:00Z", 86400 * 62, "2 months ago");
	is_told("1970-01-01T00:00:00Z", 86400LL * 366 * 3, "3 years ago");
}

static void what_lies_ahead_is_now(void **state)
{
	(void)state;
	is_told("2999-01-01T00:00:00Z", 0, "just now");
}

static void fractions_and_offsets_are_read(void **state)
{
	(void)state;
	is_told("2024-05-01T12:00:00.123456789Z", 1714564810, "10 seconds ago");
	is_told("2024-05-01T14:00:00+02:00", 1714564810, "10 seconds ago");
	is_told("2024-05-01T06:30:00.5-05:30", 1714564810, "10 seconds ago");
}

static void what_is_no_time_is_told_as_nothing(void **state)
{
	static const char *const texts[] = { "", "yesterday", "2024-05-01", "2024-05-01T12:00:00", "2024-05-01T12:00:00+", "Z",
		"2024-05-01T12:00:00.", "\n" };
	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		is_told(texts[i], 1714564810, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_largest_whole_unit_is_told),
		cmocka_unit_test(what_lies_ahead_is_now),
		cmocka_unit_test(fractions_and_offsets_are_read),
		cmocka_unit_test(what_is_no_time_is_told_as_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
