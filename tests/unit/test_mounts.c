/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_mounts.c: the options that show files in a container, as docker and podman write them, become a spec's mounts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "src/plan/parts.h"

#include <errno.h>
#include <string.h>

static struct spec spec;
static struct request request;
static struct image image;
static struct err err;

static int set_up(void **state)
{
	(void)state;
	request = (struct request){ 0 };
	image = (struct image){ .reference = str_dup("image") };
	spec = (struct spec){ 0 };
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	request_done(&request);
	image_done(&image);
	spec_done(&spec);
	return 0;
}

static const struct spec_mount *planned(void)
{
	spec_done(&spec);
	if (plan_mounts(&request, &image, &spec, &err) < 0)
		fail_msg("%s", err.text);
	return spec.mounts;
}

static void refused(struct strv *option, const char *value, const char *why)
{
	strv_add(option, value);
	spec_done(&spec);
	if (plan_mounts(&request, &image, &spec, &err) != -EINVAL || !strstr(err.text, why))
		fail_msg("of \"%s\" the message does not say %s: %s", value, why, err.text);
	strv_done(option);
}

static void a_volume_s_options_are_docker_s(void **state)
{
	(void)state;
	strv_add(&request.volumes, "/a:/b:ro,noexec,z");
	strv_add(&request.volumes, "/a:/c:rslave,nosuid,cached");
	const struct spec_mount *m = planned();
	assert_true(m[0].kind == MOUNT_BIND && m[0].read_only && m[0].no_exec && m[0].no_dev && m[0].relabel == RELABEL_SHARED && !m[0].slave && !m[0].no_suid);
	assert_true(m[1].slave && m[1].no_suid && !m[1].read_only && !m[1].no_exec);
	strv_done(&request.volumes);
	refused(&request.volumes, "/a:/b:rshared", "user namespace");
	refused(&request.volumes, "/a:/b:nocopy", "unknown option nocopy");
	refused(&request.volumes, "/a:/b:size=3", "unknown option size=3");
	refused(&request.volumes, "/a:/b:", "unknown option");
}

static void a_volume_without_a_source_is_the_container_s_own(void **state)
{
	(void)state;
	strv_add(&request.volumes, "/data");
	strv_add(&request.mounts, "type=volume,dst=/more");
	const struct spec_mount *m = planned();
	assert_true(m[0].kind == MOUNT_OWN && !m[0].source && str_eq(m[0].target, "/data"));
	assert_true(m[1].kind == MOUNT_OWN && str_eq(m[1].target, "/more"));
	strv_done(&request.volumes);
	strv_done(&request.mounts);
	refused(&request.volumes, "/", "HOST-PATH:CONTAINER-PATH");
	refused(&request.volumes, "data", "HOST-PATH:CONTAINER-PATH");
	refused(&request.mounts, "source=data,dst=/x", "named volumes do not exist here");
}

static void mounts_are_written_as_docker_writes_them(void **state)
{
	(void)state;
	strv_add(&request.mounts, "type=bind,source=/a b,target=/t,readonly,bind-propagation=rslave");
	strv_add(&request.mounts, "type=bind,src=./x,dst=/u,ro=false,relabel=private");
	strv_add(&request.mounts, "type=tmpfs,destination=/v,tmpfs-size=2m,tmpfs-mode=0700");
	const struct spec_mount *m = planned();
	assert_string_equal(m[0].source, "/a b");
	assert_true(m[0].read_only && m[0].slave);
	assert_true(m[1].kind == MOUNT_BIND && !m[1].read_only && m[1].relabel == RELABEL_PRIVATE);
	assert_true(m[2].kind == MOUNT_TMPFS && m[2].size == 2 << 20 && m[2].has_mode && m[2].mode == 0700);
	strv_done(&request.mounts);
	refused(&request.mounts, "", "absolute path");
	refused(&request.mounts, "type=bind,source=/a", "absolute path");
	refused(&request.mounts, "type=bind,source=/a,target=/", "the container's / is the image");
	refused(&request.mounts, "type=bind,target=/b", "a bind mount has a source");
	refused(&request.mounts, "type=tmpfs,source=/a,target=/b", "a tmpfs has no source");
	refused(&request.mounts, "type=npipe,target=/b", "the types bind, tmpfs and volume");
	refused(&request.mounts, "type=bind,source=/a,target=/b,tmpfs-size=3", "unknown option size=3");
	refused(&request.mounts, "type=tmpfs,target=/b,tmpfs-mode=99", "unknown option mode=99");
	refused(&request.mounts, "type=bind,source=/a,target=/b,what=x", "unknown option what=x");
	refused(&request.mounts, "type=bind,source=/a,target=/b,relabel=yes", "unknown option relabel=yes");
	refused(&request.mounts, "type=bind,source=/a,target=/b,bind-propagation=ro", "unknown option bind-propagation=ro");
}

