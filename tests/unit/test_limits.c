/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_limits.c: limits as they are typed, and that a description of them can be taken back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "src/plan/limits.h"

#include <errno.h>
#include <string.h>

static const struct {
	const char *name, *value;
} good[] = {
	{ "memory", "64m" }, { "memory-swap", "128m" }, { "memory-reservation", "32m" }, { "memory-swappiness", "0" },
	{ "oom-kill-disable", "true" }, { "cpu-quota", "25000" }, { "cpu-period", "50000" }, { "cpu-shares", "512" },
	{ "cpuset-cpus", "0-3,8" }, { "cpuset-mems", "0" }, { "pids-limit", "20" }, { "blkio-weight", "500" },
	{ "device-read-bps", "/dev/sda:1m" }, { "device-write-bps", "/dev/sda:2m" }, { "device-read-iops", "/dev/a:b:10" },
	{ "device-write-iops", "/dev/sdb:20" }, { "hugetlb", "2MB:4m" }, { "hugetlb", "1GB:1g" },
	{ "device-cgroup-rule", "c 10:200 rwm" }, { "device-cgroup-rule", "b *:* r" }, { "cgroup-parent", "a/b.slice" },
};

static void what_is_described_is_taken_back(void **state)
{
	(void)state;
	struct spec_limits limits = { 0 }, again = { 0 };
	struct err err = { 0 };
	cleanup_strv struct strv lines = { 0 }, second = { 0 };
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		assert_int_equal(limits_set(&limits, good[i].name, good[i].value, &err), 0);
	assert_int_equal(limits_check(&limits, &err), 0);
	assert_int_equal(limits.memory_bytes, 64 << 20);
	assert_int_equal(limits.throttles[2].rate, 10);
	assert_string_equal(limits.throttles[2].path, "/dev/a:b");
	limits_describe(&limits, &lines);
	assert_int_equal(lines.len, sizeof good / sizeof *good);
	for (size_t i = 0; i < lines.len; i++) {
		cleanup_free char *copy = str_dup(lines.items[i]);
		char *value = strchr(copy, '=');
		*value++ = 0;
		assert_int_equal(limits_set(&again, copy, value, &err), 0);
	}
	limits_describe(&again, &second);
	assert_int_equal(second.len, lines.len);
	for (size_t i = 0; i < lines.len; i++)
		assert_string_equal(second.items[i], lines.items[i]);
	spec_limits_done(&limits);
	spec_limits_done(&again);
}

static void what_is_no_limit_is_refused_by_its_option(void **state)
{
	(void)state;
	static const struct {
		const char *name, *value;
	} bad[] = {
		{ "memory", "0" }, { "memory", "-1" }, { "memory-swap", "-2" }, { "memory-swappiness", "101" }, { "cpus", "0" },
		{ "cpu-quota", "999" }, { "cpu-period", "1000001" }, { "cpu-shares", "1" }, { "cpu-shares", "262145" },
		{ "cpuset-cpus", "" }, { "cpuset-cpus", "3-0" }, { "cpuset-cpus", "0,,1" }, { "cpuset-mems", "a" },
		{ "pids-limit", "-2" }, { "blkio-weight", "9" }, { "blkio-weight", "1001" }, { "device-read-bps", "sda:1m" },
		{ "device-read-bps", "/dev/sda" }, { "device-read-iops", "/dev/sda:1m" }, { "device-write-iops", "/dev/sda:0" },
		{ "hugetlb", "4m" }, { "hugetlb", "2M:4m" }, { "hugetlb", "2MB:" }, { "hugetlb", "../x:1m" },
		{ "device-cgroup-rule", "a" }, { "device-cgroup-rule", "c 1:3" }, { "device-cgroup-rule", "c 1:3 rwx" },
		{ "device-cgroup-rule", "d 1:3 r" }, { "device-cgroup-rule", "a 1:3 r" }, { "device-cgroup-rule", "c 1:3 rrrr" }, { "device-cgroup-rule", "c :3 r" },
		{ "cgroup-parent", "" }, { "cgroup-parent", "/" }, { "cgroup-parent", "../x" }, { "cgroup-parent", "a/../b" },
		{ "cgroup-parent", "a\nb" },
	};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct spec_limits limits = { 0 };
		struct err err = { 0 };
		assert_int_equal(limits_set(&limits, bad[i].name, bad[i].value, &err), -EINVAL);
		assert_non_null(strstr(err.text, bad[i].name));
		spec_limits_done(&limits);
	}
}

static void no_limit_can_be_said(void **state)
{
	(void)state;
	struct spec_limits limits = { 0 };
	struct err err = { 0 };
	assert_int_equal(limits_set(&limits, "memory-swap", "-1", &err), 0);
	assert_int_equal(limits.memory_swap, -1);
	assert_int_equal(limits_set(&limits, "pids-limit", "-1", &err), 0);
	assert_int_equal(limits.pids, 0);
	assert_int_equal(limits_set(&limits, "weather", "fine", &err), -ENOENT);
}

static void a_slice_is_where_systemd_has_it(void **state)
{
	(void)state;
	static const char *const bad[] = { "-.slice", "-a.slice", "a--b.slice", "a-.slice" };
	struct spec_limits limits = { 0 };
	struct err err = { 0 };
	assert_int_equal(limits_set(&limits, "cgroup-parent", "a-b-c.slice", &err), 0);
	assert_string_equal(limits.cgroup_parent, "a.slice/a-b.slice/a-b-c.slice");
	assert_int_equal(limits_set(&limits, "cgroup-parent", "system.slice", &err), 0);
	assert_string_equal(limits.cgroup_parent, "system.slice");
	assert_int_equal(limits_set(&limits, "cgroup-parent", "/a-b/c-d.slice", &err), 0);
	assert_string_equal(limits.cgroup_parent, "a-b/c-d.slice");
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(limits_set(&limits, "cgroup-parent", bad[i], &err), -EINVAL);
	spec_limits_done(&limits);
}

static void refused_together(const char *const (*options)[2], const char *text)
{
	struct spec_limits limits = { 0 };
	struct err err = { 0 };
	for (int i = 0; i < 2; i++)
		if (options[i][0])
			assert_int_equal(limits_set(&limits, options[i][0], options[i][1], &err), 0);
	assert_int_equal(limits_check(&limits, &err), -EINVAL);
	assert_non_null(strstr(err.text, text));
	spec_limits_done(&limits);
}

static void what_makes_no_sense_together_is_refused(void **state)
{
	(void)state;
	refused_together((const char *const[2][2]){ { "cpus", "1" }, { "cpu-quota", "5000" } }, "--cpus does not go with");
	refused_together((const char *const[2][2]){ { "memory-swap", "1g" } }, "--memory-swap needs --memory");
	refused_together((const char *const[2][2]){ { "memory", "1g" }, { "memory-swap", "512m" } }, "cannot be less than --memory");
	refused_together((const char *const[2][2]){ { "memory", "1m" }, { "memory-reservation", "2m" } }, "cannot be more than --memory");
	refused_together((const char *const[2][2]){ { "oom-kill-disable", "true" } }, "--oom-kill-disable needs --memory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_described_is_taken_back),
		cmocka_unit_test(what_is_no_limit_is_refused_by_its_option),
		cmocka_unit_test(no_limit_can_be_said),
		cmocka_unit_test(a_slice_is_where_systemd_has_it),
		cmocka_unit_test(what_makes_no_sense_together_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
