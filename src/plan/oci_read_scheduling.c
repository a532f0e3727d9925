/* SPDX-License-Identifier: GPL-2.0-or-later */
/* oci_read_scheduling.c owns reading which processors, whose time and which memory an engine's process gets. Pure. */
/*
 * config.md, "scheduler", and config-linux.md, "Memory policy". sched_setattr(2) answers EINVAL to everything that is wrong
 * with a deadline; so its rules are asked here, where each can be named.
 */
#include "src/plan/oci_read.h"

#include <linux/mempolicy.h>
#include <linux/sched.h>
#include <string.h>

#ifndef MPOL_F_NUMA_BALANCING /* Linux 5.12 */
#define MPOL_F_NUMA_BALANCING (1 << 13)
#endif
enum { POLICY_PREFERRED_MANY = 5, POLICY_WEIGHTED_INTERLEAVE = 6 }; /* Linux 5.15 and 6.9 */
enum { RUNTIME_MIN = 1024 };                                        /* nanoseconds, kernel/sched/deadline.c */

struct word {
	const char *name;
	uint64_t value;
};

static bool find(const struct word *words, const char *name, uint64_t *ret_value)
{
	while (words->name && !str_eq(words->name, name))
		words++;
	*ret_value = words->value;
	return words->name;
}

static uint64_t read_flags(struct oci_reader *o, const json_t *object, const struct word *words)
{
	cleanup_strv struct strv names = { 0 };
	uint64_t flags = 0, one = 0;
	oci_texts(o, object, "flags", &names);
	for (size_t i = 0; o->r == 0 && i < names.len; i++) {
		if (!find(words, names.items[i], &one))
			oci_refuse(o, "unknown flag \"%s\"", names.items[i]);
		flags |= one;
	}
	return flags;
}

static void check_deadline(struct oci_reader *o, const struct engine_scheduler *s, bool has_runtime, bool has_deadline)
{
	const unsigned long long runtime = s->runtime, deadline = s->deadline, period = s->period;
	o->where = "process.scheduler: sched_setattr";
	if (!has_runtime || !has_deadline)
		oci_refuse(o, "`SCHED_DEADLINE` requires `%s`", has_runtime ? "deadline" : "runtime");
	else if (runtime == 0)
		oci_refuse(o, "`SCHED_DEADLINE` runtime must be greater than 0");
	else if (runtime < RUNTIME_MIN || runtime > INT64_MAX)
		oci_refuse(o, "`SCHED_DEADLINE` runtime %llu must be between %d and %lld", runtime, RUNTIME_MIN, (long long)INT64_MAX);
	else if (runtime > deadline)
		oci_refuse(o, "`SCHED_DEADLINE` runtime %llu must be <= deadline %llu", runtime, deadline);
	else if (period && deadline > period)
		oci_refuse(o, "`SCHED_DEADLINE` deadline %llu must be <= period %llu", deadline, period);
}

void oci_read_scheduler(struct oci_reader *o, const json_t *process, struct engine_scheduler *ret_scheduler)
{
	static const struct word policies[] = { { "SCHED_OTHER", SCHED_NORMAL }, { "SCHED_FIFO", SCHED_FIFO }, { "SCHED_RR", SCHED_RR },
		{ "SCHED_BATCH", SCHED_BATCH }, { "SCHED_IDLE", SCHED_IDLE }, { "SCHED_DEADLINE", SCHED_DEADLINE }, { NULL, 0 } };
	static const struct word flags[] = { { "SCHED_FLAG_RESET_ON_FORK", 0x01 }, { "SCHED_FLAG_RECLAIM", 0x02 }, { "SCHED_FLAG_DL_OVERRUN", 0x04 },
		{ "SCHED_FLAG_KEEP_POLICY", 0x08 }, { "SCHED_FLAG_KEEP_PARAMS", 0x10 }, { "SCHED_FLAG_UTIL_CLAMP_MIN", 0x20 },
		{ "SCHED_FLAG_UTIL_CLAMP_MAX", 0x40 }, { NULL, 0 } };
	const json_t *object = oci_object(o, process, "scheduler");
	int64_t nice = 0, priority = 0;
	uint64_t policy = 0;
	*ret_scheduler = (struct engine_scheduler){ .given = object };
	if (!object)
		return;
	o->where = "process.scheduler";
	const char *name = oci_need_text(o, object, "policy");
	if (!find(policies, name, &policy))
		oci_refuse(o, "unknown policy \"%s\"", name);
	oci_number(o, object, "nice", -20, 19, &nice);
	oci_number(o, object, "priority", 0, 99, &priority);
	ret_scheduler->policy = (unsigned)policy;
	ret_scheduler->nice = (int)nice;
	ret_scheduler->priority = (unsigned)priority;
	ret_scheduler->flags = read_flags(o, object, flags);
	bool has_runtime = oci_unsigned(o, object, "runtime", &ret_scheduler->runtime);
	bool has_deadline = oci_unsigned(o, object, "deadline", &ret_scheduler->deadline);
	oci_unsigned(o, object, "period", &ret_scheduler->period);
	if (policy == SCHED_DEADLINE)
		check_deadline(o, ret_scheduler, has_runtime, has_deadline);
}

