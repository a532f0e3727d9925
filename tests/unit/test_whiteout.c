/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_whiteout.c: the names in a layer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "registry/whiteout.h"

#include <errno.h>
#include <string.h>

static void names_have_one_form(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{ ".", "" }, { "./", "" }, { "/", "" }, { "a", "a" }, { "./a//b/.", "a/b" }, { "/a", "a" }, { "a/", "a" },
		{ "a/../b", "b" }, { "a/b/../../c", "c" }, { "a/..", "" }, { "...", "..." }, { "..a/b..", "..a/b.." },
	};
	char path[ENTRY_PATH_MAX];
	struct err err = { 0 };
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(entry_path(cases[i][0], path, &err), 0);
		assert_string_equal(path, cases[i][1]);
	}
}

static void names_that_leave_the_root_are_refused(void **state)
{
	(void)state;
	static const char *const bad[] = { "..", "../a", "/..", "a/../..", "a/../../b", "./../x", "" };
	char path[ENTRY_PATH_MAX];
	struct err err = { 0 };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(entry_path(bad[i], path, &err), -EBADMSG);
}

static void names_are_as_long_as_the_kernel_takes_and_no_longer(void **state)
{
	(void)state;
	char raw[ENTRY_PATH_MAX + 10], path[ENTRY_PATH_MAX];
	struct err err = { 0 };
	memset(raw, 'x', sizeof raw);
	raw[ENTRY_PATH_MAX - 1] = 0;
	assert_int_equal(entry_path(raw, path, &err), 0);
	assert_int_equal(strlen(path), ENTRY_PATH_MAX - 1);
	raw[ENTRY_PATH_MAX - 1] = 'x';
	raw[ENTRY_PATH_MAX] = 0;
	assert_int_equal(entry_path(raw, path, &err), -ENAMETOOLONG);
	for (size_t i = 0; i < sizeof raw; i++)
		raw[i] = i % 2 ? '/' : 'd';
	raw[ENTRY_PATH_MAX + 1] = 0;
	assert_int_equal(entry_path(raw, path, &err), -ENAMETOOLONG);
}

static int kind(const char *path, const char **ret_name)
{
	struct err err = { 0 };
	*ret_name = NULL;
	return whiteout_kind(path, ret_name, &err);
}

static void whiteouts_are_told_by_name(void **state)
{
	(void)state;
	const char *name;
	assert_int_equal(kind("", &name), WHITEOUT_NONE);
	assert_int_equal(kind("a/b.wh.c", &name), WHITEOUT_NONE);
	assert_int_equal(kind("a/.wh", &name), WHITEOUT_NONE);
	assert_int_equal(kind("a/.wh.b", &name), WHITEOUT_NAME);
	assert_string_equal(name, "b");
	assert_int_equal(kind(".wh....", &name), WHITEOUT_NAME);
	assert_string_equal(name, "...");
	assert_int_equal(kind("a/.wh..wh..opq", &name), WHITEOUT_OPAQUE);
	assert_int_equal(kind(".wh..wh..opq", &name), WHITEOUT_OPAQUE);
	assert_int_equal(kind(".wh..wh.plnk", &name), WHITEOUT_IGNORED);
	assert_int_equal(kind(".wh..wh.plnk/1.2", &name), WHITEOUT_IGNORED);
}

static void whiteouts_of_nothing_are_refused(void **state)
{
	(void)state;
	const char *name;
	static const char *const bad[] = { ".wh.", "a/.wh.", ".wh..", ".wh...", "a/.wh..", ".wh.a/b", "x/.wh.a/b/c" };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(kind(bad[i], &name), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_have_one_form),
		cmocka_unit_test(names_that_leave_the_root_are_refused),
		cmocka_unit_test(names_are_as_long_as_the_kernel_takes_and_no_longer),
		cmocka_unit_test(whiteouts_are_told_by_name),
		cmocka_unit_test(whiteouts_of_nothing_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
