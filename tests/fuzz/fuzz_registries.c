/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fuzz_registries.c: registries.conf, and where it says that an image is to be had. */
#include "src/access/registries.h"
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <string.h>

const unsigned fuzz_rounds = 20000;
FUZZ_SEEDS(SEED("docker.io/library/debian:12\0[[registry]]\nprefix = \"docker.io\"\nlocation = 'docker.io'\ninsecure = false\n"
		"[[registry.mirror]]\nlocation = \"m.example:5000/hub\"\ninsecure=true\npull-from-mirror = \"tag-only\"\n"),
	SEED("debian\0unqualified-search-registries = [\"docker.io\", # first\n 'quay.io']\nshort-name-mode=\"enforcing\"\n"
	     "credential-helpers = [\"containers-auth.json\"]\n[aliases]\n\"debian\" = \"docker.io/library/debian\"\n"),
	SEED("x.a.example/y\0[[registry]]\nprefix = \"*.a.example\"\nblocked = true\n[[registry]]\nlocation=\"b\\u00e9\"\n"),
	SEED("a.example/b\0[[registry]]\nprefix=\"a.example\"\nlocation=\"c.example/d\"\nmirror-by-digest-only = true\n"))

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = { 0 };
	struct reference reference;
	struct registries registries = { 0 };
	struct endpoints endpoints = { 0 };
	cleanup_free char *image = fuzz_text(&data, &size);
	cleanup_free char *text = mem_new(size + 1);
	memcpy(text, data, size);
	int r = registries_add(&registries, "conf", text, size, &err);
	CHECK(r <= 0 && r == err.code && (r == 0 || str_starts(err.text, "conf: ")));
	if (r == 0 && reference_parse(image, &reference, &err) == 0) {
		r = registries_plan(&registries, &reference, &endpoints, &err);
		CHECK(r < 0 ? endpoints.count == 0 : endpoints.count > 0);
		for (size_t i = 0; i < endpoints.count; i++)
			CHECK(endpoints.items[i].registry && endpoints.items[i].repository && !endpoints.items[i].password);
		r = registries_check_short(&registries, image, &reference, &err);
		CHECK(r == 0 || r == -EINVAL);
	}
	endpoints_done(&endpoints);
	registries_done(&registries);
	return 0;
}
