/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_reference.c: image names as people write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "registry/reference.h"
#include "src/base/str.h"

#include <errno.h>
#include <string.h>

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define SHA "sha256:" HEX

static struct reference parse(const char *text)
{
	struct reference reference = { 0 };
	struct err err = { 0 };
	if (reference_parse(text, &reference, &err) < 0)
		fail_msg("%s", err.text);
	return reference;
}

/* Checks the full name that a short one stands for. */
static void means(const char *text, const char *full)
{
	struct reference reference = parse(text);
	cleanup_free char *found = reference_text(&reference);
	assert_string_equal(found, full);
}

/* Refused, by a message that says which name and what is wrong with it; what was there before stays as it is. */
static void refused(const char *text, const char *why)
{
	struct reference reference, before;
	struct err err = { 0 };
	memset(&reference, 'x', sizeof reference);
	memcpy(&before, &reference, sizeof before);
	if (reference_parse(text, &reference, &err) != -EINVAL)
		fail_msg("'%s' was taken for an image name", text);
	assert_int_equal(err.code, -EINVAL);
	assert_memory_equal(&reference, &before, sizeof before);
	cleanup_free char *start = *text ? str_fmt("%.300s: not an image name", text) : str_dup("an image's name is wanted");
	if (!str_starts(err.text, start) || !strstr(err.text, why))
		fail_msg("'%s' is refused without saying %s: %s", text, why, err.text);
}

/* `count` times `c`, after `prefix`. */
static char *padded(const char *prefix, char c, size_t count)
{
	struct buf text = { 0 };
	buf_str(&text, prefix);
	for (size_t i = 0; i < count; i++)
		buf_add(&text, &c, 1);
	return buf_take(&text);
}

static void a_bare_name_is_a_library_image_of_docker_io(void **state)
{
	(void)state;
	struct reference debian = parse("debian");
	assert_string_equal(debian.registry, "docker.io");
	assert_string_equal(debian.repository, "library/debian");
	assert_string_equal(debian.tag, "latest");
	assert_string_equal(debian.digest.text, "");
	means("debian:12", "docker.io/library/debian:12");
}

static void a_name_with_an_owner_is_not_below_library(void **state)
{
	(void)state;
	means("owner/name", "docker.io/owner/name:latest");
	means("a/b/c:tag", "docker.io/a/b/c:tag");
}

static void docker_io_may_be_written_out(void **state)
{
	(void)state;
	means("docker.io/debian", "docker.io/library/debian:latest");
	means("docker.io/library/debian", "docker.io/library/debian:latest");
	means("index.docker.io/debian:12", "docker.io/library/debian:12");
	means("Docker.IO/debian", "docker.io/library/debian:latest");
}

static void a_first_part_with_a_dot_or_a_colon_or_localhost_is_a_registry(void **state)
{
	(void)state;
	means("ghcr.io/owner/name:tag", "ghcr.io/owner/name:tag");
	means("quay.io/name", "quay.io/name:latest");
	means("registry:5000/name", "registry:5000/name:latest");
	means("localhost/name", "localhost/name:latest");
	means("localhost:5000/a/b:1", "localhost:5000/a/b:1");
	means("127.0.0.1:5000/name", "127.0.0.1:5000/name:latest");
	means("[::1]:5000/name:1", "[::1]:5000/name:1");
	means("[fe80::1]/name", "[fe80::1]/name:latest");
}

static void a_colon_without_a_slash_after_it_begins_a_tag(void **state)
{
	(void)state;
	means("localhost:5000", "docker.io/library/localhost:5000");
	means("registry.example:80", "docker.io/library/registry.example:80");
}

static void hosts_are_lower_case_afterwards_but_paths_must_be_before(void **state)
{
	(void)state;
	means("GHCR.io/owner/name:TAG", "ghcr.io/owner/name:TAG");
	refused("Debian", "lower-case");
	refused("ghcr.io/Owner/name", "lower-case");
}

static void a_digest_alone_means_no_tag(void **state)
{
	(void)state;
	struct reference reference = parse("debian@" SHA);
	assert_string_equal(reference.tag, "");
	assert_string_equal(reference.digest.text, SHA);
	means("debian@" SHA, "docker.io/library/debian@" SHA);
}

static void a_tag_and_a_digest_are_both_kept(void **state)
{
	(void)state;
	means("localhost:5000/debian:12@" SHA, "localhost:5000/debian:12@" SHA);
}

