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
	refused("{{nosuch .Id}}x", "{{nosuch}} is not known");
	refused("{{if .Id}}x", "an {{if}} has no {{end}}");
	refused("{{if .Id}}x{{else}}y", "an {{else}} has no {{end}}");
	refused("x{{else}}", "has no {{if}}");
	refused("{{$x}}", "no variable $x");
	refused("{{len}}", "len does not take 0 values");
	refused("{{printf \"%d\" .Id}}", "wants a number");
	refused("{{printf \"%s\"}}", "no value for each");
	refused("{{index .Args \"x\"}}", "index wants");
	refused("{{(.Id}}", "a ( is not closed");
	refused("{{index .Args 2}}", "index wants");
	refused("{{join .Id \",\"}}", "join wants");
	refused("{{range .Args}}x", "no {{end}}");
	refused("x{{end}}", "no beginning");
}

static void what_is_cut_off_or_too_deep_is_refused(void **state)
{
	static const char whole[] = "{{range $k, $v := .Labels}}{{if eq $k \"a.b\" `c`}}{{printf \"%-5s|\" (index $.Args 0)}}{{else}}{{/* no */}}{{- $v -}} {{end}}{{end}}";
	cleanup_buf struct buf deep = { 0 };
	(void)state;
	gives(whole, "x    |");
	for (size_t len = 1; len < sizeof whole; len++) {
		struct err err = { 0 };
		cleanup_buf struct buf text = { 0 };
		cleanup_free char *part = str_ndup(whole, len - 1);
		if (template_expand(part, json, &text, &err) < 0)
			assert_true(*err.text);
	}
	for (int i = 0; i < 1000; i++)
		buf_str(&deep, i ? "(" : "{{");
	refused(deep.data, "too many parentheses");
	deep.len = 0;
	for (int i = 0; i < 1000; i++)
		buf_str(&deep, "{{if .Id}}");
	refused(deep.data, "too many");
}

static void conditions_choose(void **state)
{
	(void)state;
	gives("{{if .State.Ok}}yes{{else}}no{{end}}", "yes");
	gives("{{if not .State.Ok}}a{{else if .None}}b{{else if .Nil}}c{{else}}d{{end}}!", "d!");
	gives("{{if and .State.Ok (eq .State.Pid 7)}}ok{{end}}{{if or .None .Nil}}no{{end}}", "ok");
	gives("{{with .State}}{{.Pid}}{{end}}{{with .None}}x{{else}}none{{end}}", "7none");
	gives("{{if gt .State.Pid 6}}{{if lt .Id \"b\"}}both{{end}}{{end}}{{if ne .Id \"abc\"}}x{{end}}", "both");
	gives("{{if .None}}{{if .Id}}{{range .Args}}x{{else}}y{{end}}{{end}}{{.Nonesuch}}{{else}}z{{end}}", "z");
	gives("{{if eq .Id \"x\" \"abc\"}}one of them{{end}}", "one of them");
}

static void variables_pipes_and_parentheses_are_gos(void **state)
{
	(void)state;
	gives("{{range $i, $e := .Args}}{{if $i}}, {{end}}{{$i}}={{$e}}{{end}}", "0=x, 1=y z");
	gives("{{range $k, $v := .Labels}}{{$k}}:{{$v}} {{$.Id}}{{end}}", "a.b:c abc");
	gives("{{range $e := .Args}}{{$e}};{{end}}{{range .None}}{{else}}none{{end}}", "x;y z;none");
	gives("{{$x := .Id}}{{$x}}{{$x = \"new\"}}{{$x}}", "abcnew");
	gives("{{.Id | upper | printf \"%s-%s\" \"a\"}}", "a-ABC");
	gives("{{.Id | json}} {{(index .Args 1) | len}}", "\"abc\" 3");
	gives("{{printf \"%.2s|%5d|%-4v|%q|%%\" .Id .State.Pid .State.Ok .Id}}", "ab|    7|true|\"abc\"|%");
	gives("a {{- .Id -}} b{{/* nothing */}}c", "aabcbc");
	gives("{{range split .Id \"b\"}}<{{.}}>{{end}}{{title .Id}}{{truncate .Id 2}}", "<a><c>Abcab");
	gives("{{.Labels \"a.b\"}}{{print .Id \"x\"}}", "cabcx");
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
		cmocka_unit_test(what_is_cut_off_or_too_deep_is_refused),
		cmocka_unit_test(conditions_choose),
		cmocka_unit_test(variables_pipes_and_parentheses_are_gos),
		cmocka_unit_test(a_table_has_its_fields_as_heading),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
