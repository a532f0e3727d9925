/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_authfile.c: files with credentials, sound and broken, and what is passed on to xrun-fetch. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "registry/endpoint.h"
#include "src/access/authfile.h"
#include "src/base/base64.h"

#include <errno.h>
#include <string.h>

/* "ann:secret", "bob:hidden" */
#define ANN "YW5uOnNlY3JldA=="
#define BOB "Ym9iOmhpZGRlbg=="

static void finds(const char *text, const char *registry, const char *repository, const char *username, const char *password)
{
	struct err err = { 0 };
	struct authfile file;
	assert_int_equal(authfile_read(text, strlen(text), registry, repository, &file, &err), 0);
	assert_null(file.helper);
	assert_true(str_eq(file.login.username, username));
	assert_true(str_eq(file.login.password, password));
	authfile_done(&file);
}

static void fails(const char *text, const char *why)
{
	struct err err = { 0 };
	struct authfile file;
	assert_true(authfile_read(text, strlen(text), "a.example", "b", &file, &err) < 0);
	assert_non_null(strstr(err.text, why));
}

static void a_login_is_for_one_host_and_port_to_the_letter(void **state)
{
	(void)state;
	static const char text[] = "{\"auths\": {\"a.example\": {\"auth\": \"" ANN "\"}, \"b.example:5000\": {\"auth\": \"" BOB "\"}}}";
	finds(text, "a.example", "x", "ann", "secret");
	finds(text, "b.example:5000", "x", "bob", "hidden");
	static const char *const others[] = { "a.example:443", "b.example", "b.example:500", "b.example:50000", "www.a.example",
		"example", "a.exampl", "a.example.org", "docker.io", "localhost" };
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		finds(text, others[i], "x", NULL, NULL);
}

static void dockers_urls_mean_their_host(void **state)
{
	(void)state;
	finds("{\"auths\": {\"https://a.example\": {\"auth\": \"" ANN "\"}}}", "a.example", "x", "ann", "secret");
	finds("{\"auths\": {\"https://a.example/v1/\": {\"auth\": \"" ANN "\"}}}", "a.example", "x", "ann", "secret");
	finds("{\"auths\": {\"http://a.example:80/v2/\": {\"auth\": \"" ANN "\"}}}", "a.example:80", "x", "ann", "secret");
	finds("{\"auths\": {\"https://a.example/team\": {\"auth\": \"" ANN "\"}}}", "a.example", "team/x", NULL, NULL);
	finds("{\"auths\": {\"https://a.example@b.example\": {\"auth\": \"" ANN "\"}}}", "a.example", "x", NULL, NULL);
	finds("{\"auths\": {\"https://index.docker.io/v1/\": {\"auth\": \"" ANN "\"}}}", "docker.io", "library/x", "ann", "secret");
	finds("{\"auths\": {\"docker.io\": {\"auth\": \"" ANN "\"}}}", "docker.io", "library/x", "ann", "secret");
	finds("{\"auths\": {\"https://index.docker.io/v1/\": {\"auth\": \"" ANN "\"}}}", "ghcr.io", "x", NULL, NULL);
}

static void the_longest_part_of_the_path_counts(void **state)
{
	(void)state;
	static const char text[] = "{\"auths\": {\"a.example/team\": {\"auth\": \"" BOB "\"}, \"a.example\": {\"auth\": \"" ANN "\"}}}";
	finds(text, "a.example", "team/x", "bob", "hidden");
	finds(text, "a.example", "team", "bob", "hidden");
	finds(text, "a.example", "teams/x", "ann", "secret");
	finds(text, "a.example", "x/team", "ann", "secret");
}

static void an_empty_entry_is_none(void **state)
{
	(void)state;
	finds("{}", "a.example", "x", NULL, NULL);
	finds("{\"auths\": {}}", "a.example", "x", NULL, NULL);
	finds("{\"auths\": {\"a.example\": {}}}", "a.example", "x", NULL, NULL);
	finds("{\"auths\": {\"a.example\": {}, \"https://a.example\": {\"auth\": \"" ANN "\"}}}", "a.example", "x", "ann", "secret");
}

static void a_password_may_hold_colons_and_padding_may_be_missing(void **state)
{
	(void)state;
	finds("{\"auths\": {\"a.example\": {\"auth\": \"YTpiOmM\"}}}", "a.example", "x", "a", "b:c");
	finds("{\"auths\": {\"a.example\": {\"auth\": \"YTpiAAA=\"}}}", "a.example", "x", "a", "b"); /* docker's NULs */
	finds("{\"auths\": {\"a.example\": {\"username\": \"ann\", \"password\": \"p\"}}}", "a.example", "x", "ann", "p");
}

