/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fuzz_challenge.c: what a registry says of where to log in. */
#include "registry/auth.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

const unsigned fuzz_rounds = 40000;
FUZZ_SEEDS(SEED("Bearer realm=\"https://auth.docker.io/token\",service=\"registry.docker.io\",scope=\"repository:a/b:pull\""),
	SEED("bearer Realm=https://x/t , error=\"invalid_token\" service = a"), SEED("Basic realm=\"a \\\"quoted\\\" \\\\ word\""),
	SEED("Negotiate"), SEED("Bearer realm=\"unfinished"), SEED("Basic ,,=,= =\"\", realm=\"\""))

static void add_field(struct buf *text, const char *name, const char *value)
{
	buf_fmt(text, "%s=\"", name);
	for (; *value; value++)
		buf_fmt(text, strchr("\"\\", *value) ? "\\%c" : "%c", *value);
	buf_str(text, "\", ");
}

/* RFC 9110 lets everything be written as a quoted string. */
static void check_written_again(const struct challenge *c)
{
	struct challenge again;
	cleanup_buf struct buf text = { 0 };
	buf_str(&text, c->scheme == CHALLENGE_BEARER ? "Bearer " : c->scheme == CHALLENGE_BASIC ? "Basic " : "Other ");
	add_field(&text, "realm", c->realm);
	add_field(&text, "error", "a=\"b\", c");
	add_field(&text, "service", c->service);
	add_field(&text, "scope", c->scope);
	auth_parse_challenge(text.data, &again);
	CHECK(again.scheme == c->scheme && str_eq(again.realm, c->realm));
	CHECK(str_eq(again.service, c->service) && str_eq(again.scope, c->scope));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct challenge challenge;
	cleanup_free char *text = fuzz_text(&data, &size);
	auth_parse_challenge(text, &challenge);
	CHECK(memchr(challenge.realm, 0, sizeof challenge.realm));
	CHECK(memchr(challenge.service, 0, sizeof challenge.service));
	CHECK(memchr(challenge.scope, 0, sizeof challenge.scope));
	check_written_again(&challenge);
	return 0;
}
