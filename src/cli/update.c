/* SPDX-License-Identifier: GPL-2.0-or-later */
/* update.c owns `xrun update`: limits of containers that are there. */
#include "src/cli/place.h"
#include "src/plan/config.h"
#include "src/plan/limits.h"
#include "src/runtime/cgroup.h"
#include "src/runtime/containers.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Linux, include/linux/threads.h: no machine has more. A limit that is there cannot be left out, only raised. */
enum { NO_PIDS_LIMIT = 4194304 };

struct wish {
	const char *memory, *memory_swap, *memory_reservation;
	const char *cpus, *cpu_quota, *cpu_period, *cpu_shares, *cpuset_cpus, *cpuset_mems;
	const char *pids_limit, *blkio_weight;
	bool help;
};

/* Each that takes a text is a limit, by the name that limits_set knows. */
#define WISH(field) offsetof(struct wish, field)
const struct option update_options[] = {
	{ "memory", 'm', OPTION_TEXT, WISH(memory), "SIZE", "limit memory: 64m, 2g" },
	{ "memory-swap", 0, OPTION_TEXT, WISH(memory_swap), "SIZE", "limit memory and swap together; -1: no limit" },
	{ "memory-reservation", 0, OPTION_TEXT, WISH(memory_reservation), "SIZE", "what is left to it when memory is short" },
	{ "cpus", 0, OPTION_TEXT, WISH(cpus), "NUMBER", "limit processor time: 0.5, 2" },
	{ "cpu-quota", 0, OPTION_TEXT, WISH(cpu_quota), "MICROSECONDS", "processor time in each period" },
	{ "cpu-period", 0, OPTION_TEXT, WISH(cpu_period), "MICROSECONDS", "the period; 100000 by default" },
	{ "cpu-shares", 'c', OPTION_TEXT, WISH(cpu_shares), "NUMBER", "weight when processors are short; 1024 is usual" },
	{ "cpuset-cpus", 0, OPTION_TEXT, WISH(cpuset_cpus), "LIST", "processors to run on: 0-3,8" },
	{ "cpuset-mems", 0, OPTION_TEXT, WISH(cpuset_mems), "LIST", "memory nodes to use" },
	{ "pids-limit", 0, OPTION_TEXT, WISH(pids_limit), "NUMBER", "limit the number of processes; -1: no limit" },
	{ "blkio-weight", 0, OPTION_TEXT, WISH(blkio_weight), "NUMBER", "weight when disks are busy: 10 to 1000" },
	{ "help", 'h', OPTION_SWITCH, WISH(help), NULL, "show this" },
	{ 0 },
};

/* What goes together in the kernel is written together, as it is now. */
static void add_companions(const struct spec_limits *all, struct spec_limits *changes)
{
	if (changes->memory_bytes || changes->memory_swap) {
		changes->memory_bytes = all->memory_bytes;
		changes->memory_swap = all->memory_swap;
	}
	if (changes->cpu_milli || changes->cpu_quota || changes->cpu_period) {
		changes->cpu_milli = all->cpu_milli;
		changes->cpu_quota = all->cpu_quota;
		changes->cpu_period = all->cpu_period;
	}
	changes->cgroup_parent = all->cgroup_parent; /* cannot change while it runs: directories are looked for where they are */
}

static int write_to_cgroup(const struct subject *subject, struct spec_limits changes, struct err *err)
{
	cleanup_cgroup struct cgroup cgroup = { 0 };
	int r = containers_write_file(subject->dir_fd, CGROUP_NOTE, "", 0, err); /* first: what is made from now on is removed */
	if (r < 0)
		return r;
	add_companions(&subject->spec.limits, &changes); /* borrowed strings */
	cgroup_of_process(&cgroup, subject->state.id, subject->state.pid);
	return cgroup_update(&cgroup, subject->state.id, subject->state.pid, &changes, err);
}

/* For whoever starts it again. */
static int write_to_config(struct subject *subject, struct err *err)
{
	if (subject->spec.limits.pids == NO_PIDS_LIMIT)
		subject->spec.limits.pids = 0;
	cleanup_free char *config = config_text(&subject->spec);
	return config ? containers_write_file(subject->dir_fd, "config.json", config, strlen(config), err) :
			err_set(err, -EINVAL, "cannot write its config.json");
}

static int update(const struct place *place, const char *name, const struct spec_limits *changes, struct err *err)
{
	cleanup_subject struct subject subject = SUBJECT_NONE;
	int r = subject_find(place, name, &subject, err);
	if (r < 0)
		return r;
	r = limits_merge(&subject.spec.limits, changes, err);
	if (r < 0 && changes->memory_bytes && !changes->memory_swap && subject.spec.limits.memory_swap > 0)
		err_append(err, "; the container has --memory-swap %lld: give a new one with --memory", (long long)subject.spec.limits.memory_swap);
	if (r == 0 && state_runs(subject.state.status))
		r = write_to_cgroup(&subject, *changes, err);
	if (r == 0)
		r = write_to_config(&subject, err);
	return r < 0 ? err_prefix(err, "container %s", subject.state.name) : 0;
}

static int parse_limits(const struct wish *wish, struct spec_limits *limits, struct err *err)
{
	bool any = false;
	for (const struct option *o = update_options; o->name; o++) {
		const char *text = o->kind == OPTION_TEXT ? *(const char *const *)((const char *)wish + o->offset) : NULL;
		int r = text ? limits_set(limits, o->name, text, err) : 0;
		if (r < 0)
			return r;
		any |= text != NULL;
	}
	if (wish->pids_limit && !limits->pids)
		limits->pids = NO_PIDS_LIMIT;
	if (wish->blkio_weight && !limits->blkio_weight)
		return err_set(err, -EINVAL, "--blkio-weight %s: it has to be a number from 10 to 1000", wish->blkio_weight);
	return any ? 0 : err_set(err, -EINVAL, "which limit? see xrun update --help");
}

int command_update(const struct globals *globals, int argc, char **argv, struct err *err)
{
	struct wish wish = { 0 };
	struct spec_limits limits = { 0 };
	cleanup_strv struct strv names = { 0 };
	cleanup_place struct place place = PLACE_CLOSED;
	int r = options_parse(update_options, &wish, argc, argv, false, &names, err);
	if (r == 0 && wish.help)
		return cli_print_help("update");
	if (r == 0 && names.len == 0)
		r = err_set(err, -EINVAL, "which container? see xrun update --help");
	if (r == 0)
		r = parse_limits(&wish, &limits, err);
	if (r == 0)
		r = place_open(&place, globals, err);
	for (size_t i = 0; r == 0 && i < names.len; i++) {
		r = update(&place, names.items[i], &limits, err);
		if (r == 0)
			puts(names.items[i]);
	}
	spec_limits_done(&limits);
	return r;
}
