/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_location.c: which addresses are the same place, and which part of a body one is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "registry/location.h"

static void the_same_place_has_the_same_scheme_host_and_port(void **state)
{
	(void)state;
	assert_true(location_same_place("https://a.example/x", "https://a.example/y?z"));
	assert_true(location_same_place("https://a.example:443/x", "HTTPS://A.Example"));
	assert_true(location_same_place("http://a.example:80", "http://a.example/"));
	assert_true(location_same_place("http://a.example:", "http://a.example/"));
	assert_true(location_same_place("http://[::1]:5000/a", "http://[::1]:5000/b"));
	assert_true(location_same_place("http://[::1]/a", "http://[::1]:80/b"));
}

static void everything_else_is_another_place(void **state)
{
	(void)state;
	static const char *const others[] = { "http://a.example/", "https://a.example:80/", "https://a.example:4430/", "https://b.example/",
		"https://a.example.org/", "https://www.a.example/", "https://a.example@b.example/", "https://u:p@a.example/",
		"https://b.example/https://a.example/", "https://b.example?a.example", "https://b.example#https://a.example",
		"https:a.example", "//a.example", "a.example", "", "https://", "ftp://a.example/" };
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		assert_false(location_same_place("https://a.example/", others[i]));
	assert_false(location_same_place("http://[::1]:1/", "http://[::1]:2/"));
	assert_false(location_same_place("http://u@a.example/", "http://u@a.example/"));
}

static void range(const char *text, uint64_t want_from, uint64_t want_to, uint64_t want_size)
{
	uint64_t from = 7, to = 7, size = 7;
	assert_true(location_parse_range(text, &from, &to, &size));
	assert_true(from == want_from && to == want_to && size == want_size);
}

static void a_range_says_where_it_begins_and_ends(void **state)
{
	(void)state;
	range("bytes 0-0/1", 0, 1, 1);
	range("bytes 100-199/200", 100, 200, 200);
	range("Bytes 5-9/*", 5, 10, 0);
	range("bytes 1-9223372036854775806/9223372036854775807", 1, INT64_MAX, INT64_MAX);
}

static void a_range_that_makes_no_sense_is_none(void **state)
{
	(void)state;
	static const char *const texts[] = { "", "bytes", "bytes ", "bytes */100", "bytes 5-4/100", "bytes 0-100/100", "bytes 0-9", "bytes 0-9/",
		"bytes -5-9/100", "bytes 0x1-9/100", "bytes 0-9/100x", "bytes 0-9/1 0", "pages 0-9/100", "bytes 0-99999999999999999999/*",
		"bytes 0 -9/100", "bytes 0-9/-1", "bytes=0-9/100" };
	uint64_t from = 7, to = 7, size = 7;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		assert_false(location_parse_range(texts[i], &from, &to, &size));
	assert_true(from == 7 && to == 7 && size == 7);
}

static void addresses_of_this_machine_are_known(void **state)
{
	(void)state;
	static const char *const ours[] = { "http://127.0.0.1:5000/v2/", "https://localhost", "HTTP://LocalHost:80/x", "http://[::1]:5000/a",
		"http://127.9.9.9/", "https://[::1]/" };
	static const char *const others[] = { "http://127.0.0.1.example/", "http://localhost.example:5000/", "http://u@127.0.0.1/",
		"http://[::2]/", "ftp://127.0.0.1/", "http://a.example/127.0.0.1", "http://0.0.0.0:1/", "" };
	for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
		assert_true(location_is_loopback(ours[i]));
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		assert_false(location_is_loopback(others[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_of_this_machine_are_known),
		cmocka_unit_test(the_same_place_has_the_same_scheme_host_and_port),
		cmocka_unit_test(everything_else_is_another_place),
		cmocka_unit_test(a_range_says_where_it_begins_and_ends),
		cmocka_unit_test(a_range_that_makes_no_sense_is_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
