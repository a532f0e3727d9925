/* SPDX-License-Identifier: GPL-2.0-or-later */
/* config_limits.c owns limits as the "resources" of config.json. */
#include "src/plan/config_limits.h"

#include "src/plan/device_rule.h"

#include <string.h>

static void set_number(json_t *object, const char *key, uint64_t number)
{
	if (number)
		json_object_set_new(object, key, json_integer(number > INT64_MAX ? INT64_MAX : (json_int_t)number));
}

static void set_part(json_t *object, const char *key, json_t *part)
{
	if (json_object_size(part) || json_array_size(part))
		json_object_set_new(object, key, part);
	else
		json_decref(part);
}

static json_t *memory(const struct spec_limits *l)
{
	json_t *object = json_object();
	set_number(object, "limit", l->memory_bytes);
	set_number(object, "reservation", l->memory_reservation);
	if (l->memory_bytes)
		json_object_set_new(object, "swap", json_integer(l->memory_swap ? l->memory_swap : (json_int_t)l->memory_bytes));
	if (l->has_swappiness)
		json_object_set_new(object, "swappiness", json_integer(l->memory_swappiness));
	if (l->oom_kill_disable)
		json_object_set_new(object, "disableOOMKiller", json_true());
	return object;
}

static json_t *cpu(const struct spec_limits *l)
{
	json_t *object = json_object();
	uint64_t period = l->cpu_period || !l->cpu_milli ? l->cpu_period : 100000;
	set_number(object, "shares", l->cpu_shares);
	set_number(object, "quota", l->cpu_milli ? l->cpu_milli * period / 1000 : l->cpu_quota);
	set_number(object, "period", period);
	if (l->cpuset_cpus)
		json_object_set_new(object, "cpus", json_string(l->cpuset_cpus));
	if (l->cpuset_mems)
		json_object_set_new(object, "mems", json_string(l->cpuset_mems));
	return object;
}

static json_t *hugetlb(const struct spec_limits *l)
{
	json_t *array = json_array();
	for (size_t i = 0; i < l->hugetlb_count; i++)
		json_array_append_new(array, json_pack("{s:s, s:I}", "pageSize", l->hugetlb[i].size, "limit", (json_int_t)l->hugetlb[i].bytes));
	return array;
}

/* "*" is written by leaving the number out. */
static json_t *devices(const struct spec_limits *l)
{
	json_t *array = json_array();
	for (size_t i = 0; i < l->device_rules.len; i++) {
		struct device_rule rule;
		if (!device_rule_parse(l->device_rules.items[i], &rule))
			continue;
		json_t *object = json_pack("{s:b, s:s#, s:s}", "allow", 1, "type", &rule.type, 1, "access", strrchr(l->device_rules.items[i], ' ') + 1);
		if (rule.major >= 0)
			json_object_set_new(object, "major", json_integer(rule.major));
		if (rule.minor >= 0)
			json_object_set_new(object, "minor", json_integer(rule.minor));
		json_array_append_new(array, object);
	}
	return array;
}

json_t *config_resources(const struct spec_limits *l)
{
	json_t *object = json_object(), *block_io = json_object(), *pids = json_object();
	set_number(block_io, "weight", l->blkio_weight);
	set_number(pids, "limit", l->pids);
	set_part(object, "memory", memory(l));
	set_part(object, "cpu", cpu(l));
	set_part(object, "pids", pids);
	set_part(object, "blockIO", block_io);
	set_part(object, "hugepageLimits", hugetlb(l));
	set_part(object, "devices", devices(l));
	return object;
}
