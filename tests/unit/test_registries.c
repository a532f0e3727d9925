/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_registries.c: registries.conf, and the TOML that it is written in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "src/access/registries.h"
#include "src/base/toml.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Events as text: "table|key=value;". */
static int note(void *context, const struct toml_event *event, struct err *err)
{
	struct buf *said = context;
	(void)err;
	switch (event->kind) {
	case TOML_TABLE:
	case TOML_ITEM:
		buf_fmt(said, "%s%s;", event->kind == TOML_ITEM ? "*" : "", event->table);
		return 0;
	case TOML_TEXT:
		buf_fmt(said, "%s|%s=%s;", event->table, event->key, event->text);
		return 0;
	case TOML_SWITCH:
		buf_fmt(said, "%s|%s=%d;", event->table, event->key, event->on);
		return 0;
	case TOML_LIST:
		buf_fmt(said, "%s|%s=[", event->table, event->key);
		for (size_t i = 0; i < event->list->len; i++)
			buf_fmt(said, "%s,", event->list->items[i]);
		buf_str(said, "];");
		return 0;
	}
	return -EINVAL;
}

static void reads(const char *text, const char *want)
{
	struct err err = { 0 };
	cleanup_buf struct buf said = { 0 };
	buf_str(&said, "");
	int r = toml_read(text, strlen(text), note, &said, &err);
	assert_string_equal(err.text, "");
	assert_int_equal(r, 0);
	assert_string_equal(said.data, want);
}

static void refuses(const char *text, const char *why)
{
	struct err err = { 0 };
	cleanup_buf struct buf said = { 0 };
	assert_true(toml_read(text, strlen(text), note, &said, &err) < 0);
	if (!strstr(err.text, why))
		fail_msg("%s: %s, not %s", text, err.text, why);
}

static void tables_keys_and_values_are_read(void **state)
{
	(void)state;
	reads("", "");
	reads("# nothing\n\n  \t\r\n", "");
	reads("a = \"b\"", "|a=b;");
	reads("a=true\nb = false # no\n", "|a=1;|b=0;");
	reads("[t]\na = 'C:\\x'\n[ t . u ]\n\"q k\"=\"\"", "t;t|a=C:\\x;t.u;t.u|q k=;");
	reads("[[x]]\nk=true\n[[x.y]]\n[[x]]\n", "*x;x|k=1;*x.y;*x;");
	reads("l = []\nm = [ \"a\" , 'b', ]\n", "|l=[];|m=[a,b,];");
	reads("l = [ # first\n  \"a\", # one\n\n  \"b\"\n]\nk=true", "|l=[a,b,];|k=1;");
	reads("a = \"\\t\\\"\\\\\\u00e9\\U0001F600\"", "|a=\t\"\\\xc3\xa9\xf0\x9f\x98\x80;");
}

static void what_is_not_understood_is_named_with_its_line(void **state)
{
	(void)state;
	refuses("a = 1", "line 1: a value is");
	refuses("\n\na = truely", "line 3: a value is");
	refuses("a = { b = true }", "line 1: a value is");
	refuses("a.b = true", "line 1: dotted keys");
	refuses("a = \"\"\"x\"\"\"", "line 1: texts of several lines");
	refuses("a = \"x", "line 1: a text does not end");
	refuses("a = \"x\ny\"", "line 1: a text does not end");
	refuses("a = \"\x01\"", "line 1: a control character");
	refuses("a = \"\\x\"", "line 1: there is no such escape");
	refuses("a = \"\\ud800\"", "line 1: there is no such character");
	refuses("a = \"\\u0000\"", "line 1: there is no such character");
	refuses("a = \"\\u12\"", "line 1: \\u and \\U need");
	refuses("a = [\n\"b\"", "line 2: a list does not end");
	refuses("a = [\n\"b\" \"c\"]", "line 2: a list's texts");
	refuses("a = [1]", "line 1: a list holds something");
	refuses("a = true b", "line 1: something follows");
	refuses("a", "line 1: there is no =");
	refuses("= true", "line 1: neither a [table] nor KEY");
	refuses("[a", "line 1: a table's name does not end");
	refuses("[[a]", "line 1: a table's name does not end");
	refuses("[]", "line 1: a table's name is made of");
	refuses("[\"a\"]", "line 1: a table's name is made of");
	refuses("[a] b", "line 1: something follows");
}

static void a_file_with_a_nul_is_no_text(void **state)
{
	(void)state;
	struct err err = { 0 };
	assert_int_equal(toml_read("a=true\0b=true", 13, note, NULL, &err), -EBADMSG);
}

/* registries.conf. */

