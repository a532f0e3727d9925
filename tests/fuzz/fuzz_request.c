/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fuzz_request.c: options, environment files and an image's configuration on their way to a container's spec. */
#include "src/plan/config.h"
#include "src/plan/request.h"
#include "tests/fuzz/fuzz.h"

#include <jansson.h>
#include <string.h>

/* Texts that end with a NUL: a letter says what each is, see take. An environment file is last, and may have NULs. */
const unsigned fuzz_rounds = 20000;
FUZZ_SEEDS(SEED("m512m\0c1.5\0p100\0v.:/src:ro\0t/run\0eA=b\0C/bin/sh\0IPATH=/bin\0IQEMU_LOG=all"),
	SEED("m1.5gib\0c0.01\0p-1\0v/a:/b\0nname_1\0hhost\0w/work\0u1:2\0sseccomp=unconfined\0E/init\0ahello"),
	SEED("Nhost\0Eprogram\0sno-new-privileges\0vnamed:/x\0fA=1\r\n# comment\n B\nC=d=e\n\nLANG\n"), SEED("f=x\n"),
	SEED("cNaN\0m99999999999999t\0p4194305\0t/a:b\0v:/\0wrelative"), SEED("C\0m0.5\0v/a:///\0C\xff\xfe\0eA=\x80"),
	SEED("P[::1]:80-89:90-99/udp\0X80/tcp\0Aa=host-gateway\0Dx.example\0R10m\0M02:42:ac:11:00:02\0ax"),
	SEED("m1g\0S-1\0U0-3,8\0G2MB:4m\0B/dev/a:1m\0Lc *:* rwm\0Oa/b\0ax"))

static void take(struct request *q, struct image *image, const char *text)
{
	const struct {
		char letter;
		const char **field;
		struct strv *list;
	} fields[] = {
		{ 'm', &q->limits.memory }, { 'c', &q->limits.cpus }, { 'p', &q->limits.pids_limit }, { 'n', &q->name }, { 'h', &q->hostname },
		{ 'w', &q->workdir }, { 'u', &q->user }, { 'N', &q->network }, { 'E', &q->entrypoint }, { 'v', NULL, &q->volumes },
		{ 't', NULL, &q->tmpfs }, { 'e', NULL, &q->env }, { 's', NULL, &q->security }, { 'a', NULL, &q->command },
		{ 'I', NULL, &image->env }, { 'C', NULL, &image->cmd }, { 'P', NULL, &q->publish }, { 'X', NULL, &image->exposed },
		{ 'A', NULL, &q->add_host }, { 'D', NULL, &q->dns_search }, { 'R', &q->net_rate }, { 'M', &q->mac_address },
		{ 'S', &q->limits.memory_swap }, { 'U', &q->limits.cpuset_cpus }, { 'G', NULL, &q->limits.hugetlb },
		{ 'B', NULL, &q->limits.device_read_bps }, { 'L', NULL, &q->limits.device_rules }, { 'O', &q->limits.cgroup_parent },
	};
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		if (fields[i].letter != *text)
			continue;
		if (fields[i].list)
			strv_add(fields[i].list, text + 1);
		else
			*fields[i].field = text + 1;
	}
}

static void try_env_file(struct request *q, const uint8_t *data, size_t size)
{
	struct err err = { 0 };
	cleanup_free char *text = mem_new(size + 1);
	memcpy(text, data, size);
	int r = request_add_env_file(q, "file", text, size, &err);
	CHECK(r <= 0 && r == err.code && (r == 0 || (*err.text && !strchr(err.text, '\n'))));
	for (size_t i = 0; i < q->env_lines.len; i++) {
		size_t name = strcspn(q->env_lines.items[i], "=");
		CHECK(name > 0 && strcspn(q->env_lines.items[i], " \t\n") >= name);
		CHECK(!strchr(q->env_lines.items[i], '\n'));
	}
	if (r < 0)
		strv_done(&q->env_lines);
}

static void check_env(const struct strv *env)
{
	for (size_t i = 0; i < env->len; i++) {
		const char *value = strchr(env->items[i], '=');
		CHECK(value);
		cleanup_free char *name = str_ndup(env->items[i], value - env->items[i]);
		CHECK(strv_env_get(env, name) == value + 1); /* no name twice */
	}
	CHECK(strv_env_get(env, "PATH") && strv_env_get(env, "HOSTNAME"));
}

static void check_steering(const struct request *q, const struct strv *env)
{
	for (size_t i = 0; i < env->len; i++)
		if (str_starts(env->items[i], "QEMU_"))
			CHECK(q->env.len || q->env_lines.len); /* the user's, never the image's */
}

static void check_mounts(const struct spec *spec)
{
	for (size_t i = 0; i < spec->mount_count; i++) {
		const struct spec_mount *mount = &spec->mounts[i];
		CHECK(*mount->target == '/' && mount->target[strspn(mount->target, "/")]);
		CHECK(!mount->source || *mount->source);
	}
}

static void check_json(const struct spec *spec)
{
	json_error_t error;
	cleanup_free char *text = config_text(spec);
	CHECK(text);
	json_t *json = json_loads(text, 0, &error);
	CHECK(json_is_object(json));
	json_decref(json);
}

static void check_spec(const struct request *q, const struct spec *spec)
{
	CHECK(spec->args.len && *spec->args.items[0] && *spec->cwd == '/');
	CHECK(*spec->hostname && strlen(spec->hostname) <= 64);
	CHECK(!q->limits.memory == !spec->limits.memory_bytes);
	CHECK(!q->limits.cpus ? !spec->limits.cpu_milli : spec->limits.cpu_milli >= 10 && spec->limits.cpu_milli <= 1000000);
	CHECK(spec->limits.pids <= 4194304 && (q->limits.pids_limit || !spec->limits.pids));
	check_env(&spec->env);
	check_steering(q, &spec->env);
	check_mounts(spec);
	check_json(spec);
}

static void plan(const struct request *q, const struct image *image)
{
	static char *const caller_env[] = { "LANG=C", "A=B", NULL };
	struct err err = { 0 };
	struct spec spec = { .id = str_dup("0123456789ab") };
	int r = request_plan(q, image, caller_env, &spec, &err);
	CHECK(r <= 0 && r == err.code && (r == 0 || *err.text));
	if (r == 0)
		check_spec(q, &spec);
	if (q->name && request_check_name(q->name, &err) == 0)
		CHECK(*q->name && strlen(q->name) <= 64 && !strpbrk(q->name, "/ \n") && *q->name != '.' && *q->name != '-');
	spec_done(&spec);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct request request = { 0 };
	cleanup_strv struct strv texts = { 0 };
	struct image image = { .reference = str_dup("docker.io/library/x:y"), .working_dir = str_dup(""), .user = str_dup("") };
	while (size && *data != 'f') {
		strv_take(&texts, fuzz_text(&data, &size));
		take(&request, &image, texts.items[texts.len - 1]);
	}
	if (size)
		try_env_file(&request, data + 1, size - 1);
	plan(&request, &image);
	request_done(&request);
	image_done(&image);
	return 0;
}
