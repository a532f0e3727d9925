/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cgroup_limits.c owns how limits are written to cgroup v1 and v2. */
/*
 * Facts: Linux, Documentation/admin-guide/cgroup-v1/{memory,cpusets,blkio-controller,hugetlb}.rst,
 * scheduler/sched-bwc.rst, cgroup-v2.rst. Conversions from docker's v1 units to v2 as in runc before 1.4 (cpu.weight) and
 * crun(1), "CGROUP v2" (all).
 */
#include "src/runtime/cgroup_limits.h"

#include "src/base/fd.h"
#include "src/runtime/cgroup_place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { CPU_PERIOD_US = 100000 };

static bool has(const struct cgroup_directory *directory, const char *file)
{
	cleanup_free char *path = str_fmt("%s/%s", directory->path, file);
	return access(path, F_OK) == 0;
}

/* v1's file or v2's; NULL: that version has no such setting. */
static int put(const struct cgroup_directory *directory, const char *option, const char *v1, const char *v2, const char *value,
	struct err *err)
{
	const char *file = directory->v2 ? v2 : v1;
	if (!file)
		return err_set(err, -ENOTSUP, "%s: cgroup v%d has no such setting", option, directory->v2 ? 2 : 1);
	if (!has(directory, file))
		return err_set(err, -ENOTSUP, "%s: this kernel's controller has no %s", option, file);
	int r = cgroup_place_write(directory->path, file, value, err);
	return r < 0 ? err_prefix(err, "%s", option) : 0;
}

static int put_number(const struct cgroup_directory *directory, const char *option, const char *v1, const char *v2, uint64_t number,
	struct err *err)
{
	cleanup_free char *value = str_fmt("%llu", (unsigned long long)number);
	return put(directory, option, v1, v2, value, err);
}

/*
 * Swap is no way around the limit: where nothing else was said and the kernel counts it, none is granted. v1 counts memory
 * and swap together, v2 swap alone.
 */
static int write_swap(const struct spec_limits *l, const struct cgroup_directory *d, struct err *err)
{
	bool counted = has(d, d->v2 ? "memory.swap.max" : "memory.memsw.limit_in_bytes");
	if (!counted && !l->memory_swap)
		return 0;
	if (l->memory_swap < 0)
		return put(d, "--memory-swap", "memory.memsw.limit_in_bytes", "memory.swap.max", d->v2 ? "max" : "-1", err);
	uint64_t both = l->memory_swap ? (uint64_t)l->memory_swap : l->memory_bytes;
	return put_number(d, "--memory-swap", "memory.memsw.limit_in_bytes", "memory.swap.max", d->v2 ? both - l->memory_bytes : both, err);
}

/* v1 refuses a limit above that of memory and swap, so a rising one follows it: tried in both orders. */
static int write_memory_limit(const struct spec_limits *l, const struct cgroup_directory *d, struct err *err)
{
	static const char v1[] = "memory.limit_in_bytes";
	int r = put_number(d, "--memory", v1, "memory.max", l->memory_bytes, err);
	if (r == 0)
		return write_swap(l, d, err);
	if (d->v2)
		return r;
	err_clear(err);
	r = write_swap(l, d, err);
	return r < 0 ? r : put_number(d, "--memory", v1, NULL, l->memory_bytes, err);
}

static int write_memory(const struct spec_limits *l, const struct cgroup_directory *d, struct err *err)
{
	int r = l->memory_bytes ? write_memory_limit(l, d, err) : 0;
	if (r == 0 && l->memory_reservation)
		r = put_number(d, "--memory-reservation", "memory.soft_limit_in_bytes", "memory.low", l->memory_reservation, err);
	if (r == 0 && l->has_swappiness)
		r = put_number(d, "--memory-swappiness", "memory.swappiness", NULL, l->memory_swappiness, err);
	if (r == 0 && l->oom_kill_disable)
		r = put(d, "--oom-kill-disable", "memory.oom_control", NULL, "1", err);
	return r;
}

