/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_base.c: errors, strings and descriptors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "src/base/account.h"
#include "src/base/fd.h"
#include "src/base/links.h"
#include "src/base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void an_error_is_one_line_and_keeps_its_code(void **state)
{
	(void)state;
	struct err err = { 0 };
	assert_int_equal(err_set(&err, -EINVAL, "bad name %s", "a\nb\033[31m"), -EINVAL);
	assert_string_equal(err.text, "bad name a?b?[31m");
	assert_int_equal(err_prefix(&err, "image"), -EINVAL);
	assert_string_equal(err.text, "image: bad name a?b?[31m");
	err_set(&err, -EINVAL, "%s", "\302\233J \233J \340\202\233 \303\244 \342\202\254 \360\237\220\213 \303");
	assert_string_equal(err.text, "??J ?J ??? \303\244 \342\202\254 \360\237\220\213 ?");
	errno = ENOENT;
	assert_int_equal(err_sys(&err, "cannot open x"), -ENOENT);
	assert_string_equal(err.text, "cannot open x: No such file or directory");
}

static void a_number_is_digits_only_and_bounded(void **state)
{
	(void)state;
	unsigned long long value;
	assert_true(str_to_u64("65535", 65535, &value));
	assert_int_equal(value, 65535);
	static const char *const bad[] = { "", "-1", "+1", " 1", "1 ", "0x1", "65536", "99999999999999999999999" };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(str_to_u64(bad[i], 65535, &value));
}

static void an_environment_keeps_one_value_a_key(void **state)
{
	(void)state;
	cleanup_strv struct strv env = { 0 };
	strv_env_set(&env, "A=1");
	strv_env_set(&env, "AB=2");
	strv_env_set(&env, "A=3");
	assert_int_equal(env.len, 2);
	assert_string_equal(strv_env_get(&env, "A"), "3");
	strv_env_unset(&env, "A");
	assert_null(strv_env_get(&env, "A"));
	assert_string_equal(strv_env_get(&env, "AB"), "2");
}

static int temporary(char *path)
{
	strcpy(path, "/tmp/xrun-test-XXXXXX");
	assert_non_null(mkdtemp(path));
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void a_published_file_replaces_the_old_one_whole(void **state)
{
	(void)state;
	char path[64];
	cleanup_fd int dir_fd = temporary(path);
	struct err err = { 0 };
	cleanup_buf struct buf text = { 0 };
	assert_int_equal(fd_publish_file(dir_fd, "f", "one", 3, 0644, &err), 0);
	assert_int_equal(fd_publish_file(dir_fd, "f", "second", 6, 0644, &err), 0);
	assert_int_equal(fd_read_file(dir_fd, "f", 100, &text, &err), 0);
	assert_string_equal(text.data, "second");
	assert_int_equal(fd_read_file(dir_fd, "f", 5, &text, &err), -EFBIG);
	assert_int_equal(fd_remove_tree(AT_FDCWD, path, &err), 0);
}

static void removing_a_tree_takes_any_depth_and_no_link_outside(void **state)
{
	(void)state;
	char path[64], outside[64];
	cleanup_fd int dir_fd = temporary(path);
	cleanup_fd int outside_fd = temporary(outside);
	struct err err = { 0 };
	assert_int_equal(fd_publish_file(outside_fd, "kept", "x", 1, 0644, &err), 0);
	assert_int_equal(symlinkat(outside, dir_fd, "link"), 0);
	int at = dup(dir_fd);
	for (int i = 0; i < 5000; i++) {
		assert_int_equal(mkdirat(at, "d", 0500), 0);
		int next = openat(at, "d", O_RDONLY | O_DIRECTORY);
		assert_true(next >= 0);
		fchmod(next, 0700);
		close(at);
		at = next;
	}
	close(at);
	if (fd_remove_tree(AT_FDCWD, path, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(faccessat(outside_fd, "kept", F_OK, 0), 0);
	assert_int_equal(fd_remove_tree(AT_FDCWD, outside, &err), 0);
}

static void a_name_cannot_leave_the_directory(void **state)
{
	(void)state;
	char path[64];
	cleanup_fd int dir_fd = temporary(path);
	struct err err = { 0 };
	assert_int_equal(symlinkat("/etc", dir_fd, "out"), 0);
	assert_true(fd_openat2(dir_fd, "../etc/passwd", O_RDONLY, 0, 0x08) < 0);
	assert_true(fd_openat2(dir_fd, "out/passwd", O_RDONLY, 0, 0x08) < 0);
	assert_int_equal(fd_remove_tree(AT_FDCWD, path, &err), 0);
}

static void a_helper_reports_output_and_status(void **state)
{
	(void)state;
	char *argv[] = { "sh", "-c", "echo out; echo err >&2; exit 3", NULL };
	char *missing[] = { "/nonexistent/program", NULL };
	struct err err = { 0 };
	cleanup_buf struct buf output = { 0 };
	pid_t pid;
	int output_fd;
	assert_int_equal(process_start(argv, &pid, &output_fd, &err), 0);
	assert_int_equal(process_finish(pid, output_fd, &output, &err), 3);
	assert_string_equal(output.data, "out\nerr\n");
	assert_int_equal(process_start(missing, &pid, &output_fd, &err), -ENOENT);
}

static void files_of_several_names_are_known_by_the_first_and_bounded(void **state)
{
	(void)state;
	struct links links = { 0 };
	struct err err = { 0 };
	const char *first;
	assert_int_equal(links_first(&links, 1, 2, 2, "a", &first, &err), 0);
	assert_null(first);
	assert_int_equal(links_first(&links, 1, 2, 2, "b", &first, &err), 0);
	assert_string_equal(first, "a");
	assert_int_equal(links_first(&links, 1, 3, 1, "alone", &first, &err), 0);
	assert_null(first);
	links.bytes = (256 << 20) - 4; /* as if so much had been met */
	assert_int_equal(links_first(&links, 1, 4, 2, "too much", &first, &err), -EFBIG);
	assert_int_equal(links_first(&links, 1, 2, 2, "b", &first, &err), 0);
	assert_string_equal(first, "a");
	links_done(&links);
}

static void a_user_is_found_by_number(void **state)
{
	(void)state;
	char *name, *home;
	assert_true(account_find(0, &name, &home));
	assert_string_equal(name, "root");
	assert_string_equal(home, "/root");
	free(name);
	free(home);
	assert_false(account_find(3999999999, &name, &home));
	assert_null(name);
	assert_null(home);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_error_is_one_line_and_keeps_its_code),
		cmocka_unit_test(a_number_is_digits_only_and_bounded),
		cmocka_unit_test(an_environment_keeps_one_value_a_key),
		cmocka_unit_test(a_published_file_replaces_the_old_one_whole),
		cmocka_unit_test(removing_a_tree_takes_any_depth_and_no_link_outside),
		cmocka_unit_test(a_name_cannot_leave_the_directory),
		cmocka_unit_test(a_helper_reports_output_and_status),
		cmocka_unit_test(files_of_several_names_are_known_by_the_first_and_bounded),
		cmocka_unit_test(a_user_is_found_by_number),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
