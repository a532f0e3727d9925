/* SPDX-License-Identifier: GPL-2.0-or-later */
/* engine_stats.c owns what an engine's container uses, as `xrun-oci events` tells it. */
#include "src/runtime/engine_stats.h"

#include "src/runtime/cgroup_place.h"

#include <stdio.h>
#include <string.h>

enum { MICROSECOND = 1000, TICK = 1000000000 / 100 }; /* USER_HZ is 100 everywhere but on alpha */

/* Where a number is: in v1's file, or in v2's, with a key or alone. */
struct source {
	const char *file, *key;
	uint64_t unit;
};
static const struct number {
	const char *object, *part, *name;
	enum cgroup_controller controller;
	struct source v1, v2;
} numbers[] = {
	{ "cpu", "usage", "total", CGROUP_CPUACCT, { "cpuacct.usage", NULL, 1 }, { "cpu.stat", "usage_usec", MICROSECOND } },
	{ "cpu", "usage", "kernel", CGROUP_CPUACCT, { "cpuacct.stat", "system", TICK }, { "cpu.stat", "system_usec", MICROSECOND } },
	{ "cpu", "usage", "user", CGROUP_CPUACCT, { "cpuacct.stat", "user", TICK }, { "cpu.stat", "user_usec", MICROSECOND } },
	{ "cpu", "throttling", "periods", CGROUP_CPU, { "cpu.stat", "nr_periods", 1 }, { "cpu.stat", "nr_periods", 1 } },
	{ "cpu", "throttling", "throttledPeriods", CGROUP_CPU, { "cpu.stat", "nr_throttled", 1 }, { "cpu.stat", "nr_throttled", 1 } },
	{ "cpu", "throttling", "throttledTime", CGROUP_CPU, { "cpu.stat", "throttled_time", 1 }, { "cpu.stat", "throttled_usec", MICROSECOND } },
	{ "memory", NULL, "cache", CGROUP_MEMORY, { "memory.stat", "cache", 1 }, { "memory.stat", "file", 1 } },
	{ "memory", "usage", "usage", CGROUP_MEMORY, { "memory.usage_in_bytes", NULL, 1 }, { "memory.current", NULL, 1 } },
	{ "memory", "usage", "limit", CGROUP_MEMORY, { "memory.limit_in_bytes", NULL, 1 }, { "memory.max", NULL, 1 } },
	{ "memory", "usage", "max", CGROUP_MEMORY, { "memory.max_usage_in_bytes", NULL, 1 }, { "memory.peak", NULL, 1 } },
	{ "memory", "usage", "failcnt", CGROUP_MEMORY, { "memory.failcnt", NULL, 1 }, { "memory.events", "max", 1 } },
	{ "memory", "swap", "usage", CGROUP_MEMORY, { "memory.memsw.usage_in_bytes", NULL, 1 }, { "memory.swap.current", NULL, 1 } },
	{ "memory", "swap", "limit", CGROUP_MEMORY, { "memory.memsw.limit_in_bytes", NULL, 1 }, { "memory.swap.max", NULL, 1 } },
	{ "memory", "swap", "max", CGROUP_MEMORY, { "memory.memsw.max_usage_in_bytes", NULL, 1 }, { 0 } },
	{ "memory", "swap", "failcnt", CGROUP_MEMORY, { "memory.memsw.failcnt", NULL, 1 }, { 0 } },
	{ "pids", NULL, "current", CGROUP_PIDS, { "pids.current", NULL, 1 }, { "pids.current", NULL, 1 } },
	{ "pids", NULL, "limit", CGROUP_PIDS, { "pids.max", NULL, 1 }, { "pids.max", NULL, 1 } },
};

/* The object of that name in another one, made if need be; borrowed. */
static json_t *below(json_t *object, const char *name)
{
	json_t *found = json_object_get(object, name);
	if (found)
		return found;
	found = json_object();
	json_object_set_new(object, name, found);
	return found;
}

static void add_number(json_t *stats, const struct number *n, const struct cgroup *cgroup)
{
	const struct cgroup_directory *directory = &cgroup->of[n->controller];
	const struct source *source = directory->v2 ? &n->v2 : &n->v1;
	uint64_t value = cgroup_place_number(directory, n->v1.file, n->v2.file, source->key);
	if (value == UINT64_MAX || value > INT64_MAX / source->unit)
		return;
	json_int_t scaled = value * source->unit;
	json_t *object = below(stats, n->object);
	json_object_set_new(n->part ? below(object, n->part) : object, n->name, json_integer(scaled));
}

/* v1 counts memory and swap together: that is what the name means to readers. */
static void add_memory_to_swap(json_t *memory)
{
	static const char *const names[] = { "usage", "limit" };
	json_t *both = json_object_get(memory, "swap"), *usage = json_object_get(memory, "usage");
	for (int i = 0; i < 2; i++) {
		json_t *swap = json_object_get(both, names[i]), *own = json_object_get(usage, names[i]);
		if (swap && own)
			json_integer_set(swap, json_integer_value(swap) + json_integer_value(own));
		else
			json_object_del(both, names[i]);
	}
}

