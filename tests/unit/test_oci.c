/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_oci.c: an engine's config.json as a spec. */
#include "src/plan/oci_read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include <cmocka.h>

#define CONFIG(process, system, rest) \
	"{\"ociVersion\":\"1.2.0\",\"root\":{\"path\":\"rootfs\",\"readonly\":true},\"process\":{\"args\":[\"sh\"],\"cwd\":\"/\"" process \
	"},\"linux\":{\"namespaces\":[{\"type\":\"mount\"},{\"type\":\"network\",\"path\":\"/n\"}]" system "}" rest "}"

static const struct oci_setting setting = { .bundle = "/bundle", .kernel = 0x060100 };

static void reads(const char *text, struct spec *ret_spec)
{
	struct err err = { 0 };
	if (oci_read(text, strlen(text), &setting, ret_spec, &err) < 0)
		fail_msg("%s", err.text);
}

static void refuses(const char *text, const char *because)
{
	struct err err = { 0 };
	struct spec spec = { 0 };
	assert_true(oci_read(text, strlen(text), &setting, &spec, &err) < 0);
	if (!strstr(err.text, because))
		fail_msg("%s", err.text);
}

static void what_is_not_said_is_the_hosts_or_nothing(void **state)
{
	(void)state;
	struct spec spec = { 0 };
	reads(CONFIG("", "", ""), &spec);
	assert_string_equal(spec.engine->rootfs, "/bundle/rootfs");
	assert_true(spec.read_only);
	assert_int_equal(spec.namespaces.of[NAMESPACE_MOUNT].origin, NAMESPACE_NEW);
	assert_int_equal(spec.namespaces.of[NAMESPACE_NETWORK].origin, NAMESPACE_JOINED);
	assert_string_equal(spec.namespaces.of[NAMESPACE_NETWORK].path, "/n");
	assert_int_equal(spec.namespaces.of[NAMESPACE_PID].origin, NAMESPACE_HOST);
	assert_true(spec.capabilities == 0 && !spec.seccomp && !spec.no_new_privileges && !spec.terminal);
	spec_done(&spec);
}

static void a_process_is_what_it_says(void **state)
{
	(void)state;
	struct spec spec = { 0 };
	reads(CONFIG(",\"user\":{\"uid\":1,\"gid\":2,\"additionalGids\":[3,4],\"umask\":18},\"capabilities\":{\"bounding\":[\"CAP_CHOWN\",\"CAP_KILL\"],"
		     "\"ambient\":[\"CAP_KILL\"]},\"rlimits\":[{\"type\":\"RLIMIT_CORE\",\"soft\":0,\"hard\":18446744073709551615}],\"oomScoreAdj\":-5",
		      "", ""), &spec);
	const struct engine_user *user = &spec.engine->user;
	assert_true(user->uid == 1 && user->gid == 2 && user->group_count == 2 && user->groups[1] == 4 && user->has_umask && user->umask == 18);
	assert_true(spec.capabilities == 0x21 && spec.engine->capabilities.ambient == 0x20 && spec.engine->capabilities.effective == 0);
	assert_true(spec.isolation.ulimit_count == 1 && spec.isolation.ulimits[0].hard == RLIM_INFINITY);
	assert_true(spec.isolation.has_oom_score && spec.isolation.oom_score_adj == -5);
	spec_done(&spec);
}

