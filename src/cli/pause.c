/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pause.c owns `xrun pause` and `xrun unpause`. */
#include "src/cli/pause.h"

#include "src/runtime/cgroup.h"
#include "src/runtime/containers.h"

#include <errno.h>
#include <stdio.h>

struct wish {
	bool all, help;
};

const struct option pause_options[] = {
	{ "all", 'a', OPTION_SWITCH, offsetof(struct wish, all), NULL, "every container that runs (or, to go on, is paused), instead of names" },
	{ "help", 'h', OPTION_SWITCH, offsetof(struct wish, help), NULL, "show this" },
	{ 0 },
};

/* A running one or a paused one. */
static int find(const struct place *place, const char *name, struct subject *ret_subject, struct err *err)
{
	int r = subject_find(place, name, ret_subject, err);
	if (r < 0 || state_runs(ret_subject->state.status))
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
	if (r == 0)
		r = place_choose(globals, command, wish.all, 1u << (frozen ? STATE_RUNNING : STATE_PAUSED), &names, err);
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