static void the_full_name_means_itself(void **state)
{
	(void)state;
	static const char *const names[] = { "docker.io/library/debian:12", "docker.io/library/debian@" SHA,
		"[::1]:5000/a/b:1@" SHA, "localhost/a:latest" };
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		means(names[i], names[i]);
}

static void words_of_a_path_are_joined_by_the_separators_of_the_grammar(void **state)
{
	(void)state;
	static const char *const good[] = { "a.b", "a_b", "a__b", "a-b", "a---b", "a1/b2", "0/1", "a.b-c_d__e" };
	static const char *const bad[] = { "a..b", "a___b", "a._b", "a_.b", "a-.b", "a.-b", "a-_b", "a_-b", "-a", "a-", ".a",
		"a.", "_a", "a_", "x/-a", "x/a-/y", "a b", "a+b", "a%2fb", "a\\b", "a*", "~a", "\xc3\xa4" };
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		parse(good[i]);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		refused(bad[i], "path");
}

static void empty_parts_are_refused(void **state)
{
	(void)state;
	refused("", "empty");
	refused("/", "path");
	refused("/debian", "path");
	refused("debian/", "path");
	refused("a//b", "path");
	refused("ghcr.io/", "path");
	refused("ghcr.io//a", "path");
	refused(":12", "path");
	refused("@" SHA, "path");
	refused("debian:", "tag");
	refused("debian@", "digest");
}

static void a_path_cannot_climb(void **state)
{
	(void)state;
	refused("..", "path");
	refused("owner/../../etc", "path");
	refused("ghcr.io/../x", "path");
	refused("../x", "registry"); /* two dots make it a registry's name */
}

static void tags_are_words_that_do_not_begin_with_a_separator(void **state)
{
	(void)state;
	static const char *const good[] = { "a:_", "a:1.2-3_4", "a:LATEST", "a:0", "a:v1..2" };
	static const char *const bad[] = { "a:.x", "a:-x", "a:x y", "a:x+y", "a:1:2", "a:x%", "a:\xc3\xa4" };
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		parse(good[i]);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		refused(bad[i], "tag");
}

static void only_whole_sha256_digests_are_taken(void **state)
{
	(void)state;
	static const char *const bad[] = { "a@sha256", "a@sha256:", "a@" HEX, "a@sha256:abc", "a@" SHA "0", "a@SHA256:" HEX,
		"a@sha512:" HEX HEX, "a@" SHA "@" SHA, "a@b@" SHA, "a@" SHA ":tag", "a@" SHA "/b",
		"a@sha256:0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef",
		"a@sha256:g123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		refused(bad[i], "digest");
}

static void a_registry_is_a_host_and_perhaps_a_port(void **state)
{
	(void)state;
	static const char *const bad[] = { "-a.b/x", "a-.b/x", "a.-b/x", ".a/x", "a./x", "a..b/x", "a_b.c/x", "a b.c/x",
		"http:/x", "https://ghcr.io/x", "docker://debian", "a.b:/x", "a.b:0/x", "a.b:65536/x", "a.b:-1/x", "a.b:http/x",
		"a.b:1:2/x", ":5000/x", "[::1/x", "[]:5000/x", "[::1]5000/x", "[::1]:/x", "[::g]/x", "[::1]]:1/x", "::1/x",
		"user:password/x", "a.b\xc3\xa4/x" };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		refused(bad[i], "registry");
	refused("user@ghcr.io/x", "digest");
}

static void sizes_are_those_of_the_grammar(void **state)
{
	(void)state;
	cleanup_free char *tag = padded("a:", 't', 128), *long_tag = padded("a:", 't', 129);
	cleanup_free char *path = padded("ghcr.io/", 'a', 255), *long_path = padded("ghcr.io/", 'a', 256);
	cleanup_free char *library = padded("", 'a', 247), *long_library = padded("", 'a', 248);
	cleanup_free char *host = padded("", 'h', 250), *full_host = str_fmt("%s.test/x", host), *long_host = str_fmt("h%s.test/x", host);
	assert_int_equal(strlen(parse(tag).tag), 128);
	refused(long_tag, "tag");
	assert_int_equal(strlen(parse(path).repository), 255);
	refused(long_path, "path");
	assert_int_equal(strlen(parse(library).repository), 255); /* with library/ */
	refused(long_library, "path");
	assert_int_equal(strlen(parse(full_host).registry), 255);
	refused(long_host, "registry");
}

static void a_name_of_any_length_is_refused_briefly(void **state)
{
	(void)state;
	cleanup_free char *huge = padded("debian:", '1', 1 << 20);
	refused(huge, "too long");
}

static void the_refusal_is_one_line_without_control_characters(void **state)
{
	(void)state;
	struct reference reference;
	struct err err = { 0 };
	assert_int_equal(reference_parse("debian\n\033[31m", &reference, &err), -EINVAL);
	assert_true(str_starts(err.text, "debian??[31m: not an image name: "));
}

static void docker_io_is_served_by_another_host(void **state)
{
	(void)state;
	struct reference hub = parse("debian"), other = parse("ghcr.io/a/b"), local = parse("localhost:5000/a");
	assert_string_equal(reference_api_host(hub.registry), "registry-1.docker.io");
	assert_string_equal(reference_api_host(other.registry), "ghcr.io");
	assert_string_equal(reference_api_host(local.registry), "localhost:5000");
}

static void only_this_machine_is_loopback(void **state)
{
	(void)state;
	static const char *const here[] = { "localhost/a", "localhost:5000/a", "LocalHost:5000/a", "127.0.0.1/a", "127.0.0.1:5000/a",
		"127.255.255.255/a", "[::1]/a", "[::1]:5000/a" };
	static const char *const elsewhere[] = { "debian", "ghcr.io/a", "localhost.example/a", "localhostx:1/a", "xlocalhost:1/a",
		"127.0.0.1.example/a", "127.0.0.1.2/a", "127.0.0.1x:1/a", "127.0.0.256/a", "127.100.100.1001/a", "128.0.0.1/a",
		"10.0.0.1:5000/a", "127.example/a", "[::2]/a", "[::11]/a", "[::]/a", "[fe80::1]/a" };
	for (size_t i = 0; i < sizeof here / sizeof *here; i++) {
		struct reference reference = parse(here[i]);
		if (!reference_host_is_loopback(reference.registry))
			fail_msg("%s is here", here[i]);
	}
	for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++) {
		struct reference reference = parse(elsewhere[i]);
		if (reference_host_is_loopback(reference.registry))
			fail_msg("%s is elsewhere", elsewhere[i]);
	}
}

