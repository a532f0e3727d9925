/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_isolation.c: the options that isolate a container become a spec, and a seccomp profile is read as docker reads it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "src/plan/capability.h"
#include "src/plan/parts.h"
#include "src/plan/seccomp.h"
#include "src/runtime/relabel.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/resource.h>

static struct spec spec;
static struct request request;
static struct err err;

static int set_up(void **state)
{
	(void)state;
	request = (struct request){ 0 };
	spec = (struct spec){ 0 };
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	request_done(&request);
	spec_done(&spec);
	return 0;
}

static void planned(void)
{
	spec_done(&spec);
	if (plan_security(&request, &spec, &err) < 0)
		fail_msg("%s", err.text);
}

static void refused(const char *why)
{
	spec_done(&spec);
	assert_true(plan_security(&request, &spec, &err) < 0);
	if (!strstr(err.text, why))
		fail_msg("the message does not say %s: %s", why, err.text);
}

static bool lists(const struct strv *list, const char *item)
{
	for (size_t i = 0; i < list->len; i++)
		if (str_eq(list->items[i], item))
			return true;
	return false;
}

static void usual_isolation_is_docker_s(void **state)
{
	(void)state;
	planned();
	assert_true(spec.seccomp);
	assert_false(spec.no_new_privileges || spec.isolation.privileged);
	assert_true(spec.capabilities == capability_default());
	assert_true(lists(&spec.isolation.masked, "/proc/kcore") && lists(&spec.isolation.masked, "/sys/firmware"));
	assert_true(lists(&spec.isolation.read_only, "/proc/sys"));
}

static void privileged_takes_everything_off_and_other_options_hold(void **state)
{
	(void)state;
	request.privileged = true;
	planned();
	assert_false(spec.seccomp);
	assert_int_equal(spec.isolation.masked.len + spec.isolation.read_only.len, 0);
	uint64_t all = spec.capabilities;
	strv_add(&request.cap_drop, "net_raw");
	strv_add(&request.security, "seccomp=builtin");
	planned();
	assert_true(spec.seccomp);
	assert_true(spec.capabilities && spec.capabilities != all);
}

static void masks_are_added_and_taken_away(void **state)
{
	(void)state;
	strv_add(&request.security, "mask=/a:/b/c");
	strv_add(&request.security, "unmask=/proc/k*:/proc/sys");
	planned();
	assert_true(lists(&spec.isolation.masked, "/a") && lists(&spec.isolation.masked, "/b/c"));
	assert_false(lists(&spec.isolation.masked, "/proc/kcore") || lists(&spec.isolation.masked, "/proc/keys"));
	assert_true(lists(&spec.isolation.masked, "/proc/acpi") && lists(&spec.isolation.read_only, "/proc/irq"));
	assert_false(lists(&spec.isolation.read_only, "/proc/sys"));
	strv_add(&request.security, "systempaths=unconfined");
	planned();
	assert_int_equal(spec.isolation.masked.len + spec.isolation.read_only.len, 0);
	strv_add(&request.security, "mask=proc");
	refused("absolute paths");
}

static void planned_for(const char *id)
{
	spec_done(&spec);
	spec.id = str_dup(id);
	if (plan_security(&request, &spec, &err) < 0)
		fail_msg("%s", err.text);
}