static int write_quota(const struct spec_limits *l, const struct cgroup_directory *d, struct err *err)
{
	const char *option = l->cpu_milli ? "--cpus" : "--cpu-quota";
	unsigned long long period = l->cpu_period ? l->cpu_period : CPU_PERIOD_US;
	unsigned long long quota = l->cpu_milli ? l->cpu_milli * period / 1000 : l->cpu_quota;
	cleanup_free char *both = quota ? str_fmt("%llu %llu", quota, period) : str_fmt("max %llu", period);
	if (d->v2)
		return put(d, option, NULL, "cpu.max", both, err);
	int r = put_number(d, "--cpu-period", "cpu.cfs_period_us", NULL, period, err);
	return r < 0 || !quota ? r : put_number(d, option, "cpu.cfs_quota_us", NULL, quota, err);
}

static int write_cpu(const struct spec_limits *l, const struct cgroup_directory *d, struct err *err)
{
	int r = l->cpu_milli || l->cpu_quota || l->cpu_period ? write_quota(l, d, err) : 0;
	if (r < 0 || !l->cpu_shares)
		return r;
	/* 2..262144 shares become weights of 1..10000 */
	uint64_t weight = d->v2 ? 1 + (l->cpu_shares - 2) * 9999 / 262142 : l->cpu_shares;
	return put_number(d, "--cpu-shares", "cpu.shares", "cpu.weight", weight, err);
}

/* Whether every number of a list like "0-3,8" is in the other, as the kernel writes them. */
static bool list_is_within(const char *list, const char *all)
{
	for (char *end; *list; list = *end == ',' ? end + 1 : end) {
		unsigned long first = strtoul(list, &end, 10), last = *end == '-' ? strtoul(end + 1, &end, 10) : first;
		bool within = end == list;
		for (const char *at = all; !within && *at >= '0' && *at <= '9';) {
			char *next;
			unsigned long from = strtoul(at, &next, 10), to = *next == '-' ? strtoul(next + 1, &next, 10) : from;
			within = first >= from && last <= to;
			at = *next == ',' ? next + 1 : next;
		}
		if (!within)
			return false;
	}
	return true;
}

/* v2 takes any list, and gives a cgroup those of its parent where nothing of the list is there: no limit at all. */
static int put_cpuset(const struct cgroup_directory *d, const char *option, const char *file, const char *online, const char *list, struct err *err)
{
	struct err ignored;
	cleanup_buf struct buf all = { 0 };
	if (fd_read_file(AT_FDCWD, online, 4096, &all, &ignored) == 0 && all.len) {
		all.data[strcspn(all.data, "\n")] = 0;
		if (!list_is_within(list, all.data))
			return err_set(err, -ERANGE, "%s %s: the machine has %s", option, list, all.data);
	}
	return put(d, option, file, file, list, err);
}

static int write_cpuset(const struct spec_limits *l, const struct cgroup_directory *d, struct err *err)
{
	int r = l->cpuset_cpus ? put_cpuset(d, "--cpuset-cpus", "cpuset.cpus", "/sys/devices/system/cpu/online", l->cpuset_cpus, err) : 0;
	return r < 0 || !l->cpuset_mems ? r :
	       put_cpuset(d, "--cpuset-mems", "cpuset.mems", "/sys/devices/system/node/online", l->cpuset_mems, err);
}

/* 10..1000 is BFQ's own scale, and becomes 1..10000 for io.weight. */
static int write_weight(unsigned weight, const struct cgroup_directory *d, struct err *err)
{
	static const char option[] = "--blkio-weight";
	if (d->v2 && !has(d, "io.bfq.weight"))
		return put_number(d, option, NULL, "io.weight", 1 + (weight - 10) * 9999u / 990, err);
	bool plain = !d->v2 && has(d, "blkio.weight");
	return put_number(d, option, plain ? "blkio.weight" : "blkio.bfq.weight", "io.bfq.weight", weight, err);
}