static void what_is_broken_is_said_to_be(void **state)
{
	(void)state;
	fails("", "line 1");
	fails("[]", "not a JSON object");
	fails("{\"auths\": {},\n\n oops}", "line 3");
	fails("{\"auths\": {\"a.example\": {\"auth\": \"?\"}}}", "a.example: its \"auth\"");
	fails("{\"auths\": {\"a.example\": {\"auth\": \"YW5u\"}}}", "a.example: its \"auth\"");           /* no colon */
	fails("{\"auths\": {\"a.example\": {\"auth\": \"YTpiAGM=\"}}}", "a.example: its \"auth\"");       /* a NUL within */
	fails("{\"auths\": {\"a.example\": {\"auth\": \"YTpiDQpY\"}}}", "a.example: its \"auth\"");       /* another header */
	fails("{\"auths\": {\"a.example\": {\"registrytoken\": \"x\"}}}", "registrytoken");
	fails("{\"auths\": {\"a.example\": {\"auth\": \"" ANN "\", \"auth\": \"" BOB "\"}}}", "line 1"); /* which one? */
}

static void helper(const char *text, const char *registry, const char *want, bool alone)
{
	struct err err = { 0 };
	struct authfile file;
	assert_int_equal(authfile_read(text, strlen(text), registry, "x", &file, &err), 0);
	assert_true(str_eq(file.helper, want));
	assert_int_equal(file.helper_alone, alone);
	authfile_done(&file);
}

static void a_registrys_own_helper_comes_before_the_one_for_all(void **state)
{
	(void)state;
	static const char text[] = "{\"credsStore\": \"all\", \"credHelpers\": {\"a.example\": \"own\", \"b.example:1\": \"\"}}";
	helper(text, "a.example", "own", true);
	helper(text, "a.example:1", "all", false);
	helper(text, "b.example:1", "all", false);
	helper("{\"credHelpers\": {\"a.example\": \"own\"}}", "docker.io", NULL, false);
	helper("{\"credHelpers\": {\"https://index.docker.io/v1/\": \"own\"}}", "docker.io", "own", true);
}

static void answers(const char *text, const char *username, const char *password, const char *token)
{
	struct err err = { 0 };
	cleanup_login struct login login = { 0 };
	assert_int_equal(authfile_read_helper(text, strlen(text), &login, &err), username ? 0 : -EBADMSG);
	assert_true(str_eq(login.username, username) && str_eq(login.password, password) && str_eq(login.identity_token, token));
}

static void a_helpers_answer_is_a_password_or_a_token(void **state)
{
	(void)state;
	answers("{\"ServerURL\": \"a\", \"Username\": \"ann\", \"Secret\": \"s\"}", "ann", "s", NULL);
	answers("{\"ServerURL\": \"a\", \"Username\": \"<token>\", \"Secret\": \"s\"}", "<token>", NULL, "s");
	answers("{\"ServerURL\": \"a\", \"Username\": \"ann\"}", NULL, NULL, NULL);
	answers("{\"ServerURL\": \"a\", \"Username\": \"a\\nb\", \"Secret\": \"s\"}", NULL, NULL, NULL);
	answers("hello", NULL, NULL, NULL);
}

static char *write_login(const char *text, const char *registry, const struct login *login, bool docker)
{
	struct err err = { 0 };
	char *changed = NULL;
	assert_int_equal(authfile_write(text, strlen(text), registry, "", login, docker, &changed, &err) < 0, 0);
	return changed;
}

static void a_login_for_a_part_of_a_registry_is_that_part_s_alone(void **state)
{
	(void)state;
	static char username[] = "ann", password[] = "secret";
	const struct login login = { .username = username, .password = password };
	const char *text = "{\"auths\": {\"a.example\": {\"auth\": \"" BOB "\"}, \"a.example/team/sub\": {\"auth\": \"" BOB "\"}}}";
	struct err err = { 0 };
	char *part = NULL, *again = NULL, *gone = NULL, *none = NULL;
	assert_int_equal(authfile_write(text, strlen(text), "a.example", "team", &login, false, &part, &err), 0);
	finds(part, "a.example", "team/x", "ann", "secret");
	finds(part, "a.example", "team/sub/x", "bob", "hidden");
	finds(part, "a.example", "teams/x", "bob", "hidden");
	assert_int_equal(authfile_write(part, strlen(part), "a.example", "team", &login, false, &again, &err), 1);
	assert_int_equal(authfile_write(again, strlen(again), "a.example", "team", NULL, false, &gone, &err), 1);
	finds(gone, "a.example", "team/x", "bob", "hidden");
	finds(gone, "a.example", "team/sub/x", "bob", "hidden");
	assert_int_equal(authfile_write(gone, strlen(gone), "a.example", "team", NULL, false, &none, &err), 0);
	free(part);
	free(again);
	free(gone);
	free(none);
}