static const char *plan(const char *text, const char *image)
{
	static char said[2000];
	struct err err = { 0 };
	struct reference reference;
	cleanup_registries struct registries registries = { 0 };
	cleanup_endpoints struct endpoints endpoints = { 0 };
	cleanup_buf struct buf list = { 0 };
	assert_int_equal(reference_parse(image, &reference, &err), 0);
	int r = registries_add(&registries, "conf", text, strlen(text), &err);
	if (r == 0)
		r = registries_plan(&registries, &reference, &endpoints, &err);
	if (r < 0) {
		strcpy(said, err.text);
		return said;
	}
	for (size_t i = 0; i < endpoints.count; i++)
		buf_fmt(&list, "%s%s/%s%s", i ? " " : "", endpoints.items[i].registry, endpoints.items[i].repository,
			endpoints.items[i].insecure ? "!" : "");
	snprintf(said, sizeof said, "%s", list.data ? list.data : "");
	return said;
}
#define RULE "[[registry]]\n"
#define MIRROR "[[registry.mirror]]\n"
#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"

static void without_a_rule_the_registry_itself_is_asked(void **state)
{
	(void)state;
	assert_string_equal(plan("", "debian:12"), "docker.io/library/debian");
	assert_string_equal(plan(RULE "prefix='a.example'\ninsecure=true", "b.example/x"), "b.example/x");
}

static void mirrors_come_in_order_before_the_registry(void **state)
{
	(void)state;
	static const char text[] = RULE "location = \"docker.io\"\n" MIRROR "location = \"m.example:5000/hub\"\ninsecure = true\n" MIRROR
					"location='n.example'\n";
	assert_string_equal(plan(text, "debian:12"), "m.example:5000/hub/library/debian! n.example/library/debian docker.io/library/debian");
	assert_string_equal(plan(text, "docker.io/a/b@sha256:" ZEROS), "m.example:5000/hub/a/b! n.example/a/b docker.io/a/b");
}

static void a_prefix_ends_where_a_part_of_the_name_does(void **state)
{
	(void)state;
	static const char text[] = RULE "prefix='a.example/team'\nlocation='b.example/t'\n";
	assert_string_equal(plan(text, "a.example/team/x:1"), "b.example/t/x");
	assert_string_equal(plan(text, "a.example/team:1"), "b.example/t");
	assert_string_equal(plan(text, "a.example/teams/x:1"), "a.example/teams/x");
	assert_string_equal(plan(text, "a.example:1/team/x:1"), "a.example:1/team/x");
	assert_string_equal(plan(RULE "prefix='docker.io/library/debian:12'\nlocation='b.example/d:new'", "debian:12"), "b.example/d");
}

static void the_longest_prefix_counts_and_the_last_of_the_same(void **state)
{
	(void)state;
	static const char text[] = RULE "prefix='a.example/x/y'\nlocation='long.example/y'\n" RULE "prefix='a.example'\nlocation='first.example'\n" RULE
					"prefix='a.example'\nlocation='last.example'\n";
	assert_string_equal(plan(text, "a.example/x/y"), "long.example/y");
	assert_string_equal(plan(text, "a.example/x"), "last.example/x");
}

static void a_star_stands_for_the_beginning_of_a_host(void **state)
{
	(void)state;
	static const char text[] = RULE "prefix='*.a.example'\ninsecure=true\n";
	assert_string_equal(plan(text, "x.a.example/y"), "x.a.example/y!");
	assert_string_equal(plan(text, "x.y.a.example:5000/y"), "x.y.a.example:5000/y!");
	assert_string_equal(plan(text, "a.example/y"), "a.example/y");
	assert_string_equal(plan(text, "xa.example/y"), "xa.example/y");
	assert_string_equal(plan(text, "evil.example/x.a.example/y"), "evil.example/x.a.example/y");
}

static void mirrors_may_be_for_tags_or_digests_alone(void **state)
{
	(void)state;
	static const char text[] = RULE "location='a.example'\n" MIRROR "location='d.example'\npull-from-mirror='digest-only'\n" MIRROR
					"location='t.example'\npull-from-mirror='tag-only'\n";
	assert_string_equal(plan(text, "a.example/x:1"), "t.example/x a.example/x");
	assert_string_equal(plan(text, "a.example/x@sha256:" ZEROS), "d.example/x a.example/x");
	static const char digests[] = RULE "location='a.example'\nmirror-by-digest-only=true\n" MIRROR "location='d.example'\n";
	assert_string_equal(plan(digests, "a.example/x:1"), "a.example/x");
	assert_string_equal(plan(digests, "a.example/x@sha256:" ZEROS), "d.example/x a.example/x");
}

