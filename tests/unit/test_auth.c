/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_auth.c: what a registry says when it wants a login, sound and hostile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "registry/session.h"
#include "registry/json.h"
#include "src/base/str.h"

#include <string.h>

static struct challenge parse(const char *text)
{
	struct challenge challenge;
	memset(&challenge, 'x', sizeof challenge);
	auth_parse_challenge(text, &challenge);
	return challenge;
}

static void says(const char *text, int scheme, const char *realm, const char *service, const char *scope)
{
	struct challenge challenge = parse(text);
	assert_int_equal(challenge.scheme, scheme);
	assert_string_equal(challenge.realm, realm);
	assert_string_equal(challenge.service, service);
	assert_string_equal(challenge.scope, scope);
}

/* Challenges. */

static void a_token_server_is_named_with_its_service_and_scope(void **state)
{
	(void)state;
	says("Bearer realm=\"https://auth.docker.io/token\",service=\"registry.docker.io\",scope=\"repository:library/debian:pull\"",
		CHALLENGE_BEARER, "https://auth.docker.io/token", "registry.docker.io", "repository:library/debian:pull");
	says("Bearer realm=\"https://quay.io/v2/auth\",service=\"quay.io\"", CHALLENGE_BEARER, "https://quay.io/v2/auth", "quay.io", "");
}

static void a_password_is_asked_for(void **state)
{
	(void)state;
	says("Basic realm=\"Registry Realm\"", CHALLENGE_BASIC, "Registry Realm", "", "");
	says("Basic", CHALLENGE_BASIC, "", "", "");
}

static void schemes_and_keys_may_be_in_any_case(void **state)
{
	(void)state;
	says("bEARER REALM=\"https://a/\",Service=\"s\"", CHALLENGE_BEARER, "https://a/", "s", "");
	says("BASIC Realm=r", CHALLENGE_BASIC, "r", "", "");
}

static void other_schemes_are_none(void **state)
{
	(void)state;
	static const char *const texts[] = { "", " ", "Negotiate", "Digest realm=\"r\"", "Bearer2 realm=\"r\"", "Bear realm=\"r\"",
		"Basics", "Bearer,", "realm=\"r\"" };
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		assert_int_equal(parse(texts[i]).scheme, CHALLENGE_NONE);
}

static void values_may_stand_without_quotes(void **state)
{
	(void)state;
	says("Bearer realm=https://a/token?x=y,service=s", CHALLENGE_BEARER, "https://a/token?x=y", "s", "");
}

static void blanks_and_commas_may_be_anywhere_between(void **state)
{
	(void)state;
	says("Bearer\t ,, realm=\"https://a/\" ,\t service=\"s\" , ", CHALLENGE_BEARER, "https://a/", "s", "");
}

static void a_quoted_value_may_hold_commas_blanks_and_escapes(void **state)
{
	(void)state;
	says("Bearer realm=\"a, b\",scope=\"x:pull,push y\",service=\"say \\\"hi\\\" \\\\\"", CHALLENGE_BEARER, "a, b", "say \"hi\" \\",
		"x:pull,push y");
}

static void a_key_inside_a_value_is_not_a_key(void **state)
{
	(void)state;
	says("Bearer realm=\"https://a/?service=evil,service=evil\",service=\"good\"", CHALLENGE_BEARER,
		"https://a/?service=evil,service=evil", "good", "");
	says("Bearer realm=\"good\",xrealm=\"evil\",realmx=\"evil\",real=\"evil\",=\"evil\"", CHALLENGE_BEARER, "good", "", "");
}

static void unknown_keys_and_words_are_passed_over(void **state)
{
	(void)state;
	says("Bearer token68 error=\"invalid_token\",realm=\"https://a/\",x", CHALLENGE_BEARER, "https://a/", "", "");
}

