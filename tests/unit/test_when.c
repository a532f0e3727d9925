/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Points in time as people and images write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "src/base/now.h"
#include "src/base/str.h"
#include "src/cli/when.h"

static void is_time(const char *text, long long seconds, long long nanoseconds)
{
	int64_t time;
	assert_true(when_parse(text, &time));
	assert_int_equal(time, seconds * 1000000000 + nanoseconds);
}

static void fractions_and_zones_are_read(void **state)
{
	(void)state;
	is_time("2024-05-01T12:00:00Z", 1714564800, 0);
	is_time("2024-05-01T12:00:00.123456789Z", 1714564800, 123456789);
	is_time("2024-05-01T14:00:00+02:00", 1714564800, 0);
	is_time("2024-05-01T06:30:00.5-05:30", 1714564800, 500000000);
	is_time("1714564800", 1714564800, 0);
}

static void what_is_no_time_is_refused(void **state)
{
	static const char *const texts[] = { "", "yesterday", "2024-05-01T", "2024-05-01T12:00:00+", "Z", "\n", "-5m", "5x",
		"2024-05-01T12:00:00Zero", "9999-12-31T23:59:59Z", "999999999h", "99999999999" };
	int64_t time;
	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		assert_false(when_parse(texts[i], &time));
}

static void is_told(long long seconds, const char *want)
{
	cleanup_free char *ago = when_ago(now_wall_ns() - seconds * 1000000000);
	assert_string_equal(ago, want);
}

static void the_largest_whole_unit_is_told(void **state)
{
	(void)state;
	is_told(-1000, "0 seconds");
	is_told(119, "1 minute");
	is_told(7201, "2 hours");
	is_told(86400 * 6 + 1, "6 days");
	is_told(86400 * 20, "2 weeks");
	is_told(86400 * 62, "2 months");
	is_told(86400ll * 366 * 3, "3 years");
}

static void an_image_s_time_is_told_or_left_out(void **state)
{
	cleanup_free char *none = when_told("9999-12-31T23:59:59Z");
	cleanup_free char *old = when_told("1970-01-01T00:00:00Z");
	(void)state;
	assert_string_equal(none, "");
	assert_true(str_ends(old, " years ago"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fractions_and_zones_are_read),
		cmocka_unit_test(what_is_no_time_is_refused),
		cmocka_unit_test(the_largest_whole_unit_is_told),
		cmocka_unit_test(an_image_s_time_is_told_or_left_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