static void a_blocked_registry_is_an_error(void **state)
{
	(void)state;
	assert_string_equal(plan("\n" RULE "prefix='a.example'\nblocked=true", "a.example/x:1"), "a.example/x:1 is blocked by conf, line 2");
	assert_string_equal(plan(RULE "prefix='a.example'\nblocked=false", "a.example/x:1"), "a.example/x");
}

static void says(const char *text, const char *why)
{
	const char *said = plan(text, "a.example/x:1");
	if (!strstr(said, why))
		fail_msg("%s: %s, not %s", text, said, why);
}

static void what_a_file_must_not_say_is_named_with_its_line(void **state)
{
	(void)state;
	says("[registries.search]\nregistries=[]", "conf: line 1: this is version 1");
	says("colour=true", "conf: line 1: colour is not understood");
	says(RULE "colour=true", "conf: line 2: registry.colour is not understood");
	says("\n[colours]\n", "conf: line 2: [colours] is not understood");
	says("[[colours]]\n", "conf: line 1: [[colours]] is not understood");
	says(MIRROR, "conf: line 1: [[registry.mirror]] is not understood, or not here");
	says(RULE, "conf: the [[registry]] of line 1 has neither");
	says(RULE "location='a.example'\n" MIRROR, "conf: a mirror of the [[registry]] of line 1 has no location");
	says(RULE "insecure='yes'", "conf: line 2: insecure is neither true nor false");
	says(RULE "location=true", "conf: line 2: location is not a text");
	says(RULE "location='a'\nlocation='b'", "conf: line 3: location is there twice");
	says(RULE "location='a.example'\n" MIRROR "pull-from-mirror='never'", "conf: line 4: pull-from-mirror is");
	says(RULE "prefix='a.example'\nlocation='b.example/UP'", "leads to b.example/UP/x:1, which is no image's name");
	says(RULE "prefix='a.example'\nlocation='word'", "leads to word/x:1, which is no image's name");
	says("unqualified-search-registries='docker.io'", "conf: line 1: unqualified-search-registries is not understood");
}

static void short_name(const char *text, const char *typed, const char *want)
{
	struct err err = { 0 };
	struct reference reference;
	cleanup_registries struct registries registries = { 0 };
	assert_int_equal(reference_parse(typed, &reference, &err), 0);
	assert_int_equal(registries_add(&registries, "conf", text, strlen(text), &err), 0);
	assert_int_equal(registries_check_short(&registries, typed, &reference, &err), want ? -EINVAL : 0);
	if (want && !strstr(err.text, want))
		fail_msg("%s: %s, not %s", typed, err.text, want);
}

static void a_short_name_means_docker_io_or_is_an_error(void **state)
{
	(void)state;
	static const char search[] = "unqualified-search-registries = ['quay.io', 'docker.io']\n[aliases]\n'debian' = 'docker.io/library/debian'\n"
				     "\"fedora\" = 'registry.fedoraproject.org/fedora'\n";
	short_name("", "anything", NULL);
	short_name("unqualified-search-registries = ['docker.io']", "anything:1", NULL);
	short_name("unqualified-search-registries = []", "anything:1", "type docker.io/library/anything:1");
	short_name(search, "debian:12", NULL);
	short_name(search, "debian@sha256:" ZEROS, NULL);
	short_name(search, "fedora:40", "call it registry.fedoraproject.org/fedora");
	short_name(search, "team/tool:1", "type quay.io/team/tool:1, or docker.io/team/tool:1");
	short_name(search, "docker.io/library/fedora:40", NULL);
	short_name(search, "localhost/x", NULL);
	short_name(search, "localhost:5000/x", NULL);
	short_name("short-name-mode = 'enforcing'", "anything", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_keys_and_values_are_read),
		cmocka_unit_test(what_is_not_understood_is_named_with_its_line),
		cmocka_unit_test(a_file_with_a_nul_is_no_text),
		cmocka_unit_test(without_a_rule_the_registry_itself_is_asked),
		cmocka_unit_test(mirrors_come_in_order_before_the_registry),
		cmocka_unit_test(a_prefix_ends_where_a_part_of_the_name_does),
		cmocka_unit_test(the_longest_prefix_counts_and_the_last_of_the_same),
		cmocka_unit_test(a_star_stands_for_the_beginning_of_a_host),
		cmocka_unit_test(mirrors_may_be_for_tags_or_digests_alone),
		cmocka_unit_test(a_blocked_registry_is_an_error),
		cmocka_unit_test(what_a_file_must_not_say_is_named_with_its_line),
		cmocka_unit_test(a_short_name_means_docker_io_or_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