static int write_throttle(const struct spec_throttle *t, const struct cgroup_directory *d, struct err *err)
{
	static const struct {
		const char *option, *v1, *v2;
	} kinds[] = {
		[THROTTLE_READ_BPS] = { "--device-read-bps", "blkio.throttle.read_bps_device", "rbps" },
		[THROTTLE_WRITE_BPS] = { "--device-write-bps", "blkio.throttle.write_bps_device", "wbps" },
		[THROTTLE_READ_IOPS] = { "--device-read-iops", "blkio.throttle.read_iops_device", "riops" },
		[THROTTLE_WRITE_IOPS] = { "--device-write-iops", "blkio.throttle.write_iops_device", "wiops" },
	};
	struct stat st;
	const char *option = kinds[t->kind].option;
	if (stat(t->path, &st) < 0)
		return err_sys(err, "%s %s", option, t->path);
	if (!S_ISBLK(st.st_mode))
		return err_set(err, -ENOTBLK, "%s %s: not a block device", option, t->path);
	cleanup_free char *value = d->v2 ? str_fmt("%u:%u %s=%llu", major(st.st_rdev), minor(st.st_rdev), kinds[t->kind].v2,
						   (unsigned long long)t->rate) :
					   str_fmt("%u:%u %llu", major(st.st_rdev), minor(st.st_rdev), (unsigned long long)t->rate);
	return put(d, option, kinds[t->kind].v1, "io.max", value, err);
}

static int write_io(const struct spec_limits *l, const struct cgroup_directory *d, struct err *err)
{
	int r = l->blkio_weight ? write_weight(l->blkio_weight, d, err) : 0;
	for (size_t i = 0; r == 0 && i < l->throttle_count; i++)
		r = write_throttle(&l->throttles[i], d, err);
	return r;
}

static int write_hugetlb(const struct spec_limits *l, const struct cgroup_directory *d, struct err *err)
{
	int r = 0;
	for (size_t i = 0; r == 0 && i < l->hugetlb_count; i++) {
		cleanup_free char *v1 = str_fmt("hugetlb.%s.limit_in_bytes", l->hugetlb[i].size);
		cleanup_free char *v2 = str_fmt("hugetlb.%s.max", l->hugetlb[i].size);
		r = put_number(d, "--hugetlb", v1, v2, l->hugetlb[i].bytes, err);
	}
	return r;
}

static const char *need_memory(const struct spec_limits *l)
{
	return l->memory_bytes ? "--memory" : l->memory_reservation ? "--memory-reservation" : l->has_swappiness ? "--memory-swappiness" : NULL;
}

const char *cgroup_limits_need(const struct spec_limits *l, enum cgroup_controller controller)
{
	switch (controller) {
	case CGROUP_MEMORY:
		return need_memory(l);
	case CGROUP_CPU:
		return l->cpu_milli ? "--cpus" : l->cpu_quota ? "--cpu-quota" : l->cpu_period ? "--cpu-period" : l->cpu_shares ? "--cpu-shares" : NULL;
	case CGROUP_CPUSET:
		return l->cpuset_cpus ? "--cpuset-cpus" : l->cpuset_mems ? "--cpuset-mems" : NULL;
	case CGROUP_PIDS:
		return l->pids || l->cgroup_parent ? l->pids ? "--pids-limit" : "--cgroup-parent" : NULL;
	case CGROUP_IO:
		return l->blkio_weight ? "--blkio-weight" : l->throttle_count ? "--device-read-bps and its kin" : NULL;
	case CGROUP_HUGETLB:
		return l->hugetlb_count ? "--hugetlb" : NULL;
	case CGROUP_DEVICES:
		return l->device_rules.len ? "--device-cgroup-rule" : NULL;
	default:
		return NULL;
	}
}

int cgroup_limits_write(const struct spec_limits *limits, enum cgroup_controller controller,
	const struct cgroup_directory *directory, struct err *err)
{
	static int (*const writers[CGROUP_CONTROLLERS])(const struct spec_limits *, const struct cgroup_directory *, struct err *) = {
		[CGROUP_MEMORY] = write_memory, [CGROUP_CPU] = write_cpu, [CGROUP_CPUSET] = write_cpuset, [CGROUP_IO] = write_io,
		[CGROUP_HUGETLB] = write_hugetlb,
	};
	if (controller == CGROUP_PIDS && limits->pids)
		return put_number(directory, "--pids-limit", "pids.max", "pids.max", limits->pids, err);
	return writers[controller] ? writers[controller](limits, directory, err) : 0;
}