static void options_of_mounts_are_told_apart(void **state)
{
	(void)state;
	struct spec spec = { 0 };
	reads(CONFIG("", "", ",\"mounts\":[{\"destination\":\"/a\",\"type\":\"tmpfs\",\"source\":\"t\",\"options\":[\"ro\",\"nosuid\",\"suid\",\"noatime\",\"size=4k\"]},"
			     "{\"destination\":\"/b\",\"source\":\"/b\",\"options\":[\"rbind\",\"rro\",\"rslave\"]}]"), &spec);
	const struct engine_mount *tmpfs = &spec.engine->mounts[0], *bind = &spec.engine->mounts[1];
	assert_true(tmpfs->set == (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOATIME) && tmpfs->clear == (MOUNT_ATTR_NOSUID | MOUNT_ATTR__ATIME));
	assert_true(!tmpfs->bind && tmpfs->data.len == 1 && strcmp(tmpfs->data.items[0], "size=4k") == 0);
	assert_true(bind->bind && bind->recursive && bind->rset == MOUNT_ATTR_RDONLY && bind->set == 0 && bind->data.len == 0);
	assert_true(bind->propagation_count == 1 && bind->propagation[0] == (MS_SLAVE | MS_REC));
	spec_done(&spec);
}

static const struct engine_setting *find(const struct spec *spec, const char *v1_file)
{
	for (size_t i = 0; i < spec->engine->setting_count; i++)
		if (str_eq(spec->engine->settings[i].v1_file, v1_file))
			return &spec->engine->settings[i];
	fail_msg("no setting %s", v1_file);
	return NULL;
}

static void resources_are_files_of_both_versions(void **state)
{
	(void)state;
	struct spec spec = { 0 };
	reads(CONFIG("", ",\"resources\":{\"memory\":{\"limit\":1000,\"swap\":1500},\"cpu\":{\"shares\":1024,\"quota\":5000,\"period\":10000},"
			 "\"pids\":{\"limit\":-1},\"unified\":{\"memory.high\":\"7\"}}", ""), &spec);
	assert_string_equal(find(&spec, "memory.memsw.limit_in_bytes")->v1_value, "1500");
	assert_string_equal(find(&spec, "memory.memsw.limit_in_bytes")->v2_value, "500");
	assert_string_equal(find(&spec, "cpu.shares")->v2_value, "39");
	assert_string_equal(find(&spec, "cpu.cfs_period_us")->v2_value, "5000 10000");
	assert_string_equal(find(&spec, "pids.max")->v2_value, "max");
	assert_string_equal(spec.engine->settings[spec.engine->setting_count - 1].v2_file, "memory.high");
	spec_done(&spec);
}

static void annotations_change_nothing(void **state)
{
	(void)state;
	struct spec plain = { 0 }, noted = { 0 };
	reads(CONFIG("", "", ""), &plain);
	reads(CONFIG("", "", ",\"annotations\":{\"xrun.privileged\":\"true\",\"run.oci.keep_original_groups\":\"1\",\"xrun.emulator.aarch64\":\"/evil\"}"), &noted);
	assert_true(!noted.isolation.privileged && noted.emulator_count == 0 && noted.capabilities == plain.capabilities);
	assert_int_equal(noted.engine->annotations.len, 3);
	spec_done(&plain);
	spec_done(&noted);
}

static void schedulers_and_memory_policies_are_the_kernels_numbers(void **state)
{
	(void)state;
	struct spec spec = { 0 };
	reads(CONFIG(",\"scheduler\":{\"policy\":\"SCHED_BATCH\",\"nice\":5,\"flags\":[\"SCHED_FLAG_RESET_ON_FORK\"]}",
		     ",\"memoryPolicy\":{\"mode\":\"MPOL_BIND\",\"nodes\":\"0-1,65\",\"flags\":[\"MPOL_F_STATIC_NODES\"]}", ""), &spec);
	const struct engine_scheduler *s = &spec.engine->scheduler;
	const struct engine_memory_policy *p = &spec.engine->memory_policy;
	assert_true(s->given && s->policy == 3 && s->nice == 5 && s->flags == 1);
	assert_true(p->given && p->mode == (2 | 1 << 15) && p->nodes[0] == 3 && p->nodes[1] == 2);
	spec_done(&spec);
	refuses(CONFIG(",\"scheduler\":{\"policy\":\"SCHED_SOON\"}", "", ""), "SCHED_SOON");
	refuses(CONFIG(",\"scheduler\":{\"policy\":\"SCHED_DEADLINE\",\"deadline\":1}", "", ""), "requires `runtime`");
	refuses(CONFIG(",\"scheduler\":{\"policy\":\"SCHED_DEADLINE\",\"runtime\":9,\"deadline\":9}", "", ""), "must be between");
	refuses(CONFIG(",\"scheduler\":{\"policy\":\"SCHED_DEADLINE\",\"runtime\":3000,\"deadline\":2000}", "", ""), "must be <= deadline");
	refuses(CONFIG("", ",\"memoryPolicy\":{}", ""), "mode is missing");
	refuses(CONFIG("", ",\"memoryPolicy\":{\"mode\":\"MPOL_BIND\"}", ""), "needs nodes");
	static const char *const bad[] = { "x", "1-", "1,", "2-1", "-1", "1024", "0 1" };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		cleanup_free char *text = str_fmt(CONFIG("", ",\"memoryPolicy\":{\"mode\":\"MPOL_BIND\",\"nodes\":\"%s\"}", ""), bad[i]);
		refuses(text, "no list of nodes");
	}
}