static void a_login_that_is_kept_is_found_and_the_rest_stays(void **state)
{
	(void)state;
	static char username[] = "ann", password[] = "se:cret";
	const struct login login = { .username = username, .password = password };
	cleanup_free char *first = write_login("", "a.example", &login, false);
	finds(first, "a.example", "x", "ann", "se:cret");
	cleanup_free char *second = write_login("{\"auths\": {\"b.example\": {\"auth\": \"" BOB "\"}}, \"psFormat\": \"x\"}", "a.example", &login, true);
	finds(second, "a.example", "x", "ann", "se:cret");
	finds(second, "b.example", "x", "bob", "hidden");
	assert_non_null(strstr(second, "psFormat"));
	cleanup_free char *hub = write_login(second, "docker.io", &login, true);
	assert_non_null(strstr(hub, "https://index.docker.io/v1/"));
	finds(hub, "docker.io", "library/x", "ann", "se:cret");
	cleanup_free char *without = write_login(hub, "docker.io", NULL, true);
	finds(without, "docker.io", "library/x", NULL, NULL);
	finds(without, "b.example", "x", "bob", "hidden");
}

static void base64_is_read_back_as_it_was_written(void **state)
{
	(void)state;
	unsigned char bytes[256];
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (unsigned char)(i * 7);
	for (size_t len = 0; len <= sizeof bytes; len++) {
		cleanup_buf struct buf decoded = { 0 };
		cleanup_free char *encoded = base64_encode(bytes, len);
		assert_true(base64_decode(encoded, &decoded));
		assert_int_equal(decoded.len, len);
		assert_true(!len || memcmp(decoded.data, bytes, len) == 0);
	}
	static const char *const bad[] = { "A", "AA=", "AAA==", "AA===", "A=AA", "AA A", "AA-_", "====", "AAAAA" };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		cleanup_buf struct buf decoded = { 0 };
		assert_false(base64_decode(bad[i], &decoded));
		assert_int_equal(decoded.len, 0);
	}
}

static void endpoints_are_read_back_as_they_were_written(void **state)
{
	(void)state;
	struct err err = { 0 };
	struct endpoints endpoints = { 0 }, again;
	cleanup_buf struct buf text = { 0 };
	*endpoints_add(&endpoints) = (struct endpoint){ .registry = str_dup("m.example:1"), .repository = str_dup("a"), .insecure = true,
		.ca = str_dup("-----BEGIN CERTIFICATE-----\nAA==\n") };
	*endpoints_add(&endpoints) = (struct endpoint){ .registry = str_dup("a.example"), .username = str_dup("ann"),
		.password = str_dup("registry=evil.example") };
	endpoints_write(&endpoints, &text);
	assert_int_equal(endpoints_read(text.data, text.len, &again, &err), 0);
	assert_int_equal(again.count, 2);
	assert_true(again.items[0].insecure && !again.items[1].insecure);
	assert_string_equal(again.items[0].ca, endpoints.items[0].ca);
	assert_string_equal(again.items[1].registry, "a.example");
	assert_null(again.items[1].repository);
	assert_string_equal(again.items[1].password, "registry=evil.example");
	endpoints_done(&again);
	endpoints_done(&endpoints);
	static const char *const bad[] = { "username=a", "registry", "registry=a\0registry", "registry=a\0color=b",
		"registry=a\0username=b\0username=c" };
	static const size_t sizes[] = { 11, 9, 20, 19, 33 };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(endpoints_read(bad[i], sizes[i], &again, &err), -EINVAL);
	assert_int_equal(endpoints_read("registry=a", 10, &again, &err), -EINVAL); /* cut short */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_login_is_for_one_host_and_port_to_the_letter),
		cmocka_unit_test(dockers_urls_mean_their_host),
		cmocka_unit_test(the_longest_part_of_the_path_counts),
		cmocka_unit_test(an_empty_entry_is_none),
		cmocka_unit_test(a_password_may_hold_colons_and_padding_may_be_missing),
		cmocka_unit_test(what_is_broken_is_said_to_be),
		cmocka_unit_test(a_registrys_own_helper_comes_before_the_one_for_all),
		cmocka_unit_test(a_helpers_answer_is_a_password_or_a_token),
		cmocka_unit_test(a_login_for_a_part_of_a_registry_is_that_part_s_alone),
		cmocka_unit_test(a_login_that_is_kept_is_found_and_the_rest_stays),
		cmocka_unit_test(base64_is_read_back_as_it_was_written),
		cmocka_unit_test(endpoints_are_read_back_as_they_were_written),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