static void selinux_labels_are_the_policys_but_for_what_is_asked(void **state)
{
	(void)state;
	strv_add(&request.security, "label=type:mine_t");
	planned();
	assert_string_equal(spec.isolation.label, "system_u:system_r:mine_t:s0");
	assert_string_equal(spec.isolation.file_label, "system_u:object_r:container_file_t:s0");
	planned_for("00a001ffff");
	assert_string_equal(spec.isolation.label, "system_u:system_r:mine_t:s0:c1,c10");
	assert_string_equal(spec.isolation.file_label, "system_u:object_r:container_file_t:s0:c1,c10");
	strv_add(&request.security, "label=level:s0:c7,c8");
	strv_add(&request.security, "label=filetype:ours_t");
	request.label_file = str_dup("# of the policy\nprocess = \"u:r:svirt_t:s0\"\nfile = \"u:object_r:svirt_file_t:s0\"\n");
	planned();
	assert_string_equal(spec.isolation.label, "u:r:mine_t:s0:c7,c8");
	assert_string_equal(spec.isolation.file_label, "u:object_r:ours_t:s0:c7,c8");
	strv_add(&request.security, "label=disable");
	planned();
	assert_null(spec.isolation.label);
	strv_add(&request.security, "label=user:me");
	free(request.label_file);
	request.label_file = str_dup("process = \"u:r:plain_t\"\nfile = \"u:object_r:plain_file_t\"\n");
	planned();
	assert_string_equal(spec.isolation.label, "me:r:plain_t");
	strv_done(&request.security);
	strv_add(&request.security, "label=type:a b");
	refused("label=");
	strv_done(&request.security);
	strv_add(&request.security, "label=type:");
	refused("label=");
}

static void a_shared_label_has_no_categories(void **state)
{
	static const char *const labels[][2] = { { "u:r:t:s0:c1,c2", "u:r:t:s0" }, { "u:r:t:s0", "u:r:t:s0" }, { "u:r:t:s0-s0:c0.c1023", "u:r:t:s0" },
		{ "u:r:t", "u:r:t" }, { "u:r:t_t.x:low_1:c3", "u:r:t_t.x:low_1" }, { "", "" } };
	(void)state;
	for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
		cleanup_free char *shared = relabel_shared(labels[i][0]);
		assert_string_equal(shared, labels[i][1]);
	}
}

static void security_options_are_known_or_refused(void **state)
{
	static const char *const bad[] = { "", "no-new-privileges=maybe", "seccomp", "seccomp=", "apparmor", "apparmor=", "mask",
		"unmask=x", "systempaths=confined", "proc-opts=hidepid=2", "selinux=on" };
	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		strv_add(&request.security, bad[i]);
		refused("--security-opt");
		strv_done(&request.security);
	}
	static const char *const good[] = { "no-new-privileges:true", "no-new-privileges=false", "apparmor=unconfined",
		"apparmor=mine", "label=disable", "label:disable", "seccomp=default" };
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		strv_add(&request.security, good[i]);
	planned();
	assert_false(spec.no_new_privileges);
	assert_string_equal(spec.isolation.apparmor, "mine");
}

static void ulimits_are_read(void **state)
{
	(void)state;
	strv_add(&request.ulimits, "nofile=10:20");
	strv_add(&request.ulimits, "core=0");
	strv_add(&request.ulimits, "stack=5:-1");
	strv_add(&request.ulimits, "nofile=7");
	request.oom_score_adj = "-17";
	planned();
	const struct spec_ulimit *u = spec.isolation.ulimits;
	assert_int_equal(spec.isolation.ulimit_count, 3);
	assert_true(u[0].resource == RLIMIT_NOFILE && u[0].soft == 7 && u[0].hard == 7);
	assert_true(u[2].resource == RLIMIT_STACK && u[2].soft == 5 && u[2].hard == RLIM_INFINITY);
	assert_true(spec.isolation.has_oom_score && spec.isolation.oom_score_adj == -17);
	static const char *const bad[] = { "", "nofile", "nofile=", "nofile=x", "nofile=5:4", "nofile=-1:4", "files=3", "nofile=1:2:3",
		"=3", "nofile=18446744073709551615" };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		strv_add(&request.ulimits, bad[i]);
		refused("--ulimit");
		free(request.ulimits.items[--request.ulimits.len]);
		request.ulimits.items[request.ulimits.len] = NULL;
	}
	request.oom_score_adj = "1001";
	refused("-1000 to 1000");
	request.oom_score_adj = "--5";
	refused("-1000 to 1000");
}

