/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fuzz_reference.c: image names, which end up in addresses, file contents and messages. */
#include "registry/reference.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

const unsigned fuzz_rounds = 40000;
FUZZ_SEEDS(SEED("debian"), SEED("debian:12"), SEED("ghcr.io/owner/a-b/c__d.e:Tag_1.0-x"), SEED("LocalHost:5000/x:y"),
	SEED("localhost/x"), SEED("[::1]:5000/a/b:c"), SEED("[2001:DB8::1]/a"), SEED("127.0.0.1:5000/x"),
	SEED("index.docker.io/x:y"), SEED("docker.io/library/debian"), SEED("127.0.0.256"), SEED("1.2.3.4.5/a"),
	SEED("x@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"),
	SEED("a.b/c:d@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"))

static void check_letters(const char *text, const char *letters)
{
	CHECK(strspn(text, letters) == strlen(text));
}

/* What stands in a URL, and in the store's index. */
static void check_fields(const struct reference *r)
{
	check_letters(r->registry, "abcdefghijklmnopqrstuvwxyz0123456789.-:[]");
	check_letters(r->repository, "abcdefghijklmnopqrstuvwxyz0123456789._-/");
	check_letters(r->tag, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");
	CHECK(*r->registry && *r->repository && (*r->tag || *r->digest.text));
	CHECK(*r->repository != '/' && !str_ends(r->repository, "/") && !strstr(r->repository, "//"));
	CHECK(!strstr(r->repository, "..") && *r->tag != '.' && *r->tag != '-');
}

static void check_printed(const struct reference *r)
{
	struct err err = { 0 };
	struct reference again;
	cleanup_free char *text = reference_text(r);
	CHECK(reference_parse(text, &again, &err) == 0);
	CHECK(str_eq(again.registry, r->registry) && str_eq(again.repository, r->repository) && str_eq(again.tag, r->tag));
	CHECK(digest_equal(&again.digest, &r->digest));
}

/* Whom plain HTTP, and with it a password, is entrusted to. */
static void check_loopback(const char *host)
{
	if (!reference_host_is_loopback(host))
		return;
	size_t len = *host == '[' ? 5 : strcspn(host, ":");
	CHECK(!host[len] || host[len] == ':');
	if (str_starts(host, "127."))
		check_letters(host + 4, "0123456789.:");
	else
		CHECK(str_starts(host, "[::1]") || (len == 9 && str_starts(host, "localhost")));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = { 0 };
	struct reference reference;
	cleanup_free char *text = fuzz_text(&data, &size);
	int r = reference_parse(text, &reference, &err);
	CHECK(r <= 0 && r == err.code && (r == 0 || *err.text));
	if (r == 0) {
		check_fields(&reference);
		check_printed(&reference);
		check_loopback(reference.registry);
		CHECK(*reference_api_host(reference.registry));
	}
	return 0;
}