static void capabilities_that_cannot_be_had_are_left_out_with_a_warning(void **state)
{
	(void)state;
	struct spec spec;
	reads(CONFIG(",\"capabilities\":{\"bounding\":[\"CAP_ALL\",\"CAP_KILL\",\"KILL\"],\"permitted\":[\"CAP_KILL\"],\"inheritable\":[\"CAP_CHOWN\"],"
		     "\"ambient\":[\"CAP_KILL\",\"CAP_CHOWN\"]}", "", ""), &spec);
	assert_int_equal(spec.capabilities, 1 << 5);
	assert_int_equal(spec.engine->warnings.len, 3);
	assert_non_null(strstr(spec.engine->warnings.items[0], "bounding: unknown cap \"CAP_ALL\""));
	assert_non_null(strstr(spec.engine->warnings.items[1], "bounding: unknown cap \"KILL\""));
	assert_non_null(strstr(spec.engine->warnings.items[2], "ambient capability CAP_CHOWN, CAP_KILL: "));
	spec_done(&spec);
	reads(CONFIG(",\"capabilities\":{\"permitted\":[\"CAP_KILL\"],\"ambient\":[\"CAP_KILL\"]}", "", ""), &spec);
	assert_int_equal(spec.engine->warnings.len, 0);
	spec_done(&spec);
}

static void file_systems_options_of_a_bind_mount_are_warned_of(void **state)
{
	(void)state;
	struct spec spec;
	reads(CONFIG("", "", ",\"mounts\":[{\"destination\":\"/a\",\"source\":\"/b\",\"options\":[\"bind\",\"sync\",\"mode=755\"]}]"), &spec);
	assert_int_equal(spec.engine->warnings.len, 1);
	assert_non_null(strstr(spec.engine->warnings.items[0], "/a: a bind mount has no option \"mode=755\""));
	spec_done(&spec);
}

static void groups_that_an_annotation_asks_for_are_warned_of(void **state)
{
	(void)state;
	struct spec spec;
	reads(CONFIG("", "", ",\"annotations\":{\"run.oci.keep_original_groups\":\"1\"}"), &spec);
	assert_int_equal(spec.engine->warnings.len, 1);
	assert_non_null(strstr(spec.engine->warnings.items[0], "groups are not kept"));
	assert_int_equal(spec.engine->user.group_count, 0);
	spec_done(&spec);
	reads(CONFIG("", "", ",\"annotations\":{\"run.oci.keep_original_groups\":\"0\"}"), &spec);
	assert_int_equal(spec.engine->warnings.len, 0);
	spec_done(&spec);
}