static void an_unfinished_value_goes_to_the_end(void **state)
{
	(void)state;
	says("Bearer realm=\"https://a/", CHALLENGE_BEARER, "https://a/", "", "");
	says("Bearer realm=\"a\\", CHALLENGE_BEARER, "a\\", "", "");
	says("Bearer realm=\"", CHALLENGE_BEARER, "", "", "");
	says("Bearer realm=", CHALLENGE_BEARER, "", "", "");
	says("Bearer realm", CHALLENGE_BEARER, "", "", "");
}

static void stray_equals_signs_and_quotes_lead_nowhere(void **state)
{
	(void)state;
	says("Bearer =", CHALLENGE_BEARER, "", "", "");
	says("Bearer ====\"\"\"=,=,\"", CHALLENGE_BEARER, "", "", "");
	says("Bearer =\"x\" realm=\"https://a/\"", CHALLENGE_BEARER, "https://a/", "", "");
	says("Bearer realm = \"https://a/\"", CHALLENGE_BEARER, "", "", ""); /* no blanks around it, RFC 9110 11.2 */
}

/* A challenge whose realm has `count` characters. */
static struct challenge long_realm(size_t count)
{
	cleanup_buf struct buf text = { 0 };
	buf_str(&text, "Bearer realm=\"");
	for (size_t i = 0; i < count; i++)
		buf_str(&text, "r");
	buf_str(&text, "\",service=\"s\"");
	return parse(text.data);
}

static void a_value_too_long_for_its_field_counts_as_not_given(void **state)
{
	(void)state;
	struct challenge fits = long_realm(sizeof fits.realm - 1), longer = long_realm(sizeof longer.realm);
	assert_int_equal(strlen(fits.realm), sizeof fits.realm - 1);
	assert_string_equal(fits.service, "s");
	assert_string_equal(longer.realm, "");
	assert_string_equal(longer.service, "s");
	assert_string_equal(long_realm(1 << 20).realm, "");
}

static void a_value_given_twice_is_the_later_one_whole(void **state)
{
	(void)state;
	says("Bearer realm=\"https://a.example/long\",realm=\"b\"", CHALLENGE_BEARER, "b", "", "");
}

static void a_million_pieces_are_read_in_no_time(void **state)
{
	(void)state;
	static const char *const pieces[] = { ",", "=", "\"", "a=,", "realm=\"x\",", "\\\"", "Bearer " };
	for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
		cleanup_buf struct buf text = { 0 };
		buf_str(&text, "Bearer ");
		for (int j = 0; j < 1000000; j++)
			buf_str(&text, pieces[i]);
		assert_int_equal(parse(text.data).scheme, CHALLENGE_BEARER);
	}
}

/* Every text of up to five of the characters that matter: none may be read beyond its end. */
static void any_mixture_of_special_characters_is_survived(void **state)
{
	(void)state;
	static const char special[] = "=\",\\ s\t";
	enum { KINDS = sizeof special - 1, LENGTH = 5 };
	unsigned count = 1;
	for (int i = 0; i < LENGTH; i++)
		count *= KINDS;
	for (unsigned n = 0; n < count; n++) {
		char mixture[LENGTH + 1] = { 0 };
		unsigned rest = n;
		for (int i = 0; i < LENGTH; i++, rest /= KINDS)
			mixture[i] = special[rest % KINDS];
		cleanup_free char *text = str_fmt("Bearer realm=%s", mixture);
		struct challenge challenge = parse(text);
		assert_true(strlen(challenge.realm) <= LENGTH);
	}
}

/* Sessions. */

static void another_threads_session_has_an_authorization_of_its_own(void **state)
{
	(void)state;
	struct endpoint endpoint = { .registry = (char *)"ghcr.io", .repository = (char *)"a/b" };
	struct endpoints endpoints = { &endpoint, 1 };
	struct session session = { .endpoints = &endpoints, .plain = true, .authorization = { str_dup("Bearer t"), 17 } };
	struct session copy = session_copy(&session);
	session_done(&session);
	assert_null(session.authorization.value);
	assert_string_equal(copy.authorization.value, "Bearer t");
	assert_int_equal(copy.authorization.until_ms, 17);
	assert_string_equal(session_registry(&copy), "ghcr.io");
	assert_true(copy.plain);
	session_done(&copy);
	struct session anonymous = session_copy(&session);
	assert_null(anonymous.authorization.value);
}