static void add_raw(json_t *memory, const struct cgroup_directory *directory)
{
	cleanup_buf struct buf text = cgroup_place_read(directory->path, "memory.stat");
	for (char *rest = text.data, *line; (line = strsep(&rest, "\n"));) {
		unsigned long long value;
		char *blank = strchr(line, ' ');
		if (!blank || !str_to_u64(blank + 1, INT64_MAX, &value))
			continue;
		*blank = 0;
		json_object_set_new(below(memory, "raw"), line, json_integer((json_int_t)value));
	}
}

static void add_transfer(json_t *blkio, const char *list, unsigned major, unsigned minor, const char *operation, unsigned long long value)
{
	if (!json_object_get(blkio, list))
		json_object_set_new(blkio, list, json_array());
	json_array_append_new(json_object_get(blkio, list), json_pack("{s:i, s:i, s:s, s:I}", "major", (int)major, "minor", (int)minor, "op",
		operation, "value", (json_int_t)value));
}

/* "8:0 Read 4096" */
static void add_transfers(json_t *blkio, const struct cgroup_directory *io, const char *file, const char *list)
{
	cleanup_buf struct buf text = cgroup_place_read(io->path, file);
	for (char *rest = text.data, *line; (line = strsep(&rest, "\n"));) {
		unsigned major, minor;
		char operation[16];
		unsigned long long value;
		if (sscanf(line, "%u:%u %15s %llu", &major, &minor, operation, &value) == 4)
			add_transfer(blkio, list, major, minor, operation, value);
	}
}

/* "8:0 rbytes=4096 wbytes=0 rios=1 wios=0 ..." */
static void add_v2_transfers(json_t *blkio, const struct cgroup_directory *io)
{
	static const struct {
		const char *key, *list, *operation;
	} keys[] = { { " rbytes=%llu", "ioServiceBytesRecursive", "Read" }, { " wbytes=%llu", "ioServiceBytesRecursive", "Write" },
		{ " rios=%llu", "ioServicedRecursive", "Read" }, { " wios=%llu", "ioServicedRecursive", "Write" } };
	cleanup_buf struct buf text = cgroup_place_read(io->path, "io.stat");
	for (char *rest = text.data, *line; (line = strsep(&rest, "\n"));) {
		unsigned major, minor;
		if (sscanf(line, "%u:%u", &major, &minor) != 2)
			continue;
		for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
			unsigned long long value;
			cleanup_free char *word = str_ndup(keys[i].key, strcspn(keys[i].key, "%"));
			const char *found = strstr(line, word);
			if (found && sscanf(found, keys[i].key, &value) == 1)
				add_transfer(blkio, keys[i].list, major, minor, keys[i].operation, value);
		}
	}
}

/* psi.rst: "some avg10=0.00 avg60=0.00 avg300=0.00 total=0"; of v2 alone. */
static void add_pressure(json_t *object, const struct cgroup_directory *directory, const char *file)
{
	cleanup_buf struct buf text = cgroup_place_read(directory->path, file);
	for (char *rest = text.data, *line; (line = strsep(&rest, "\n"));) {
		char kind[8];
		double ten, sixty, three_hundred;
		unsigned long long total;
		if (sscanf(line, "%7s avg10=%lf avg60=%lf avg300=%lf total=%llu", kind, &ten, &sixty, &three_hundred, &total) == 5)
			json_object_set_new(below(object, "psi"), kind, json_pack("{s:f, s:f, s:f, s:I}", "avg10", ten, "avg60", sixty, "avg300",
				three_hundred, "total", (json_int_t)total));
	}
}

json_t *engine_stats(const struct cgroup *cgroup)
{
	json_t *stats = json_object();
	const struct cgroup_directory *memory = &cgroup->of[CGROUP_MEMORY], *io = &cgroup->of[CGROUP_IO], *cpu = &cgroup->of[CGROUP_CPU];
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		add_number(stats, &numbers[i], cgroup);
	if (memory->path)
		add_raw(below(stats, "memory"), memory);
	if (memory->path && memory->v2) {
		add_memory_to_swap(below(stats, "memory"));
		add_pressure(below(stats, "memory"), memory, "memory.pressure");
	}
	if (cpu->path && cpu->v2)
		add_pressure(below(stats, "cpu"), cpu, "cpu.pressure");
	if (io->path && io->v2) {
		add_v2_transfers(below(stats, "blkio"), io);
		add_pressure(below(stats, "blkio"), io, "io.pressure");
	} else if (io->path) {
		add_transfers(below(stats, "blkio"), io, "blkio.throttle.io_service_bytes_recursive", "ioServiceBytesRecursive");
		add_transfers(below(stats, "blkio"), io, "blkio.throttle.io_serviced_recursive", "ioServicedRecursive");
	}
	return stats;
}
