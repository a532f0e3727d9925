/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_matrix.c: which architectures, what differed, and what reports say of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "src/plan/report.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct matrix two_rows(void)
{
	struct matrix m = { .image = "image", .command = "image make check" };
	struct err err = { 0 };
	assert_int_equal(matrix_add_archs(&m, "--arch", "riscv64,s390x", &err), 0);
	return m;
}

static void end_row(struct matrix_row *row, int status, const char *out)
{
	row->state = MATRIX_ENDED;
	row->status = status;
	row->started_ms = 1000;
	row->ended_ms = 3500;
	matrix_output_add(&row->out, out, strlen(out));
}

static void architectures_by_any_of_their_names(void **state)
{
	(void)state;
	struct matrix m = { 0 };
	struct err err = { 0 };
	assert_int_equal(matrix_add_archs(&m, "--arch", "arm64,linux/arm/v7,AMD64", &err), 0);
	assert_int_equal(m.count, 3);
	assert_string_equal(m.rows[0].arch->name, "aarch64");
	assert_string_equal(m.rows[1].arch->name, "armv7");
	assert_string_equal(m.rows[2].arch->name, "x86_64");
	matrix_done(&m);
	static const char *const bad[] = { "arm64,vax", "arm64,aarch64", "arm64,", ",arm64" };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_int_equal(matrix_add_archs(&m, "--arch", bad[i], &err), -EINVAL);
		assert_non_null(strstr(err.text, bad[i]));
		matrix_done(&m);
	}
}

static uint64_t difference(const char *a, const char *b)
{
	struct matrix_output first = { 0 }, second = { 0 };
	matrix_output_add(&first, a, strlen(a));
	for (size_t i = 0; b[i]; i++) /* however it comes in pieces */
		matrix_output_add(&second, b + i, 1);
	uint64_t line = matrix_output_compare(&first, &second);
	matrix_output_done(&first);
	matrix_output_done(&second);
	return line;
}

static void the_first_line_that_differs(void **state)
{
	(void)state;
	assert_int_equal(difference("", ""), 0);
	assert_int_equal(difference("a\nb\n", "a\nb\n"), 0);
	assert_int_equal(difference("a\nb\n", "a\nc\n"), 2);
	assert_int_equal(difference("a\nb\n", "a\nb\nc\n"), 3);
	assert_int_equal(difference("a\nb\n", "a\nb"), 2);
	assert_int_equal(difference("a", "b"), 1);
	assert_int_equal(difference("", "b"), 1);
}

static void of_a_long_output_the_end_is_kept(void **state)
{
	(void)state;
	struct matrix_output output = { 0 };
	size_t len;
	char line[32];
	for (int i = 0; i < 20000; i++) {
		snprintf(line, sizeof line, "line %05d\n", i);
		matrix_output_add(&output, line, strlen(line));
	}
	cleanup_free char *tail = matrix_output_tail(&output, &len);
	assert_int_equal(output.bytes, 220000);
	assert_int_equal(output.lines, 20000);
	assert_int_equal(len, MATRIX_TAIL);
	assert_string_equal(tail + len - 11, "line 19999\n");
	matrix_output_done(&output);
}

static void the_status_is_the_first_failure_s(void **state)
{
	(void)state;
	struct matrix m = two_rows();
	assert_int_equal(matrix_status(&m), 125);
	end_row(&m.rows[0], 0, "same\n");
	end_row(&m.rows[1], 7, "same\n");
	assert_int_equal(matrix_status(&m), 7);
	m.rows[0].status = 139;
	assert_int_equal(matrix_status(&m), 139);
	m.rows[0].state = MATRIX_SKIPPED;
	assert_int_equal(matrix_status(&m), 7);
	matrix_done(&m);
}

static void outputs_are_compared_with_the_first(void **state)
{
	(void)state;
	struct matrix m = two_rows();
	cleanup_buf struct buf table = { 0 };
	end_row(&m.rows[0], 0, "1\n2\n3\n");
	end_row(&m.rows[1], 139, "1\n2\nthree\n");
	matrix_table(&m, &table);
	assert_non_null(strstr(table.data, "riscv64       ok                      2.5 s  the others are compared with this\n"));
	assert_non_null(strstr(table.data, "s390x         exit 139 (SIGSEGV)      2.5 s  differs from riscv64 at line 3\n"));
	matrix_done(&m);
}

static void junit_says_only_what_xml_can(void **state)
{
	(void)state;
	struct matrix m = two_rows();
	cleanup_buf struct buf text = { 0 };
	end_row(&m.rows[0], 0, "a<b>&\"\x1b[0m \xc3\xa4 \xc3( \xed\xa0\x80 \xef\xbf\xbf\n");
	end_row(&m.rows[1], 1, "");
	err_set(&m.rows[1].err, -ENOENT, "no \"such\" image");
	report_junit(&m, &text);
	assert_non_null(strstr(text.data, "tests=\"2\" failures=\"0\" errors=\"1\" skipped=\"0\" time=\"5.000\""));
	assert_non_null(strstr(text.data, "<error message=\"no &quot;such&quot; image\"/>"));
	assert_non_null(strstr(text.data, "a&lt;b&gt;&amp;&quot;\xef\xbf\xbd[0m \xc3\xa4 \xef\xbf\xbd( "));
	assert_null(strchr(text.data, '\x1b'));
	assert_null(strstr(text.data, "\xef\xbf\xbf"));
	assert_null(strstr(text.data, "\xed\xa0\x80"));
	matrix_done(&m);
}

static void json_says_where_outputs_differ(void **state)
{
	(void)state;
	struct matrix m = two_rows();
	cleanup_buf struct buf text = { 0 };
	end_row(&m.rows[0], 0, "x\n");
	end_row(&m.rows[1], 0, "\xff\n");
	m.rows[1].ended_ms = 1052;
	report_json(&m, &text);
	assert_non_null(strstr(text.data, "\"reference\": \"riscv64\""));
	assert_non_null(strstr(text.data, "\"differs_at_line\": 1"));
	assert_non_null(strstr(text.data, "\"seconds\": 0.052,"));
	assert_non_null(strstr(text.data, "\"text\": \"\\uFFFD\\n\""));
	matrix_done(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(architectures_by_any_of_their_names), cmocka_unit_test(the_first_line_that_differs),
		cmocka_unit_test(of_a_long_output_the_end_is_kept), cmocka_unit_test(the_status_is_the_first_failure_s),
		cmocka_unit_test(outputs_are_compared_with_the_first), cmocka_unit_test(junit_says_only_what_xml_can),
		cmocka_unit_test(json_says_where_outputs_differ),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
