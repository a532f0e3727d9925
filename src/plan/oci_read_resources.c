/* SPDX-License-Identifier: GPL-2.0-or-later */
/* oci_read_resources.c owns reading linux.resources of an engine's config.json. Pure. */
/*
 * What it says becomes files of a controller's directory and what to write there, for both versions of cgroups: the
 * runtime finds out which one has the controller. Conversions are those of cgroup_limits.c.
 */
#include "src/plan/oci_read.h"

#include <string.h>

/* Takes the strings. */
static void add(struct spec_engine *engine, const char *controller, const char *v1_file, char *v1_value, const char *v2_file, char *v2_value)
{
	engine->settings = mem_grow(engine->settings, engine->setting_count + 1, sizeof *engine->settings);
	engine->settings[engine->setting_count++] = (struct engine_setting){ controller, str_dup(v1_file), v1_value, str_dup(v2_file), v2_value };
}

/* -1 means no limit: v2 has a word for that. */
static char *limit_text(int64_t value, bool v2)
{
	return v2 && value < 0 ? str_dup("max") : str_fmt("%lld", (long long)value);
}

static void add_limit(struct spec_engine *engine, const char *controller, const char *v1_file, const char *v2_file, int64_t value)
{
	add(engine, controller, v1_file, limit_text(value, false), v2_file, v2_file ? limit_text(value, true) : NULL);
}

static void read_memory(struct oci_reader *o, const json_t *resources, struct spec_engine *engine)
{
	const json_t *memory = oci_object(o, resources, "memory");
	int64_t limit = 0, value = 0;
	o->where = "linux.resources.memory";
	if (oci_number(o, memory, "limit", -1, INT64_MAX, &limit) && limit)
		add_limit(engine, "memory", "memory.limit_in_bytes", "memory.max", limit);
	if (oci_number(o, memory, "swap", -1, INT64_MAX, &value) && value) {
		if (value >= 0 && value < limit)
			oci_refuse(o, "swap, which is memory and swap together, is below limit");
		int64_t swap = value < 0 ? -1 : value - (limit > 0 ? limit : 0);
		add(engine, "memory", "memory.memsw.limit_in_bytes", limit_text(value, false), "memory.swap.max", limit_text(swap, true));
	}
	if (oci_number(o, memory, "reservation", -1, INT64_MAX, &value) && value)
		add_limit(engine, "memory", "memory.soft_limit_in_bytes", "memory.low", value);
	if (oci_number(o, memory, "kernel", -1, INT64_MAX, &value) && value)
		add_limit(engine, "memory", "memory.kmem.limit_in_bytes", NULL, value);
	if (oci_number(o, memory, "kernelTCP", -1, INT64_MAX, &value) && value)
		add_limit(engine, "memory", "memory.kmem.tcp.limit_in_bytes", NULL, value);
	if (oci_number(o, memory, "swappiness", 0, 100, &value))
		add_limit(engine, "memory", "memory.swappiness", NULL, value);
	if (oci_flag(o, memory, "disableOOMKiller"))
		add_limit(engine, "memory", "memory.oom_control", NULL, 1);
	engine->check_memory = oci_flag(o, memory, "checkBeforeUpdate");
	if (oci_flag(o, memory, "useHierarchy"))
		add_limit(engine, "memory", "memory.use_hierarchy", NULL, 1);
}

static void read_quota(struct oci_reader *o, const json_t *cpu, struct spec_engine *engine)
{
	int64_t quota = 0;
	uint64_t period = 0, burst = 0;
	bool has_quota = oci_number(o, cpu, "quota", -1, INT64_MAX, &quota) && quota;
	bool has_period = oci_unsigned(o, cpu, "period", &period) && period;
	if (oci_unsigned(o, cpu, "burst", &burst))
		add_limit(engine, "cpu", "cpu.cfs_burst_us", "cpu.max.burst", (int64_t)burst);
	if (!has_quota && !has_period)
		return;
	cleanup_free char *first = quota > 0 ? str_fmt("%lld", (long long)quota) : str_dup("max");
	char *both = has_period ? str_fmt("%s %llu", first, (unsigned long long)period) : str_dup(first);
	if (has_period)
		add(engine, "cpu", "cpu.cfs_period_us", str_fmt("%llu", (unsigned long long)period), "cpu.max", both);
	else
		add(engine, "cpu", "", NULL, "cpu.max", both);
	if (has_quota)
		add(engine, "cpu", "cpu.cfs_quota_us", str_fmt("%lld", (long long)quota), "", NULL);
}

