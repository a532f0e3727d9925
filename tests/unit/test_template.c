/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_template.c tests --format as docker and podman have it. */
#include "src/cli/template.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

static const char json[] = "{\"id\": \"abc\", \"State\": {\"Pid\": 7, \"Ok\": true}, \"Labels\": {\"a.b\": \"c\"},"
			   "\"Args\": [\"x\", \"y z\"], \"None\": [], \"Nil\": null}";

static void gives(const char *format, const char *want)
{
	struct err err;
	cleanup_buf struct buf text = { 0 };
	if (template_expand(format, json, &text, &err) < 0)
		fail_msg("%s: %s", format, err.text);
	assert_string_equal(text.data ? text.data : "", want);
}

static void refused(const char *format, const char *why)
{
	struct err err;
	cleanup_buf struct buf text = { 0 };
	assert_true(template_expand(format, json, &text, &err) < 0);
	if (!strstr(err.text, why))
		fail_msg("%s: %s", format, err.text);
}

static void fields_are_put_in(void **state)
{
	(void)state;
	gives("{{.Id}}", "abc");
	gives("<{{ .ID }}>\\t{{.State.Pid}}\\n", "<abc>\t7\n");
	gives("{{.State.Ok}} {{.Nil}}", "true <nil>");
	gives("plain", "plain");
}

static void functions_are_applied(void **state)
{
	(void)state;
	gives("{{json .State}}", "{\"Pid\":7,\"Ok\":true}");
	gives("{{json .Id}}", "\"abc\"");
	gives("{{index .Labels \"a.b\"}}{{index .Labels \"none\"}}", "c");
	gives("{{index .Args 1}}", "y z");
	gives("{{len .Args}} {{len .Id}}", "2 3");
	gives("{{join .Args \", \"}}", "x, y z");
	gives("{{upper .Id}} {{lower .Id}}", "ABC abc");
	gives("{{println .Id}}", "abc\n");
}

static void a_range_is_repeated(void **state)
{
	(void)state;
	gives("{{range .Args}}[{{.}}]{{end}}!", "[x][y z]!");
	gives("{{range .None}}[{{.}}]{{end}}!", "!");
	gives("{{range .Labels}}{{.}}{{end}}", "c");
}

static void what_cannot_be_done_is_refused(void **state)
{
	(void)state;
	refused("{{.Nonesuch}}", "no field Nonesuch");
	refused("{{.State.Nonesuch}}", "no field Nonesuch");
	refused("{{.Id", "not closed");
	refused("{{if .Id}}x{{end}}", "not known");
	refused("{{index .Args 2}}", "index wants");
	refused("{{join .Id \",\"}}", "join wants");
	refused("{{range .Args}}x", "no {{end}}");
	refused("x{{end}}", "no {{range}}");
	refused("{{.Id | json}}", "not closed");
}

static void a_table_has_its_fields_as_heading(void **state)
{
	(void)state;
	cleanup_buf struct buf text = { 0 };
	const char *format = template_without_table("table {{.ID}}\\t{{.State.Pid}}");
	assert_non_null(format);
	template_heading(format, &text);
	assert_string_equal(text.data, "ID\tSTATE.PID");
	assert_null(template_without_table("{{.ID}}"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_are_put_in),
		cmocka_unit_test(functions_are_applied),
		cmocka_unit_test(a_range_is_repeated),
		cmocka_unit_test(what_cannot_be_done_is_refused),
		cmocka_unit_test(a_table_has_its_fields_as_heading),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
