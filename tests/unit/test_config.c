/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_config.c tests that a spec written as config.json comes back as it was. */
#include "src/plan/config.h"
#include "src/plan/seccomp.h"
#include "src/plan/ulimit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <sys/resource.h>

static void fill(struct spec *spec)
{
	spec->id = str_dup("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
	spec->image = str_dup("docker.io/library/debian:12");
	spec->hostname = str_dup("box");
	strv_add(&spec->args, "sh");
	strv_add(&spec->args, "-c");
	strv_add(&spec->env, "A=b c\n\"d\"");
	spec->cwd = str_dup("/src");
	spec->user = str_dup("app:staff");
	spec->terminal = spec->interactive = spec->init = spec->read_only = spec->no_new_privileges = spec->personality_32 = spec->emulated = true;
	spec->capabilities = 1ull << 40 | 5;
	spec->network.mode = NETWORK_HOST;
	strv_add(&spec->layers, "aa");
	strv_add(&spec->layers, "bb");
	spec_add_mount(spec, "/host", "/inside", true);
	spec_add_mount(spec, NULL, "/scratch", false);
	spec->systemd = true;
	spec->life = (struct spec_life){ .detach = true, .keep = true, .stop_signal = 3, .stop_timeout = 7, .restart = RESTART_ON_FAILURE,
		.restart_max = 5, .log_size = 1000, .log_files = 2 };
	spec->life.health = (struct spec_health){ .interval = 1500, .timeout = 500, .start_period = 20, .retries = 4 };
	strv_add(&spec->life.health.test, "/bin/sh");
	strv_add(&spec->life.health.test, "a \"b\"");
	spec->life.pid_file = str_dup("/run/pid");
	strv_add(&spec->life.labels, "a=b");
	strv_add(&spec->life.labels, "empty=");
	spec->limits = (struct spec_limits){ .memory_bytes = 1 << 30, .cpu_milli = 1500, .pids = 7 };
	spec->cpuinfo = (struct spec_cpuinfo){ str_dup("aarch64"), 0x2cbffffb, 0x76181 };
	spec->fixed_addresses = true;
	spec->core_dir = str_dup("/cores");
	spec_add_emulator(spec, "riscv64", "/usr/bin/qemu-riscv64-static");
	struct spec_emulator *emulator = spec_add_emulator(spec, "aarch64", "/usr/bin/qemu-aarch64-static");
	strv_add(&emulator->options, "-cpu");
	strv_add(&emulator->options, "cortex-a72");
}

static void fill_isolation(struct spec_isolation *isolation)
{
	const struct spec_ulimit files = { RLIMIT_NOFILE, 10, 20 }, core = { RLIMIT_CORE, 0, RLIM_INFINITY };
	isolation->privileged = isolation->has_oom_score = true;
	isolation->oom_score_adj = -5;
	isolation->apparmor = str_dup("mine");
	strv_add(&isolation->masked, "/proc/kcore");
	strv_add(&isolation->read_only, "/proc/sys");
	strv_add(&isolation->sysctls, "net/ipv4/ip_forward=1");
	ulimit_set(isolation, &files);
	ulimit_set(isolation, &core);
}

static void comes_back(const struct spec *spec)
{
	struct err err;
	struct spec back = { 0 };
	cleanup_free char *text = config_text(spec);
	if (config_read(text, strlen(text), &back, &err) < 0)
		fail_msg("%s", err.text);
	cleanup_free char *again = config_text(&back);
	assert_string_equal(text, again);
	assert_int_equal(back.isolation.ulimit_count, spec->isolation.ulimit_count);
	for (size_t i = 0; i < spec->isolation.ulimit_count; i++)
		assert_true(back.isolation.ulimits[i].soft == spec->isolation.ulimits[i].soft &&
			    back.isolation.ulimits[i].hard == spec->isolation.ulimits[i].hard);
	assert_int_equal(back.isolation.profile.len, spec->isolation.profile.len);
	if (spec->isolation.profile.len)
		assert_memory_equal(back.isolation.profile.code, spec->isolation.profile.code,
			spec->isolation.profile.len * sizeof(struct sock_filter));
	spec_done(&back);
}

static void a_spec_comes_back_as_it_was(void **state)
{
	(void)state;
	struct spec spec = { 0 };
	fill(&spec);
	comes_back(&spec);
	spec.seccomp = true;
	spec.network.mode = NETWORK_NONE;
	spec.init = spec.terminal = false;
	spec.mounts[0].read_only = false;
	comes_back(&spec);
	fill_isolation(&spec.isolation);
	spec.isolation.shm_bytes = 5 << 20;
	spec.namespaces = (struct spec_namespaces){ .monotonic_offset = -5, .boottime_offset = 7 };
	spec.namespaces.of[NAMESPACE_UTS].origin = spec.namespaces.of[NAMESPACE_IPC].origin = NAMESPACE_HOST;
	spec.namespaces.of[NAMESPACE_CGROUP].origin = spec.namespaces.of[NAMESPACE_PID].origin = NAMESPACE_HOST;
	comes_back(&spec);
	spec_add_mount(&spec, NULL, "/own", false)->kind = MOUNT_OWN;
	spec_add_mount(&spec, "/dev/x", "/dev/y", false)->kind = MOUNT_DEVICE;
	spec_add_mount(&spec, "/flat", "/flat", false)->flat = true;
	struct spec_mount *tmpfs = spec_add_mount(&spec, NULL, "/t", true);
	tmpfs->has_mode = true;
	tmpfs->mode = 01750;
	tmpfs->size = 4096;
	tmpfs->uid = 5;
	tmpfs->gid = 7;
	tmpfs->no_exec = tmpfs->no_suid = tmpfs->no_dev = false;
	spec.isolation.label = str_dup("u:r:t:s0:c1,c2");
	spec.isolation.file_label = str_dup("u:object_r:t:s0:c1,c2");
	spec_add_mount(&spec, "/a", "/shared", false)->relabel = RELABEL_SHARED;
	spec_add_mount(&spec, "/b", "/alone", false)->relabel = RELABEL_PRIVATE;
	comes_back(&spec);
	const char profile[] = "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"read\"],\"action\":\"SCMP_ACT_LOG\"}]}";
	struct err err;
	assert_int_equal(seccomp_plan("profile", profile, strlen(profile), 0, &spec, &err), 0);
	comes_back(&spec);
	spec_done(&spec);
}

static void refused(const char *text)
{
	struct err err;
	struct spec spec = { 0 };
	assert_true(config_read(text, strlen(text), &spec, &err) < 0);
	assert_non_null(strstr(err.text, "config.json"));
}

static void a_damaged_one_is_refused(void **state)
{
	(void)state;
	refused("");
	refused("{");
	refused("{}");
	refused("{\"hostname\":\"a\",\"hostname\":\"b\"}");
	refused("{\"hostname\":\"a\",\"annotations\":{\"xrun.id\":\"a\",\"xrun.image\":\"b\"}}");
	refused("{\"hostname\":\"a\",\"annotations\":{\"xrun.id\":\"a\",\"xrun.image\":\"b\"},\"process\":{\"args\":[\"a\"],\"cwd\":\"/\","
		"\"user\":{\"username\":\"\"},\"capabilities\":{\"bounding\":[\"CAP_NONESUCH\"]}}}");
	refused("{\"hostname\":\"a\",\"annotations\":{\"xrun.id\":\"a\",\"xrun.image\":\"b\",\"xrun.limits\":\"\\ufffd\"},\"process\":{\"args\":[\"a\"],"
		"\"cwd\":\"/\",\"user\":{\"username\":\"\"}}}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_spec_comes_back_as_it_was),
		cmocka_unit_test(a_damaged_one_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