enum { LIST_BITS = 1024 };
_Static_assert((int)ENGINE_NODES == (int)LIST_BITS && (int)ENGINE_CPUS == (int)LIST_BITS, "one parser for both");

/* cpuset(7), "List format". */
static bool parse_list(const char *text, uint64_t bits[LIST_BITS / 64])
{
	for (const char *at = text;; at++) {
		char *end;
		unsigned long first = strtoul(at, &end, 10), last = first;
		if (end == at || *at < '0' || *at > '9')
			return false;
		if (*end == '-') {
			at = end + 1;
			last = strtoul(at, &end, 10);
			if (end == at || *at < '0' || *at > '9')
				return false;
		}
		if (last < first || last >= LIST_BITS)
			return false;
		for (unsigned long n = first; n <= last; n++)
			bits[n / 64] |= 1ull << n % 64;
		if (*end != ',')
			return *end == 0;
		at = end;
	}
}

static void read_cpus(struct oci_reader *o, const json_t *affinity, const char *key, struct engine_cpus *ret_cpus)
{
	const char *text = oci_text(o, affinity, key);
	*ret_cpus = (struct engine_cpus){ .given = text && *text };
	if (ret_cpus->given && !parse_list(text, ret_cpus->of))
		oci_refuse(o, "%s \"%s\" is no list of processors below %d", key, text, ENGINE_CPUS);
}

void oci_read_affinity(struct oci_reader *o, const json_t *process, struct spec_engine *engine)
{
	const json_t *affinity = oci_object(o, process, "execCPUAffinity");
	o->where = "process.execCPUAffinity";
	read_cpus(o, affinity, "initial", &engine->exec_initial);
	read_cpus(o, affinity, "final", &engine->exec_final);
}

void oci_read_memory_policy(struct oci_reader *o, const json_t *system, struct engine_memory_policy *ret_policy)
{
	static const struct word modes[] = { { "MPOL_DEFAULT", MPOL_DEFAULT }, { "MPOL_PREFERRED", MPOL_PREFERRED }, { "MPOL_BIND", MPOL_BIND },
		{ "MPOL_INTERLEAVE", MPOL_INTERLEAVE }, { "MPOL_LOCAL", MPOL_LOCAL }, { "MPOL_PREFERRED_MANY", POLICY_PREFERRED_MANY },
		{ "MPOL_WEIGHTED_INTERLEAVE", POLICY_WEIGHTED_INTERLEAVE }, { NULL, 0 } };
	static const struct word flags[] = { { "MPOL_F_STATIC_NODES", MPOL_F_STATIC_NODES }, { "MPOL_F_RELATIVE_NODES", MPOL_F_RELATIVE_NODES },
		{ "MPOL_F_NUMA_BALANCING", MPOL_F_NUMA_BALANCING }, { NULL, 0 } };
	const json_t *object = oci_object(o, system, "memoryPolicy");
	uint64_t mode = 0;
	if (!object)
		return;
	o->where = "linux.memoryPolicy";
	const char *name = oci_need_text(o, object, "mode"), *nodes = oci_text(o, object, "nodes");
	if (!find(modes, name, &mode))
		oci_refuse(o, "unknown mode \"%s\"", name);
	if (nodes && *nodes && !parse_list(nodes, ret_policy->nodes))
		oci_refuse(o, "nodes \"%s\" is no list of nodes below %d", nodes, ENGINE_NODES);
	if ((!nodes || !*nodes) && mode != MPOL_DEFAULT && mode != MPOL_LOCAL && mode != MPOL_PREFERRED)
		oci_refuse(o, "%s needs nodes", name);
	ret_policy->given = true;
	ret_policy->mode = (int)(mode | read_flags(o, object, flags));
}