static void a_bind_leaves_out_what_is_mounted_below_where_that_is_said(void **state)
{
	(void)state;
	static const char *const options[] = { "bind-nonrecursive", "bind-nonrecursive=true", "bind-recursive=disabled", "bind-nonrecursive=0", "bind-recursive=enabled",
		"rbind" };
	for (size_t i = 0; i < 6; i++)
		strv_take(&request.mounts, str_fmt("type=bind,src=/a,dst=/%zu,%s", i, options[i]));
	strv_add(&request.volumes, "/a:/6:bind");
	strv_add(&request.volumes, "/a:/7");
	const struct spec_mount *m = planned();
	for (size_t i = 0; i < 8; i++)
		assert_int_equal(m[i].flat, strchr("0126", m[i].target[1]) != NULL);
	strv_done(&request.mounts);
	strv_done(&request.volumes);
	refused(&request.mounts, "type=bind,source=/a,target=/b,bind-recursive=writable", "unknown option bind-recursive=writable");
	refused(&request.mounts, "type=bind,source=/a,target=/b,bind-nonrecursive=no", "unknown option bind-nonrecursive=no");
}

static void what_a_mount_s_readonly_does_not_mean_is_not_writable(void **state)
{
	(void)state;
	static const char *const options[] = { "readonly", "readonly=1", "ro=T", "readonly=TRUE", "readonly=0", "ro=False", "consistency=cached" };
	for (size_t i = 0; i < 7; i++)
		strv_take(&request.mounts, str_fmt("type=bind,src=/a,dst=/%zu,%s", i, options[i]));
	const struct spec_mount *m = planned();
	for (size_t i = 0; i < 7; i++)
		assert_int_equal(m[i].read_only, i < 4);
	strv_done(&request.mounts);
	refused(&request.mounts, "type=bind,source=/a,target=/b,readonly=yes", "unknown option readonly=yes");
	refused(&request.mounts, "type=bind,source=/a,target=/b,ro=", "unknown option ro=");
}

static void a_tmpfs_has_a_size_a_mode_and_flags(void **state)
{
	(void)state;
	strv_add(&request.tmpfs, "/a");
	strv_add(&request.tmpfs, "/b:rw,size=64k,mode=1700,exec");
	const struct spec_mount *m = planned();
	assert_true(m[0].no_exec && m[0].no_suid && m[0].no_dev && !m[0].has_mode && !m[0].size);
	assert_true(!m[1].no_exec && m[1].size == 65536 && m[1].mode == 01700);
	assert_true(!m[1].uid && !m[1].gid);
	strv_done(&request.tmpfs);
	strv_add(&request.tmpfs, "/a:uid=5,gid=4294967294");
	m = planned();
	assert_true(m[0].uid == 5 && m[0].gid == 4294967294);
	strv_done(&request.tmpfs);
	refused(&request.tmpfs, "/a:uid=4294967295", "uid=4294967295 is no number of a user or group");
	refused(&request.tmpfs, "/a:gid=-1", "gid=-1 is no number of a user or group");
	refused(&request.tmpfs, "/a:bind", "unknown option bind");
	refused(&request.tmpfs, "/a:size=x", "not a size");
	refused(&request.tmpfs, "/a:mode=8", "unknown option mode=8");
	refused(&request.tmpfs, "/a:z", "unknown option z");
}

static void a_device_is_given_whole(void **state)
{
	(void)state;
	static const char *const good[] = { "/dev/a", "/dev/b:/dev/x", "/dev/c:rwm", "/dev/d:/dev/y:rw" };
	for (size_t i = 0; i < 4; i++)
		strv_add(&request.devices, good[i]);
	const struct spec_mount *m = planned();
	assert_true(m[0].kind == MOUNT_DEVICE && str_eq(m[0].source, "/dev/a") && str_eq(m[0].target, "/dev/a"));
	assert_string_equal(m[1].target, "/dev/x");
	assert_string_equal(m[2].target, "/dev/c");
	assert_string_equal(m[3].target, "/dev/y");
	strv_done(&request.devices);
	refused(&request.devices, "", "HOST-PATH[:CONTAINER-PATH]");
	refused(&request.devices, "dev/a", "HOST-PATH[:CONTAINER-PATH]");
	refused(&request.devices, "/dev/a:r", "cannot be given apart");
	refused(&request.devices, "/dev/a:/dev/b:w", "cannot be given apart");
	refused(&request.devices, "/dev/a:x", "cannot be given apart");
	refused(&request.devices, "vendor.com/class=name", "HOST-PATH[:CONTAINER-PATH]");
}

static void an_image_s_volumes_are_its_container_s_own_unless_mounted_over(void **state)
{
	(void)state;
	strv_add(&image.volumes, "/var/lib/db");
	strv_add(&image.volumes, "rel");
	strv_add(&image.volumes, "/../../x");
	strv_add(&request.volumes, "/host:/var/lib/db");
	planned();
	assert_int_equal(spec.mount_count, 3);
	for (size_t i = 0; i < spec.mount_count; i++) {
		const struct spec_mount *m = &spec.mounts[i];
		assert_int_equal(m->kind, str_eq(m->target, "/var/lib/db") ? MOUNT_BIND : MOUNT_OWN);
		assert_true(*m->target == '/');
	}
	strv_add(&image.volumes, "/");
	refused(&request.tmpfs, "/x", "its root directory");
}

