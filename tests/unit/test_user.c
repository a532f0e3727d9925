/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_user.c: who a container's process is, by the image's passwd and group. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "src/runtime/user.h"

#include <errno.h>

static const char passwd[] = "root:x:0:0:root:/root:/bin/sh\n"
			     "1000:x:0:0:a name in digits:/:/bin/sh\n"
			     "app:x:1000:1000::/home/app:/bin/sh\n"
			     "broken\n"
			     "huge:x:4294967296:1::/:\n";
static const char group[] = "root:x:0:\nstaff:x:50:app,other\nwheel:x:10:notapp\napps:x:1000:app\n";

static int resolve(const char *wish, struct user *user)
{
	struct err err = { 0 };
	return user_resolve(wish, passwd, group, user, &err);
}

static void no_user_means_root(void **state)
{
	(void)state;
	struct user user;
	assert_int_equal(resolve("", &user), 0);
	assert_int_equal(user.uid, 0);
	assert_string_equal(user.home, "/root");
}

static void a_name_brings_its_groups_and_home(void **state)
{
	(void)state;
	struct user user;
	assert_int_equal(resolve("app", &user), 0);
	assert_int_equal(user.uid, 1000);
	assert_int_equal(user.gid, 1000);
	assert_int_equal(user.group_count, 2);
	assert_int_equal(user.groups[0], 1000);
	assert_int_equal(user.groups[1], 50);
	assert_string_equal(user.home, "/home/app");
}

static void digits_are_a_number_even_if_a_name_looks_the_same(void **state)
{
	(void)state;
	struct user user;
	assert_int_equal(resolve("1000", &user), 0);
	assert_int_equal(user.uid, 1000);
	assert_int_equal(user.gid, 1000);
}

static void a_named_group_replaces_the_primary_one(void **state)
{
	(void)state;
	struct user user;
	assert_int_equal(resolve("app:staff", &user), 0);
	assert_int_equal(user.gid, 50);
	assert_int_equal(user.group_count, 1);
	assert_int_equal(resolve("7:8", &user), 0);
	assert_int_equal(user.uid, 7);
	assert_int_equal(user.gid, 8);
}

static void a_group_alone_is_roots_whoever_has_no_name(void **state)
{
	(void)state;
	struct user user;
	struct err err = { 0 };
	assert_int_equal(user_resolve(":staff", ":x:5:5::/e:/\nroot:x:0:0::/root:/\n", group, &user, &err), 0);
	assert_int_equal(user.uid, 0);
	assert_int_equal(user.gid, 50);
}

static void what_is_neither_a_name_nor_a_number_is_refused(void **state)
{
	(void)state;
	static const char *const wishes[] = { "-1", "4294967295", "4294967296", "2147483648:0", "1000abc", "0x0", " 0",
		"nosuch", "huge", "app:nosuch", "0:-1" };
	struct user user;
	for (size_t i = 0; i < sizeof wishes / sizeof *wishes; i++)
		assert_true(resolve(wishes[i], &user) < 0);
}

static void groups_are_added_by_name_or_number_and_once(void **state)
{
	static const char text[] = "root:x:0:\nstaff:x:50:\nbad:x:-1:\n";
	struct user user = { .groups = { 7 }, .group_count = 1 };
	struct err err;
	(void)state;
	assert_int_equal(user_add_group(&user, "staff", text, &err), 0);
	assert_int_equal(user_add_group(&user, "50", text, &err), 0);
	assert_int_equal(user_add_group(&user, "1234", text, &err), 0);
	assert_int_equal(user.group_count, 3);
	assert_true(user.groups[1] == 50 && user.groups[2] == 1234);
	assert_true(user_add_group(&user, "none", text, &err) < 0);
	assert_true(user_add_group(&user, "bad", text, &err) < 0);
	while (user.group_count < USER_MAX_GROUPS)
		user.groups[user.group_count++] = 9;
	assert_true(user_add_group(&user, "2", text, &err) < 0);
}

static void a_file_is_asked_for_names_and_numbers(void **state)
{
	static const char text[] = "root:x:0:0::/:/bin/sh\nmail:*:8:4000000000\nbroken\n:x:77\n12:x:13:\nlast:x:9:9::/:";
	(void)state;
	assert_true(user_has_name(text, "mail") && user_has_name(text, "broken") && user_has_name(text, "last"));
	assert_false(user_has_name(text, "mai") || user_has_name(text, "mail:") || user_has_name("", "x"));
	assert_true(user_has_number(text, 0) && user_has_number(text, 8) && user_has_number(text, 77) && user_has_number(text, 13));
	assert_false(user_has_number(text, 12) || user_has_number(text, 1) || user_has_number(text, 4000000000u) || user_has_number("", 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_user_means_root),
		cmocka_unit_test(a_name_brings_its_groups_and_home),
		cmocka_unit_test(digits_are_a_number_even_if_a_name_looks_the_same),
		cmocka_unit_test(a_named_group_replaces_the_primary_one),
		cmocka_unit_test(a_group_alone_is_roots_whoever_has_no_name),
		cmocka_unit_test(what_is_neither_a_name_nor_a_number_is_refused),
		cmocka_unit_test(groups_are_added_by_name_or_number_and_once),
		cmocka_unit_test(a_file_is_asked_for_names_and_numbers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
