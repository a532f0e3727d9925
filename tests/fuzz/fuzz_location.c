/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fuzz_location.c: what a registry answers about places: Location, and Content-Range. */
#include "registry/location.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>
#include <strings.h>

/* Two addresses, and a range. */
const unsigned fuzz_rounds = 40000;
FUZZ_SEEDS(SEED("https://a.example/v2/x\0https://a.example:443/y?z\0bytes 0-99/100"), SEED("http://[::1]:80/\0http://[::1]\0bytes 7-9/*"),
	SEED("https://a@b/\0https://b\0BYTES 18446744073709551615-0/1"), SEED("HTTP://A:/\0http://a\0bytes 9223372036854775807-9223372036854775807/*"),
	SEED("https://a\\@b/\0https://a#b\0bytes */5"))

/* The part that a client connects to: behind the last @ of what stands before the path. */
static char *host_of(const char *url)
{
	const char *start = strstr(url, "://") + 3;
	cleanup_free char *all = str_ndup(start, strcspn(start, "/?#\\"));
	const char *at = strrchr(all, '@');
	return str_dup(at ? at + 1 : all);
}

static void check_places(const char *a, const char *b)
{
	bool same = location_same_place(a, b);
	CHECK(same == location_same_place(b, a));
	if (!same)
		return;
	cleanup_free char *host_a = host_of(a), *host_b = host_of(b);
	CHECK(location_same_place(a, a) && strncasecmp(a, b, 5) == 0); /* https is not http */
	CHECK(!strchr(a, '@') || strchr(a, '@') > strstr(a, host_a));
	size_t name = strcspn(host_a, ":]");
	CHECK(name == strcspn(host_b, ":]") && strncasecmp(host_a, host_b, name) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t from = 1, to = 1, whole = 1;
	cleanup_free char *a = fuzz_text(&data, &size), *b = fuzz_text(&data, &size), *range = fuzz_text(&data, &size);
	check_places(a, b);
	if (location_parse_range(range, &from, &to, &whole))
		CHECK(from < to && to <= (uint64_t)INT64_MAX + 1 && (whole == 0 || to <= whole));
	else
		CHECK(from == 1 && to == 1 && whole == 1);
	return 0;
}
