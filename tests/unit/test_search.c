/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_search.c: in which files a program is looked for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "src/base/search.h"

static void assert_files(const char *name, const char *path, const char *wanted)
{
	cleanup_strv struct strv files = { 0 };
	cleanup_buf struct buf text = { 0 };
	search_files(name, path, &files);
	for (size_t i = 0; i < files.len; i++)
		buf_fmt(&text, "%s ", files.items[i]);
	assert_string_equal(text.data, wanted);
}

static void a_name_with_a_slash_is_a_file(void **state)
{
	(void)state;
	assert_files("/bin/sh", "/usr/bin", "/bin/sh ");
	assert_files("./run", "/usr/bin", "./run ");
	assert_files("bin/run", NULL, "bin/run ");
}

static void any_other_is_looked_for_in_order(void **state)
{
	(void)state;
	assert_files("sh", "/usr/bin:/bin", "/usr/bin/sh /bin/sh ");
	assert_files("sh", "tools:/bin", "tools/sh /bin/sh ");
	assert_files("sh", NULL, "/usr/local/sbin/sh /usr/local/bin/sh /usr/sbin/sh /usr/bin/sh /sbin/sh /bin/sh ");
}

static void an_empty_directory_is_the_working_one(void **state)
{
	(void)state;
	assert_files("sh", "", "./sh ");
	assert_files("sh", ":/bin:", "./sh /bin/sh ./sh ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_with_a_slash_is_a_file),
		cmocka_unit_test(any_other_is_looked_for_in_order),
		cmocka_unit_test(an_empty_directory_is_the_working_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
