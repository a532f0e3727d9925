/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fuzz_derive.c: an image's configuration, and what instructions make of it. */
#include "registry/derive.h"
#include "registry/json.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

#define BASE "{\"architecture\":\"arm\",\"os\":\"linux\",\"odd\":[1],\"config\":{\"Cmd\":[\"sh\"],\"Env\":[\"A=1\"],\"Labels\":{\"a\":\"b\"}}," \
	"\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]},\"history\":[{\"created_by\":\"x\"}]}"

/* An instruction, and the configuration. */
const unsigned fuzz_rounds = 20000;
FUZZ_SEEDS(SEED("CMD [\"a\", \"b\"]\0" BASE), SEED("ENV A=2 B='x y' C=a\\ b\0" BASE), SEED("LABEL a=b \"c d\"=e\0" BASE), SEED("WORKDIR sub\0" BASE),
	SEED("VOLUME [\"/a b\"]\0" BASE), SEED("EXPOSE 80/tcp 53/udp\0" BASE), SEED("ENTRYPOINT=/init\0{\"config\":null,\"rootfs\":{}}"),
	SEED("HEALTHCHECK --timeout=1.5s --retries=3 CMD [\"x\"]\0{\"config\":{\"Healthcheck\":7},\"rootfs\":{\"diff_ids\":7},\"history\":7}"),
	SEED("USER a:b\0{\"config\":[]}"), SEED("STOPSIGNAL SIGTERM\0{}"))

/* What is written can be changed again. */
static void check_written(struct derive *derive)
{
	struct err err = { 0 };
	struct derive again;
	struct digest id;
	CHECK(digest_parse("sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", &id));
	cleanup_free char *text = derive_write(derive, &(struct derive_step){ .created = 1, .author = "a", .diff_id = &id });
	CHECK(text && strstr(text, id.text));
	CHECK(derive_read(text, strlen(text), &again, &err) == 0);
	derive_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = { 0 };
	struct derive derive;
	cleanup_free char *instruction = fuzz_text(&data, &size);
	cleanup_free char *text = mem_new(size + 1);
	memcpy(text, data, size);
	int r = derive_read(text, size, &derive, &err);
	CHECK(r <= 0 && r == err.code && (r == 0 || *err.text));
	if (r < 0)
		return 0;
	r = derive_change(&derive, instruction, &err);
	CHECK(r <= 0 && r == err.code && (r == 0 || (*err.text && !strchr(err.text, '\n'))));
	if (r == 0)
		check_written(&derive);
	derive_done(&derive);
	return 0;
}