/* The host of a token server is whatever a registry sends. */
static void what_only_begins_like_this_machine_is_elsewhere(void **state)
{
	(void)state;
	static const char *const elsewhere[] = { "", "[", "[::1", "[::1]evil.example", "[::1]]:80", "127.0.0", "127.0.0.1.", "127.-0.0.1",
		"127.+0.0.1", "127. 0.0.1", " 127.0.0.1", "0x7f.0.0.1", "localhost.", "LOCALHOST", "localhost@evil.example" };
	for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++)
		if (reference_host_is_loopback(elsewhere[i]))
			fail_msg("'%s' is elsewhere", elsewhere[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bare_name_is_a_library_image_of_docker_io),
		cmocka_unit_test(a_name_with_an_owner_is_not_below_library),
		cmocka_unit_test(docker_io_may_be_written_out),
		cmocka_unit_test(a_first_part_with_a_dot_or_a_colon_or_localhost_is_a_registry),
		cmocka_unit_test(a_colon_without_a_slash_after_it_begins_a_tag),
		cmocka_unit_test(hosts_are_lower_case_afterwards_but_paths_must_be_before),
		cmocka_unit_test(a_digest_alone_means_no_tag),
		cmocka_unit_test(a_tag_and_a_digest_are_both_kept),
		cmocka_unit_test(the_full_name_means_itself),
		cmocka_unit_test(words_of_a_path_are_joined_by_the_separators_of_the_grammar),
		cmocka_unit_test(empty_parts_are_refused),
		cmocka_unit_test(a_path_cannot_climb),
		cmocka_unit_test(tags_are_words_that_do_not_begin_with_a_separator),
		cmocka_unit_test(only_whole_sha256_digests_are_taken),
		cmocka_unit_test(a_registry_is_a_host_and_perhaps_a_port),
		cmocka_unit_test(sizes_are_those_of_the_grammar),
		cmocka_unit_test(a_name_of_any_length_is_refused_briefly),
		cmocka_unit_test(the_refusal_is_one_line_without_control_characters),
		cmocka_unit_test(docker_io_is_served_by_another_host),
		cmocka_unit_test(only_this_machine_is_loopback),
		cmocka_unit_test(what_only_begins_like_this_machine_is_elsewhere),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