static void read_cpu(struct oci_reader *o, const json_t *resources, struct spec_engine *engine)
{
	const json_t *cpu = oci_object(o, resources, "cpu");
	uint64_t shares = 0, number = 0;
	int64_t value = 0;
	o->where = "linux.resources.cpu";
	if (oci_unsigned(o, cpu, "shares", &shares) && shares) {
		unsigned long long weight = 1 + ((shares < 2 ? 2 : shares > 262144 ? 262144 : shares) - 2) * 9999 / 262142;
		add(engine, "cpu", "cpu.shares", str_fmt("%llu", (unsigned long long)shares), "cpu.weight",
			str_fmt("%llu", weight));
	}
	read_quota(o, cpu, engine);
	if (oci_unsigned(o, cpu, "realtimePeriod", &number) && number)
		add(engine, "cpu", "cpu.rt_period_us", str_fmt("%llu", (unsigned long long)number), NULL, NULL);
	if (oci_number(o, cpu, "realtimeRuntime", -1, INT64_MAX, &value) && value)
		add_limit(engine, "cpu", "cpu.rt_runtime_us", NULL, value);
	if (oci_number(o, cpu, "idle", 0, 1, &value))
		add_limit(engine, "cpu", "cpu.idle", "cpu.idle", value);
	const char *cpus = oci_text(o, cpu, "cpus"), *mems = oci_text(o, cpu, "mems");
	if (cpus && *cpus)
		add(engine, "cpuset", "cpuset.cpus", str_dup(cpus), "cpuset.cpus", str_dup(cpus));
	if (mems && *mems)
		add(engine, "cpuset", "cpuset.mems", str_dup(mems), "cpuset.mems", str_dup(mems));
}

static char *read_device(struct oci_reader *o, const json_t *item)
{
	int64_t major = 0, minor = 0;
	if (!oci_number(o, item, "major", 0, UINT32_MAX, &major) || !oci_number(o, item, "minor", 0, UINT32_MAX, &minor))
		oci_refuse(o, "a device lacks major or minor");
	return str_fmt("%lld:%lld", (long long)major, (long long)minor);
}

static void read_throttles(struct oci_reader *o, const json_t *io, struct spec_engine *engine)
{
	static const struct {
		const char *key, *v1, *v2;
	} kinds[] = { { "throttleReadBpsDevice", "blkio.throttle.read_bps_device", "rbps" },
		{ "throttleWriteBpsDevice", "blkio.throttle.write_bps_device", "wbps" },
		{ "throttleReadIOPSDevice", "blkio.throttle.read_iops_device", "riops" },
		{ "throttleWriteIOPSDevice", "blkio.throttle.write_iops_device", "wiops" } };
	for (size_t kind = 0; kind < sizeof kinds / sizeof *kinds; kind++) {
		const json_t *list = oci_array(o, io, kinds[kind].key);
		for (size_t i = 0; o->r == 0 && i < json_array_size(list); i++) {
			uint64_t rate = 0;
			cleanup_free char *device = read_device(o, json_array_get(list, i));
			oci_unsigned(o, json_array_get(list, i), "rate", &rate);
			add(engine, "blkio", kinds[kind].v1, str_fmt("%s %llu", device, (unsigned long long)rate), "io.max",
				str_fmt("%s %s=%llu", device, kinds[kind].v2, (unsigned long long)rate));
		}
	}
}

static void read_io(struct oci_reader *o, const json_t *resources, struct spec *spec)
{
	const json_t *io = oci_object(o, resources, "blockIO"), *list = oci_array(o, io, "weightDevice");
	int64_t weight = 0;
	o->where = "linux.resources.blockIO";
	if (oci_number(o, io, "weight", 0, 1000, &weight))
		spec->limits.blkio_weight = (unsigned)weight;
	if (oci_number(o, io, "leafWeight", 0, 1000, &weight) && weight)
		add_limit(spec->engine, "blkio", "blkio.leaf_weight", NULL, weight);
	for (size_t i = 0; o->r == 0 && i < json_array_size(list); i++) {
		const json_t *item = json_array_get(list, i);
		cleanup_free char *device = read_device(o, item);
		if (oci_number(o, item, "weight", 0, 1000, &weight) && weight)
			add(spec->engine, "blkio", "blkio.weight_device", str_fmt("%s %lld", device, (long long)weight), "io.bfq.weight",
				str_fmt("%s %lld", device, (long long)weight));
		if (oci_number(o, item, "leafWeight", 0, 1000, &weight) && weight)
			add(spec->engine, "blkio", "blkio.leaf_weight_device", str_fmt("%s %lld", device, (long long)weight), NULL, NULL);
	}
	read_throttles(o, io, spec->engine);
}

static void read_hugepages(struct oci_reader *o, const json_t *resources, struct spec_engine *engine)
{
	const json_t *list = oci_array(o, resources, "hugepageLimits");
	o->where = "linux.resources.hugepageLimits";
	for (size_t i = 0; o->r == 0 && i < json_array_size(list); i++) {
		uint64_t limit = 0;
		const char *size = oci_need_text(o, json_array_get(list, i), "pageSize");
		oci_unsigned(o, json_array_get(list, i), "limit", &limit);
		if (!*size || size[strspn(size, "0123456789KMGB")])
			oci_refuse(o, "pageSize \"%s\" is none", size);
		cleanup_free char *v1 = str_fmt("hugetlb.%s.limit_in_bytes", size), *v2 = str_fmt("hugetlb.%s.max", size);
		add(engine, "hugetlb", v1, str_fmt("%llu", (unsigned long long)limit), v2, str_fmt("%llu", (unsigned long long)limit));
	}
}