static void wrong_types_and_unknown_words_are_refused(void **state)
{
	(void)state;
	refuses("", "config.json");
	refuses("[]", "no object");
	refuses("{\"ociVersion\":\"1.0.0\",\"ociVersion\":\"1.0.0\"}", "duplicate");
	refuses("{\"root\":{\"path\":\"x\"}}", "ociVersion is missing");
	refuses(CONFIG(",\"user\":{\"uid\":-1}", "", ""), "process.user: uid");
	refuses(CONFIG(",\"user\":{\"uid\":\"0\"}", "", ""), "process.user: uid");
	refuses(CONFIG(",\"env\":[1]", "", ""), "env is no list of strings");
	refuses(CONFIG("", "", ",\"mounts\":[{\"destination\":\"/a\",\"source\":\"/b\",\"options\":[\"bind\",\"sync\",\"nosiud\"]}]"), "no option \"nosiud\"");
	refuses(CONFIG(",\"rlimits\":[{\"type\":\"RLIMIT_SKY\",\"soft\":0,\"hard\":0}]", "", ""), "RLIMIT_SKY");
	refuses(CONFIG("", ",\"uidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":1}]", ""), "no user namespace");
	refuses(CONFIG("", ",\"resources\":{\"unified\":{\"../cgroup.procs\":\"1\"}}", ""), "file name");
	refuses(CONFIG("", ",\"netDevices\":{\"a/b\":{}}", ""), "no network interface's");
	refuses(CONFIG("", ",\"netDevices\":{\"a\":{\"name\":\"n\"},\"b\":{\"name\":\"n\"}}", ""), "twice");
	refuses(CONFIG("", ",\"rootfsPropagation\":\"sideways\"", ""), "sideways");
	refuses(CONFIG("", "", ",\"hooks\":{\"poststop\":[{\"path\":\"hook\"}]}"), "absolute");
	refuses(CONFIG("", "", ",\"hostname\":\"x\""), "UTS namespace");
	refuses(CONFIG("", ",\"sysctl\":{\"kernel.core_pattern\":\"|/x\"}", ""), "no namespace");
	refuses(CONFIG("", ",\"sysctl\":{\"kernel.msgmax\":\"8192\"}", ""), "no ipc namespace");
	refuses(CONFIG("", ",\"sysctl\":{\"kernel/hostname\":\"x\"}", ""), "no uts namespace");
	refuses(CONFIG("", ",\"sysctl\":{\"net/../kernel/core_pattern\":\"|/x\"}", ""), "no name");
	refuses(CONFIG("", ",\"sysctl\":{\"net/ipv4/.\":\"1\"}", ""), "no name");
	refuses(CONFIG("", ",\"sysctl\":{\"net..core.somaxconn\":\"1\"}", ""), "no name");
	refuses(CONFIG("", ",\"sysctl\":{\"\":\"1\"}", ""), "no name");
	refuses("{\"ociVersion\":\"1.2.0\",\"root\":{\"path\":\"r\"},\"domainname\":\"a\",\"linux\":{\"namespaces\":[{\"type\":\"mount\"},"
		"{\"type\":\"uts\"}],\"sysctl\":{\"kernel.domainname\":\"b\"}}}", "another one than");
	refuses("{\"ociVersion\":\"1.2.0\",\"root\":{\"path\":\"r\"},\"hostname\":\"a\",\"linux\":{\"namespaces\":[{\"type\":\"mount\"},"
		"{\"type\":\"uts\"}],\"sysctl\":{\"kernel.hostname\":\"b\"}}}", "another one than");
	refuses(CONFIG("", "", ",\"mounts\":[{\"destination\":\"/x\"}]"), "no type");
#define MAPPED(word) CONFIG("", "", ",\"mounts\":[{\"destination\":\"/x\",\"source\":\"/y\",\"options\":[\"bind\",\"" word "\"]}]")
	refuses(MAPPED("idmap=uids=0-1-10"), "needs both uids and gids");
	refuses(MAPPED("idmap="), "neither uids=... nor gids=");
	refuses(MAPPED("idmap=uids=0-1;gids=0-1-1"), "\"0-1\" is no ID-ID-COUNT");
	refuses(MAPPED("idmap=uids=0-1-1-1;gids=0-1-1"), "no ID-ID-COUNT");
	refuses(MAPPED("idmap=uids=0-1-0;gids=0-1-1"), "no ID-ID-COUNT");
	refuses(MAPPED("ridmap=uids=0-1-1;uids=0-1-1"), "twice");
	refuses(MAPPED("idmap=uids=0-4294967296-1;gids=0-1-1"), "no ID-ID-COUNT");
	refuses(MAPPED("idmap=uids=@0-1-10;gids=0-1-1"), "no range of the container's ids");
	refuses(MAPPED("idmaps"), "no option \"idmaps\"");
	refuses(CONFIG("", "", ",\"mounts\":[{\"destination\":\"/x\",\"type\":\"tmpfs\",\"options\":[\"idmap=uids=0-1-1;gids=0-1-1\"]}]"), "only a bind mount");
}