static void sysctls_of_the_container_s_own_are_taken_and_no_others(void **state)
{
	(void)state;
	strv_add(&request.sysctls, "net.core.somaxconn=1");
	strv_add(&request.sysctls, "kernel/sem=1 2 3 4");
	strv_add(&request.sysctls, "fs.mqueue.msg_max=5");
	planned();
	assert_string_equal(spec.isolation.sysctls.items[0], "net/core/somaxconn=1");
	assert_string_equal(spec.isolation.sysctls.items[1], "kernel/sem=1 2 3 4");
	static const char *const bad[] = { "", "net.core.x", "net.core.x=", "kernel.core_pattern=|/x", "vm.swappiness=1", "net.../x=1",
		"net./../kernel/core_pattern=x", "net.core.x=1\nkernel.core_pattern=y", "kernel.msgmax/../core_pattern=x", "=1",
		"kernel.shm=1", "fs.file-max=3", "net.core.x.=1", "net.a b=1" };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		strv_done(&request.sysctls);
		strv_add(&request.sysctls, bad[i]);
		refused("--sysctl");
	}
	strv_done(&request.sysctls);
	strv_add(&request.sysctls, "net.core.somaxconn=1");
	request.network = "host";
	refused("not the container's");
	request.network = "container:x";
	refused("not the container's");
	strv_done(&request.sysctls);
	strv_add(&request.sysctls, "kernel.msgmax=1");
	request.ipc = "host";
	refused("not the container's");
}

/* Seccomp profiles. */

static void profile(const char *text)
{
	spec_done(&spec);
	spec.capabilities = 1;
	if (seccomp_plan("p.json", text, strlen(text), 0x060100, &spec, &err) < 0)
		fail_msg("%s", err.text);
}

static void profile_refused(const char *text, const char *why)
{
	spec_done(&spec);
	if (seccomp_plan("p.json", text, strlen(text), 0x060100, &spec, &err) >= 0)
		fail_msg("taken: %s", text);
	if (!strstr(err.text, why) || !strstr(err.text, "p.json"))
		fail_msg("of %s the message does not say %s: %s", text, why, err.text);
	assert_null(spec.isolation.profile.code);
}

static void a_profile_is_read_and_written_for_config_json(void **state)
{
	(void)state;
	profile("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":38,\"flags\":[\"SECCOMP_FILTER_FLAG_LOG\"],\"syscalls\":["
		"{\"names\":[\"read\",\"nonesuch\"],\"action\":\"SCMP_ACT_ALLOW\",\"includes\":{},\"excludes\":{},\"comment\":\"\"},"
		"{\"name\":\"personality\",\"action\":\"SCMP_ACT_ERRNO\",\"errno\":\"EINVAL\",\"args\":[{\"index\":0,\"value\":4,\"op\":\"SCMP_CMP_GE\"},"
		"{\"index\":0,\"value\":2,\"valueTwo\":0,\"op\":\"SCMP_CMP_LT\"}]},"
		"{\"names\":[\"mount\"],\"action\":\"SCMP_ACT_ALLOW\",\"includes\":{\"caps\":[\"CAP_SYS_ADMIN\"]}},"
		"{\"names\":[\"ptrace\"],\"action\":\"SCMP_ACT_KILL\",\"includes\":{\"minKernel\":\"4.8\"},\"args\":null}]}");
	assert_true(spec.seccomp && spec.isolation.profile.len > 5);
	assert_true(spec.isolation.profile.flags == SECCOMP_FILTER_FLAG_LOG);
	const char *text = spec.isolation.profile.text;
	assert_non_null(strstr(text, "\"defaultErrnoRet\":38"));
	assert_non_null(strstr(text, "\"errnoRet\":22"));
	assert_non_null(strstr(text, "\"names\":[\"read\",\"nonesuch\"]"));
	assert_non_null(strstr(text, "SCMP_ACT_KILL\""));
	assert_null(strstr(text, "mount")); /* its condition is not met */
	assert_null(strstr(text, "},{\"index\"")); /* two comparisons of one argument: two rules */
	char *again = str_dup(text);
	struct sock_filter *code = mem_grow(NULL, spec.isolation.profile.len, sizeof *code);
	size_t len = spec.isolation.profile.len;
	memcpy(code, spec.isolation.profile.code, len * sizeof *code);
	profile(again);
	assert_string_equal(spec.isolation.profile.text, again);
	assert_int_equal(spec.isolation.profile.len, len);
	assert_memory_equal(spec.isolation.profile.code, code, len * sizeof *code);
	free(again);
	free(code);
}

