/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fuzz_whiteout.c: the names of a layer's entries: none may lead out of the image. */
#include "registry/whiteout.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

const unsigned fuzz_rounds = 40000;
FUZZ_SEEDS(SEED("/a//./b/"), SEED("a/../b"), SEED("../etc/passwd"), SEED("./"), SEED("a/b/c/../../../d"), SEED("a/.wh.b"),
	SEED("a/.wh..wh..opq"), SEED(".wh..wh.plnk/1"), SEED(".wh."), SEED(".wh..."), SEED("x/.wh.y/z"), SEED("...//..a/..../"))

static void check_components(const char *path)
{
	CHECK(*path != '/' && !str_ends(path, "/"));
	while (*path) {
		size_t n = strcspn(path, "/");
		CHECK(n > 0 && !(n == 1 && *path == '.') && !(n == 2 && memcmp(path, "..", 2) == 0));
		path += n + (path[n] == '/');
	}
}

static void check_kind(const char *path)
{
	struct err err = { 0 };
	const char *name = NULL;
	bool marked = str_starts(path, ".wh.") || strstr(path, "/.wh.");
	int kind = whiteout_kind(path, &name, &err);
	CHECK(kind >= 0 ? !err.code : kind == err.code && *err.text);
	CHECK((kind == WHITEOUT_NONE) == !marked);
	if (kind == WHITEOUT_NAME) {
		CHECK(name == entry_base(path) + 4 && *name && !str_eq(name, ".") && !str_eq(name, ".."));
		CHECK(!strchr(name, '/'));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = { 0 };
	cleanup_free char *raw = fuzz_text(&data, &size);
	char path[ENTRY_PATH_MAX], again[ENTRY_PATH_MAX];
	int r = entry_path(raw, path, &err);
	CHECK(r <= 0 && r == err.code && (r == 0 || *err.text));
	if (r < 0)
		return 0;
	CHECK(memchr(path, 0, sizeof path));
	check_components(path);
	CHECK(!strchr(entry_base(path), '/'));
	if (*path)
		CHECK(entry_path(path, again, &err) == 0 && str_eq(path, again));
	check_kind(path);
	return 0;
}