static void an_option_maps_owners_of_a_mount(void **state)
{
	(void)state;
	struct spec spec = { 0 };
	reads("{\"ociVersion\":\"1.2.0\",\"root\":{\"path\":\"r\"},\"linux\":{\"namespaces\":[{\"type\":\"mount\"},{\"type\":\"user\"}],"
		"\"uidMappings\":[{\"containerID\":0,\"hostID\":7,\"size\":1},{\"containerID\":1,\"hostID\":100,\"size\":50}],"
		"\"gidMappings\":[{\"containerID\":0,\"hostID\":9,\"size\":1}]},"
		"\"mounts\":[{\"destination\":\"/x\",\"source\":\"/y\",\"options\":[\"bind\",\"ridmap=uids=0-1-10#@20-3-48;gids=@5-0-1\"]}]}", &spec);
	const struct engine_mount *m = &spec.engine->mounts[0];
	assert_true(m->mapped && m->mapped_recursive);
	assert_int_equal(m->map.uid_count, 2);
	assert_memory_equal(m->map.uids, ((struct engine_range[]){ { 0, 1, 10 }, { 20, 102, 48 } }), 2 * sizeof *m->map.uids);
	assert_int_equal(m->map.gid_count, 1);
	assert_memory_equal(m->map.gids, ((struct engine_range[]){ { 5, 9, 1 } }), sizeof *m->map.gids);
	spec_done(&spec);
}

#define STRICT(name, value) CONFIG("", ",\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"read\",\"" name "\"]," \
	"\"action\":\"SCMP_ACT_ERRNO\"}]}", ",\"annotations\":{\"run.oci.seccomp_fail_unknown_syscall\":\"" value "\"}")

static void an_annotation_can_forbid_calls_that_no_machine_has(void **state)
{
	(void)state;
	struct spec spec = { 0 };
	refuses(STRICT("sleep_well", "1"), "the seccomp profile of config.json: there is no system call \"sleep_well\"");
	reads(STRICT("sleep_well", "0"), &spec);
	spec_done(&spec);
	reads(STRICT("s390_pci_mmio_read", "1"), &spec); /* profiles are written for all machines */
	assert_true(spec.seccomp);
	spec_done(&spec);
	reads(STRICT("arm_fadvise64_64", "1"), &spec);
	spec_done(&spec);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_not_said_is_the_hosts_or_nothing),
		cmocka_unit_test(a_process_is_what_it_says),
		cmocka_unit_test(options_of_mounts_are_told_apart),
		cmocka_unit_test(resources_are_files_of_both_versions),
		cmocka_unit_test(annotations_change_nothing),
		cmocka_unit_test(schedulers_and_memory_policies_are_the_kernels_numbers),
		cmocka_unit_test(capabilities_that_cannot_be_had_are_left_out_with_a_warning),
		cmocka_unit_test(file_systems_options_of_a_bind_mount_are_warned_of),
		cmocka_unit_test(groups_that_an_annotation_asks_for_are_warned_of),
		cmocka_unit_test(an_option_maps_owners_of_a_mount),
		cmocka_unit_test(an_annotation_can_forbid_calls_that_no_machine_has),
		cmocka_unit_test(wrong_types_and_unknown_words_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