static void an_authorization_ends_by_its_own_clock(void **state)
{
	(void)state;
	struct authorization authorization = { .value = (char *)"Basic eA==" };
	assert_false(authorization_is_over(&authorization));
	authorization.until_ms = 1; /* a millisecond after the machine started */
	assert_true(authorization_is_over(&authorization));
	authorization.until_ms = INT64_MAX;
	assert_false(authorization_is_over(&authorization));
}

/* Token servers' answers. */

static void lives(const char *text, int64_t want)
{
	int64_t seconds = -1;
	cleanup_free char *token = json_read_token(text, strlen(text), &seconds);
	assert_true(seconds == want);
}

static void a_token_lives_as_long_as_is_said_and_a_day_at_most(void **state)
{
	(void)state;
	lives("{\"token\": \"abc\", \"expires_in\": 300}", 300);
	lives("{\"token\": \"abc\"}", 0);
	lives("{\"token\": \"abc\", \"expires_in\": -5}", 0);
	lives("{\"token\": \"abc\", \"expires_in\": \"300\"}", 0);
	lives("{\"token\": \"abc\", \"expires_in\": 9223372036854775807, \"issued_at\": \"2999-01-01T00:00:00Z\"}", 24 * 3600);
}

static void gives_token(const char *text, const char *want)
{
	int64_t seconds = -1;
	cleanup_free char *token = json_read_token(text, strlen(text), &seconds);
	assert_true(str_eq(token, want));
	assert_true(seconds >= 0);
}

static void a_token_has_one_of_two_names(void **state)
{
	(void)state;
	gives_token("{\"token\": \"abc\", \"expires_in\": 300}", "abc");
	gives_token("{\"access_token\": \"def\"}", "def");
	gives_token("{\"token\": \"abc\", \"access_token\": \"def\"}", "abc");
}

static void an_answer_without_a_token_gives_none(void **state)
{
	(void)state;
	static const char *const texts[] = { "", "{}", "[]", "null", "\"abc\"", "{\"token\": 1}", "{\"token\": null}",
		"{\"token\": [\"abc\"]}", "{\"token\": \"abc\"", "{\"token\": \"a\\u0000b\"}", "{\"token\": \"a\", \"token\": \"b\"}",
		"<html>", "{\"token\": \"\xff\"}" };
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		gives_token(texts[i], NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_token_server_is_named_with_its_service_and_scope),
		cmocka_unit_test(a_password_is_asked_for),
		cmocka_unit_test(schemes_and_keys_may_be_in_any_case),
		cmocka_unit_test(other_schemes_are_none),
		cmocka_unit_test(values_may_stand_without_quotes),
		cmocka_unit_test(blanks_and_commas_may_be_anywhere_between),
		cmocka_unit_test(a_quoted_value_may_hold_commas_blanks_and_escapes),
		cmocka_unit_test(a_key_inside_a_value_is_not_a_key),
		cmocka_unit_test(unknown_keys_and_words_are_passed_over),
		cmocka_unit_test(an_unfinished_value_goes_to_the_end),
		cmocka_unit_test(stray_equals_signs_and_quotes_lead_nowhere),
		cmocka_unit_test(a_value_too_long_for_its_field_counts_as_not_given),
		cmocka_unit_test(a_value_given_twice_is_the_later_one_whole),
		cmocka_unit_test(a_million_pieces_are_read_in_no_time),
		cmocka_unit_test(any_mixture_of_special_characters_is_survived),
		cmocka_unit_test(another_threads_session_has_an_authorization_of_its_own),
		cmocka_unit_test(an_authorization_ends_by_its_own_clock),
		cmocka_unit_test(a_token_lives_as_long_as_is_said_and_a_day_at_most),
		cmocka_unit_test(a_token_has_one_of_two_names),
		cmocka_unit_test(an_answer_without_a_token_gives_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
