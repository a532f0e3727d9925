/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fuzz_config.c: the config.json that a container's later starts read. */
#include "src/plan/config.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

#define PROCESS "\"process\":{\"args\":[\"sh\"],\"cwd\":\"/\",\"env\":[\"A=b\"],\"user\":{\"uid\":1,\"gid\":2},\"noNewPrivileges\":true}"

const unsigned fuzz_rounds = 20000;
FUZZ_SEEDS(SEED("{\"ociVersion\":\"1.0.2\"," PROCESS ",\"hostname\":\"h\",\"root\":{\"path\":\"rootfs\",\"readonly\":true},\"mounts\":["
		"{\"destination\":\"/a\",\"type\":\"bind\",\"source\":\"/b\",\"options\":[\"rbind\",\"ro\"]},"
		"{\"destination\":\"/t\",\"type\":\"tmpfs\",\"source\":\"tmpfs\",\"options\":[\"size=4096\",\"mode=700\"]}]}"),
	SEED("{" PROCESS ",\"annotations\":{\"xrun.image\":\"x\",\"xrun.layers\":\"a,b\",\"xrun.network\":\"private\",\"xrun.ports\":\"1:2/tcp\"},"
	     "\"linux\":{\"resources\":{\"memory\":{\"limit\":1,\"swap\":2},\"cpu\":{\"quota\":1000,\"period\":100000},\"pids\":{\"limit\":3},"
	     "\"devices\":[{\"allow\":false,\"access\":\"rwm\"}]},\"sysctl\":{\"net.a\":\"1\"},\"namespaces\":[{\"type\":\"pid\"}],"
	     "\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\"},\"maskedPaths\":[\"/proc/keys\"]}}"),
	SEED("{}"), SEED("{\"process\":[],\"mounts\":{},\"linux\":7,\"annotations\":{\"xrun.layers\":7}}"))

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = { 0 };
	struct spec spec = { 0 }, again = { 0 };
	cleanup_free char *text = mem_new(size + 1);
	memcpy(text, data, size);
	int r = config_read(text, size, &spec, &err);
	CHECK(r <= 0 && r == err.code && (r == 0 || *err.text));
	if (r < 0)
		return 0;
	cleanup_free char *written = config_text(&spec);
	CHECK(written && config_read(written, strlen(written), &again, &err) == 0);
	cleanup_free char *twice = config_text(&again);
	CHECK(str_eq(written, twice));
	spec_done(&spec);
	spec_done(&again);
	return 0;
}