static void read_network(struct oci_reader *o, const json_t *resources, struct spec_engine *engine)
{
	const json_t *network = oci_object(o, resources, "network"), *list = oci_array(o, network, "priorities");
	int64_t number = 0;
	o->where = "linux.resources.network";
	if (oci_number(o, network, "classID", 0, UINT32_MAX, &number) && number)
		add_limit(engine, "net_cls", "net_cls.classid", NULL, number);
	for (size_t i = 0; o->r == 0 && i < json_array_size(list); i++) {
		const char *name = oci_need_text(o, json_array_get(list, i), "name");
		oci_number(o, json_array_get(list, i), "priority", 0, UINT32_MAX, &number);
		add(engine, "net_prio", "net_prio.ifpriomap", str_fmt("%s %lld", name, (long long)number), NULL, NULL);
	}
}

static void read_rdma(struct oci_reader *o, const json_t *resources, struct spec_engine *engine)
{
	const char *name;
	json_t *item, *all = oci_object(o, resources, "rdma");
	o->where = "linux.resources.rdma";
	json_object_foreach(all, name, item)
	{
		int64_t handles = 0, objects = 0;
		cleanup_buf struct buf text = { 0 };
		buf_str(&text, name);
		if (oci_number(o, item, "hcaHandles", 0, UINT32_MAX, &handles))
			buf_fmt(&text, " hca_handle=%lld", (long long)handles);
		if (oci_number(o, item, "hcaObjects", 0, UINT32_MAX, &objects))
			buf_fmt(&text, " hca_object=%lld", (long long)objects);
		add(engine, "rdma", "rdma.max", str_dup(text.data), "rdma.max", str_dup(text.data));
	}
}

/* A file's name and nothing else: whoever writes config.json must not reach other directories. */
static void read_unified(struct oci_reader *o, const json_t *resources, struct spec_engine *engine)
{
	const char *key;
	json_t *value, *all = oci_object(o, resources, "unified");
	o->where = "linux.resources.unified";
	json_object_foreach(all, key, value)
	{
		const char *text = oci_text(o, all, key);
		if (strchr(key, '/') || !strchr(key, '.') || *key == '.')
			oci_refuse(o, "the key \"%s\" must be a file name without any slash", key);
		add(engine, "", NULL, NULL, key, str_dup(text ? text : ""));
	}
}

static void read_rules(struct oci_reader *o, const json_t *resources, struct spec_engine *engine)
{
	const json_t *list = oci_array(o, resources, "devices");
	o->where = "linux.resources.devices";
	engine->rules = mem_new((json_array_size(list) + 1) * sizeof *engine->rules);
	for (size_t i = 0; o->r == 0 && i < json_array_size(list); i++) {
		const json_t *item = json_array_get(list, i);
		int64_t major = -1, minor = -1;
		struct device_rule *rule = &engine->rules[engine->rule_count++];
		const char *type = oci_text(o, item, "type"), *access = oci_text(o, item, "access");
		oci_number(o, item, "major", -1, INT32_MAX, &major);
		oci_number(o, item, "minor", -1, INT32_MAX, &minor);
		*rule = (struct device_rule){ .allow = oci_flag(o, item, "allow"), .type = type && *type ? *type : 'a', .major = (int)major,
			.minor = (int)minor, .access = DEVICE_ALL };
		if ((type && strlen(type) > 1) || !strchr("abc", rule->type))
			oci_refuse(o, "type \"%s\" is none of a, b, c", type ? type : "");
		if (access && *access && !device_access_parse(access, &rule->access))
			oci_refuse(o, "access \"%s\" is none of r, w, m", access);
	}
}

int oci_read_resources(json_t *resources, struct spec *spec, struct err *err)
{
	struct oci_reader o = { .where = "linux.resources", .err = err };
	int64_t pids = 0;
	engine_resources_done(spec->engine);
	spec_limits_done(&spec->limits);
	read_memory(&o, resources, spec->engine);
	read_cpu(&o, resources, spec->engine);
	read_io(&o, resources, spec);
	read_hugepages(&o, resources, spec->engine);
	read_network(&o, resources, spec->engine);
	read_rdma(&o, resources, spec->engine);
	o.where = "linux.resources";
	const json_t *object = oci_object(&o, resources, "pids");
	o.where = "linux.resources.pids";
	if (oci_number(&o, object, "limit", INT64_MIN, INT64_MAX, &pids) && pids) {
		char *text = pids < 0 ? str_dup("max") : str_fmt("%lld", (long long)pids);
		add(spec->engine, "pids", "pids.max", text, "pids.max", str_dup(text));
	}
	o.where = "linux.resources";
	read_rules(&o, resources, spec->engine);
	o.where = "linux.resources";
	read_unified(&o, resources, spec->engine); /* last: it goes before the others' conversions */
	return o.r;
}
