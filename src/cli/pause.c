/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pause.c owns `xrun pause`, `xrun unpause` and `xrun update`: what is done to a container by its cgroups. */
#include "src/cli/pause.h"

#include "src/plan/limits.h"
#include "src/runtime/cgroup.h"
#include "src/runtime/containers.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct wish {
	const char *limits[11];
	bool help;
};

const struct option pause_options[] = {
	{ "help", 'h', OPTION_SWITCH, offsetof(struct wish, help), NULL, "show this" },
	{ 0 },
};

/* In the order of update_options. */
static const char *const limit_names[] = { "memory", "memory-swap", "memory-reservation", "cpus", "cpu-quota", "cpu-period", "cpu-shares",
	"cpuset-cpus", "cpuset-mems", "pids-limit", "blkio-weight" };

#define LIMIT(n) offsetof(struct wish, limits[n])
const struct option update_options[] = {
	{ "memory", 'm', OPTION_TEXT, LIMIT(0), "SIZE", "limit memory: 64m, 2g" },
	{ "memory-swap", 0, OPTION_TEXT, LIMIT(1), "SIZE", "limit memory and swap together; -1: no limit" },
	{ "memory-reservation", 0, OPTION_TEXT, LIMIT(2), "SIZE", "what is left to it when memory is short" },
	{ "cpus", 0, OPTION_TEXT, LIMIT(3), "NUMBER", "limit processor time: 0.5, 2" },
	{ "cpu-quota", 0, OPTION_TEXT, LIMIT(4), "MICROSECONDS", "processor time in each period" },
	{ "cpu-period", 0, OPTION_TEXT, LIMIT(5), "MICROSECONDS", "the period; 100000 by default" },
	{ "cpu-shares", 0, OPTION_TEXT, LIMIT(6), "NUMBER", "weight when processors are short; 1024 is usual" },
	{ "cpuset-cpus", 0, OPTION_TEXT, LIMIT(7), "LIST", "processors to run on: 0-3,8" },
	{ "cpuset-mems", 0, OPTION_TEXT, LIMIT(8), "LIST", "memory nodes to use" },
	{ "pids-limit", 0, OPTION_TEXT, LIMIT(9), "NUMBER", "limit the number of processes" },
	{ "blkio-weight", 0, OPTION_TEXT, LIMIT(10), "NUMBER", "weight when disks are busy: 10 to 1000" },
	{ "help", 'h', OPTION_SWITCH, offsetof(struct wish, help), NULL, "show this" },
	{ 0 },
};

/* A running one or a paused one. */
static int find(const struct place *place, const char *name, struct subject *ret_subject, struct err *err)
{
	int r = subject_find(place, name, ret_subject, err);
	if (r < 0 || ret_subject->state.status == STATE_RUNNING || ret_subject->state.status == STATE_PAUSED)
		return r;
	return err_set(err, -ESRCH, "container %s is not running: it is %s", ret_subject->state.name,
		state_status_text(ret_subject->state.status));
}

int pause_set(struct subject *subject, bool frozen, struct err *err)
{
	cleanup_cgroup struct cgroup cgroup = { 0 };
	int r = containers_write_file(subject->dir_fd, CGROUP_NOTE, "", 0, err); /* first: what is made from now on is removed */
	cgroup_of_process(&cgroup, subject->state.id, subject->state.pid);
	if (r == 0)
		r = cgroup_freeze(&cgroup, subject->state.id, subject->state.pid, frozen, err);
	if (r < 0)
		return err_prefix(err, "container %s", subject->state.name);
	subject->state.status = frozen ? STATE_PAUSED : STATE_RUNNING;
	return state_write(subject->dir_fd, &subject->state, err);
}

static int set_frozen(const struct place *place, const char *name, bool frozen, struct err *err)
{
	cleanup_subject struct subject subject = SUBJECT_NONE;
	int r = find(place, name, &subject, err);
	if (r < 0)
		return r;
	if ((subject.state.status == STATE_PAUSED) == frozen)
		return err_set(err, -EALREADY, "container %s is %s", subject.state.name, frozen ? "paused already" : "not paused");
	return pause_set(&subject, frozen, err);
}

static int command(const struct globals *globals, int argc, char **argv, bool frozen, struct err *err)
{
	const char *command = frozen ? "pause" : "unpause";
	struct wish wish = { 0 };
	cleanup_strv struct strv names = { 0 };
	cleanup_place struct place place = PLACE_CLOSED;
	int r = options_parse(pause_options, &wish, argc, argv, false, &names, err);
	if (r == 0 && wish.help)
		return cli_print_help(command);
	if (r == 0 && names.len == 0)
		r = err_set(err, -EINVAL, "which container? see xrun %s --help", command);
	if (r == 0)
		r = place_open(&place, globals, err);
	for (size_t i = 0; r == 0 && i < names.len; i++) {
		r = set_frozen(&place, names.items[i], frozen, err);
		if (r == 0)
			puts(names.items[i]);
	}
	return r;
}

int command_pause(const struct globals *globals, int argc, char **argv, struct err *err)
{
	return command(globals, argc, argv, true, err);
}

int command_unpause(const struct globals *globals, int argc, char **argv, struct err *err)
{
	return command(globals, argc, argv, false, err);
}

/* cgroup-parent cannot change while it runs: directories are looked for where they are. */
static int update(const struct place *place, const char *name, const struct spec_limits *limits, struct err *err)
{
	cleanup_cgroup struct cgroup cgroup = { 0 };
	cleanup_subject struct subject subject = SUBJECT_NONE;
	int r = find(place, name, &subject, err);
	if (r == 0)
		r = containers_write_file(subject.dir_fd, CGROUP_NOTE, "", 0, err);
	if (r < 0)
		return r;
	struct spec_limits wanted = *limits; /* borrowed strings */
	wanted.cgroup_parent = subject.spec.limits.cgroup_parent;
	if (!wanted.memory_bytes && wanted.memory_swap)
		wanted.memory_bytes = subject.spec.limits.memory_bytes;
	cgroup_of_process(&cgroup, subject.state.id, subject.state.pid);
	r = limits_check(&wanted, err);
	if (r == 0)
		r = cgroup_update(&cgroup, subject.state.id, subject.state.pid, &wanted, err);
	return r < 0 ? err_prefix(err, "container %s", subject.state.name) : 0;
}

static int parse_limits(const struct wish *wish, struct spec_limits *limits, struct err *err)
{
	bool any = false;
	for (size_t i = 0; i < sizeof limit_names / sizeof *limit_names; i++) {
		int r = wish->limits[i] ? limits_set(limits, limit_names[i], wish->limits[i], err) : 0;
		if (r < 0)
			return r;
		any |= wish->limits[i] != NULL;
	}
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
