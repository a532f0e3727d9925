/* SPDX-License-Identifier: GPL-2.0-or-later */
/* update.c owns `xrun update`: limits of containers that are there. */
#include "src/cli/place.h"

#include "src/cli/limit_options.h"
#include "src/plan/config.h"
#include "src/plan/limits.h"
#include "src/runtime/cgroup.h"
#include "src/runtime/containers.h"

#include <errno.h>
#include <string.h>

/* Linux, include/linux/threads.h: no machine has more. A limit that is there cannot be left out, only raised. */
enum { NO_PIDS_LIMIT = 4194304 };

struct wish {
	struct request_limits limits;
	bool help;
};

const struct option update_options[] = {
	LIMIT_OPTIONS(offsetof(struct wish, limits)),
	{ "help", 'h', OPTION_SWITCH, offsetof(struct wish, help), NULL, "show this" },
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

static int update_one(const struct place *place, struct subject *subject, void *context, struct err *err)
{
	const struct spec_limits *changes = context;
	struct spec_limits *limits = &subject->spec.limits;
	(void)place;
	int r = limits_merge(limits, changes, err);
	if (r < 0 && changes->memory_bytes && !changes->memory_swap && limits->memory_swap > 0)
		err_append(err, "; the container has --memory-swap %lld: give a new one with --memory", (long long)limits->memory_swap);
	if (r == 0 && state_runs(subject->state.status))
		r = write_to_cgroup(subject, *changes, err);
	if (r == 0)
		r = write_to_config(subject, err);
	return r < 0 ? err_prefix(err, "container %s", subject->state.name) : 0;
}

static int take_limits(const struct request_limits *asked, struct spec_limits *limits, struct err *err)
{
	cleanup_strv struct strv given = { 0 };
	int r = limits_take(asked, limits, err);
	if (r < 0)
		return r;
	if (asked->pids_limit && !limits->pids)
		limits->pids = NO_PIDS_LIMIT;
	if (asked->blkio_weight && !limits->blkio_weight)
		return err_set(err, -EINVAL, "--blkio-weight %s: it has to be a number from 10 to 1000", asked->blkio_weight);
	limits_describe(limits, &given);
	return given.len ? 0 : err_set(err, -EINVAL, "which limit? see xrun update --help");
}

int command_update(const struct globals *globals, int argc, char **argv, struct err *err)
{
	struct wish wish = { 0 };
	struct spec_limits limits = { 0 };
	cleanup_strv struct strv names = { 0 };
	int r = options_parse(update_options, &wish, argc, argv, false, &names, err);
	if (r == 0 && wish.help)
		return cli_print_help("update");
	if (r == 0 && names.len == 0)
		r = err_set(err, -EINVAL, "which container? see xrun update --help");
	if (r == 0)
		r = take_limits(&wish.limits, &limits, err);
	if (r == 0)
		r = place_each(globals, &names, &(struct each){ update_one, &limits }, err);
	spec_limits_done(&limits);
	return r;
}