static void parents_come_before_what_is_below_them_and_no_place_twice(void **state)
{
	(void)state;
	strv_add(&request.volumes, "/1:/a/b/c");
	strv_add(&request.volumes, "/2:/a/b");
	strv_add(&request.volumes, "/3:/z");
	strv_add(&request.tmpfs, "/a/");
	const struct spec_mount *m = planned();
	assert_string_equal(m[0].target, "/z");
	assert_string_equal(m[1].target, "/a/");
	assert_string_equal(m[2].target, "/a/b");
	assert_string_equal(m[3].target, "/a/b/c");
	refused(&request.tmpfs, "/a/b", "two mounts are to be at /a/b");
}

static void read_only_leaves_what_programs_write_to(void **state)
{
	(void)state;
	request.read_only = request.read_only_tmpfs = true;
	strv_add(&request.volumes, "/1:/tmp");
	planned();
	assert_int_equal(spec.mount_count, 3);
	request.read_only_tmpfs = false;
	planned();
	assert_int_equal(spec.mount_count, 1);
}

static void namespaces_are_shared_where_that_can_be(void **state)
{
	(void)state;
	assert_int_equal(plan_namespaces(&request, &spec, &err), 0);
	for (int i = 0; i < NAMESPACE_KINDS; i++)
		assert_int_equal(spec.namespaces.of[i].origin, NAMESPACE_NEW);
	request.uts = request.ipc = request.cgroupns = "host";
	request.pid = "private";
	request.monotonic_offset = "-5";
	request.boottime_offset = "100";
	assert_int_equal(plan_namespaces(&request, &spec, &err), 0);
	assert_int_equal(spec.namespaces.of[NAMESPACE_UTS].origin, NAMESPACE_HOST);
	assert_int_equal(spec.namespaces.of[NAMESPACE_IPC].origin, NAMESPACE_HOST);
	assert_int_equal(spec.namespaces.of[NAMESPACE_CGROUP].origin, NAMESPACE_HOST);
	assert_true(spec.namespaces.monotonic_offset == -5 && spec.namespaces.boottime_offset == 100);
	assert_string_equal(spec.mounts[0].target, "/dev/shm");
	request.hostname = "x";
	assert_true(plan_namespaces(&request, &spec, &err) < 0);
	request.hostname = NULL;
	request.pid = "host";
	assert_int_equal(plan_namespaces(&request, &spec, &err), 0);
	assert_int_equal(spec.namespaces.of[NAMESPACE_PID].origin, NAMESPACE_HOST);
	request.init = true;
	assert_true(plan_namespaces(&request, &spec, &err) < 0 && strstr(err.text, "--init does not go with --pid host"));
	request.init = false;
	request.pid = "container:x";
	request.uts = "container:x";
	request.ipc = "private";
	assert_int_equal(plan_namespaces(&request, &spec, &err), 0);
	assert_string_equal(spec.shared, "x");
	assert_int_equal(spec.namespaces.of[NAMESPACE_PID].origin, NAMESPACE_JOINED);
	assert_int_equal(spec.namespaces.of[NAMESPACE_UTS].origin, NAMESPACE_JOINED);
	assert_int_equal(spec.namespaces.of[NAMESPACE_IPC].origin, NAMESPACE_NEW);
	request.ipc = "container:y";
	assert_true(plan_namespaces(&request, &spec, &err) < 0 && strstr(err.text, "only one container's"));
	request.pid = request.ipc = NULL;
	request.uts = "other";
	assert_true(plan_namespaces(&request, &spec, &err) < 0 && strstr(err.text, "there are private, "));
	request.uts = NULL;
	request.monotonic_offset = "1h";
	assert_true(plan_namespaces(&request, &spec, &err) < 0 && strstr(err.text, "not a number of seconds"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_volume_s_options_are_docker_s, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_volume_without_a_source_is_the_container_s_own, set_up, tear_down),
		cmocka_unit_test_setup_teardown(mounts_are_written_as_docker_writes_them, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_bind_leaves_out_what_is_mounted_below_where_that_is_said, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_a_mount_s_readonly_does_not_mean_is_not_writable, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_tmpfs_has_a_size_a_mode_and_flags, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_device_is_given_whole, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_image_s_volumes_are_its_container_s_own_unless_mounted_over, set_up, tear_down),
		cmocka_unit_test_setup_teardown(parents_come_before_what_is_below_them_and_no_place_twice, set_up, tear_down),
		cmocka_unit_test_setup_teardown(read_only_leaves_what_programs_write_to, set_up, tear_down),
		cmocka_unit_test_setup_teardown(namespaces_are_shared_where_that_can_be, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
