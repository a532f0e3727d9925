/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fuzz_oci.c: what an engine's config.json says. */
#include "src/plan/oci_read.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

#define CONFIG(process, rest) "{\"ociVersion\":\"1.2.0\",\"root\":{\"path\":\"rootfs\"},\"process\":{\"args\":[\"sh\"],\"cwd\":\"/\"" process "}," rest "}"
#define SYSTEM(text) "\"linux\":{\"namespaces\":[{\"type\":\"mount\"},{\"type\":\"user\"},{\"type\":\"network\",\"path\":\"/n\"}]," text "}"

const unsigned fuzz_rounds = 20000;
FUZZ_SEEDS(SEED(CONFIG("", SYSTEM("\"maskedPaths\":[\"/proc/keys\"],\"sysctl\":{\"net.ipv4.ip_forward\":\"1\"}"))),
	SEED(CONFIG(",\"user\":{\"uid\":1,\"gid\":2,\"additionalGids\":[3],\"umask\":18},\"capabilities\":{\"bounding\":[\"CAP_KILL\"]},"
		    "\"rlimits\":[{\"type\":\"RLIMIT_CORE\",\"soft\":0,\"hard\":18446744073709551615}],\"ioPriority\":{\"class\":\"IOPRIO_CLASS_BE\"}",
		SYSTEM("\"uidMappings\":[{\"containerID\":0,\"hostID\":7,\"size\":9}],\"rootfsPropagation\":\"rslave\""))),
	SEED(CONFIG("", SYSTEM("\"resources\":{\"memory\":{\"limit\":9,\"swap\":-1},\"cpu\":{\"shares\":512,\"quota\":5,\"cpus\":\"0-1\"},\"pids\":{\"limit\":3},"
			       "\"devices\":[{\"allow\":false,\"access\":\"rwm\"}],\"unified\":{\"memory.high\":\"7\"},\"hugepageLimits\":[{\"pageSize\":\"2MB\","
			       "\"limit\":1}],\"blockIO\":{\"weightDevice\":[{\"major\":8,\"minor\":0,\"weight\":10}]}}"))),
	SEED(CONFIG("", "\"mounts\":[{\"destination\":\"/a\",\"type\":\"tmpfs\",\"source\":\"t\",\"options\":[\"ro\",\"size=4k\",\"rnoexec\",\"rshared\"]},"
			"{\"destination\":\"b\",\"source\":\"/b\",\"options\":[\"rbind\",\"idmap\"]}],\"annotations\":{\"a\":\"b\"},\"hooks\":{\"poststop\":"
			"[{\"path\":\"/h\",\"args\":[\"h\"],\"env\":[\"A=b\"],\"timeout\":3}]}," SYSTEM("\"devices\":[{\"path\":\"/dev/x\",\"type\":\"c\","
			"\"major\":1,\"minor\":3}]"))))

/* What is executed without a look at it must hold whatever came in. */
static void check(const struct spec *spec)
{
	const struct spec_engine *engine = spec->engine;
	CHECK(engine && engine->rootfs && *engine->rootfs == '/');
	CHECK(spec->args.len == 0 || (spec->cwd && *spec->cwd == '/'));
	for (size_t i = 0; i < engine->mount_count; i++) {
		CHECK(*engine->mounts[i].target && (engine->mounts[i].type || engine->mounts[i].bind));
		CHECK(!engine->mounts[i].bind || engine->mounts[i].source);
	}
	for (size_t i = 0; i < engine->node_count; i++)
		CHECK(*engine->nodes[i].path == '/');
	for (size_t i = 0; i < engine->setting_count; i++) {
		const struct engine_setting *s = &engine->settings[i];
		CHECK(!s->v1_file || !strchr(s->v1_file, '/'));
		CHECK(!s->v2_file || !strchr(s->v2_file, '/'));
		CHECK(!s->v1_file || !*s->v1_file || s->v1_value);
		CHECK(!s->v2_file || !*s->v2_file || s->v2_value);
	}
	for (int i = 0; i < NAMESPACE_KINDS; i++)
		CHECK((spec->namespaces.of[i].origin == NAMESPACE_JOINED) == !!spec->namespaces.of[i].path);
	for (int kind = 0; kind < HOOK_KINDS; kind++)
		for (size_t i = 0; i < engine->hooks[kind].count; i++)
			CHECK(*engine->hooks[kind].items[i].path == '/' && engine->hooks[kind].items[i].timeout >= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = { 0 };
	struct spec spec = { 0 };
	const struct oci_setting setting = { .bundle = "/bundle", .kernel = 0x060100 };
	int r = oci_read((const char *)data, size, &setting, &spec, &err);
	CHECK(r <= 0 && r == err.code);
	if (r == 0)
		check(&spec);
	spec_done(&spec);
	return 0;
}