static void a_profile_that_cannot_be_honoured_is_refused(void **state)
{
	(void)state;
	profile_refused("", "no JSON");
	profile_refused("[]", "not an object");
	profile_refused("{}", "the action \"\"");
	profile_refused("{\"defaultAction\":\"SCMP_ACT_NOTIFY\"}", "SCMP_ACT_NOTIFY");
	profile_refused("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"defaultAction\":\"SCMP_ACT_KILL\"}", "no JSON");
	profile_refused("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"listenerPath\":\"/x\"}", "listenerPath");
	profile_refused("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"flags\":[\"SECCOMP_FILTER_FLAG_NEW_LISTENER\"]}", "flags");
	profile_refused("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"SCMP_ARCH_OTHER\"]}", "an emulator makes");
	profile_refused("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":4096}", "errnoRet");
#define RULE(text) "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[" text "]}"
	profile_refused(RULE("1"), "a rule is not an object");
	profile_refused(RULE("{\"action\":\"SCMP_ACT_KILL\"}"), "names no system call");
	profile_refused(RULE("{\"names\":[],\"action\":\"SCMP_ACT_KILL\"}"), "names no system call");
	profile_refused(RULE("{\"names\":[1],\"action\":\"SCMP_ACT_KILL\"}"), "no text");
	profile_refused(RULE("{\"names\":\"read\",\"action\":\"SCMP_ACT_KILL\"}"), "not a list");
	profile_refused(RULE("{\"names\":[\"read\"],\"action\":\"KILL\"}"), "the action \"KILL\"");
	profile_refused(RULE("{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ERRNO\",\"errno\":\"EWHAT\"}"), "EWHAT");
	profile_refused(RULE("{\"names\":[\"read\"],\"action\":\"SCMP_ACT_KILL\",\"actoin\":1}"), "actoin");
	profile_refused(RULE("{\"names\":[\"read\"],\"action\":\"SCMP_ACT_KILL\",\"includes\":{\"caps\":[\"CAP_X\"]}}"), "CAP_X");
	profile_refused(RULE("{\"names\":[\"read\"],\"action\":\"SCMP_ACT_KILL\",\"excludes\":{\"minKernel\":\"x\"}}"), "minKernel");
	profile_refused(RULE("{\"names\":[\"read\"],\"action\":\"SCMP_ACT_KILL\",\"includes\":{\"libseccomp\":1}}"), "libseccomp");
#define ARGUMENT(text) RULE("{\"names\":[\"read\"],\"action\":\"SCMP_ACT_KILL\",\"args\":[" text "]}")
	profile_refused(ARGUMENT("{\"index\":6,\"value\":1,\"op\":\"SCMP_CMP_EQ\"}"), "index from 0 to 5");
	profile_refused(ARGUMENT("{\"index\":0,\"value\":-1,\"op\":\"SCMP_CMP_EQ\"}"), "negative");
	profile_refused(ARGUMENT("{\"index\":0,\"value\":1,\"op\":\"EQ\"}"), "operator");
	profile_refused(ARGUMENT("{\"index\":0,\"value\":18446744073709551616,\"op\":\"SCMP_CMP_EQ\"}"), "no JSON");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(usual_isolation_is_docker_s, set_up, tear_down),
		cmocka_unit_test_setup_teardown(privileged_takes_everything_off_and_other_options_hold, set_up, tear_down),
		cmocka_unit_test_setup_teardown(masks_are_added_and_taken_away, set_up, tear_down),
		cmocka_unit_test_setup_teardown(selinux_labels_are_the_policys_but_for_what_is_asked, set_up, tear_down),
		cmocka_unit_test(a_shared_label_has_no_categories),
		cmocka_unit_test_setup_teardown(security_options_are_known_or_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(ulimits_are_read, set_up, tear_down),
		cmocka_unit_test_setup_teardown(sysctls_of_the_container_s_own_are_taken_and_no_others, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_profile_is_read_and_written_for_config_json, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_profile_that_cannot_be_honoured_is_refused, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
