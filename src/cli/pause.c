/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pause.c owns `xrun pause` and `xrun unpause`. */
#include "src/cli/pause.h"

#include "src/runtime/cgroup.h"
#include "src/runtime/containers.h"

#include <errno.h>

struct wish {
	bool all, help;
};

const struct option pause_options[] = {
	{ "all", 'a', OPTION_SWITCH, offsetof(struct wish, all), NULL, "every container that runs (or, to go on, is paused), instead of names" },
	{ "help", 'h', OPTION_SWITCH, offsetof(struct wish, help), NULL, "show this" },
	{ 0 },
};

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

/* One whose pause was broken off may go on, though its state does not say that it is paused. */
static bool is_frozen(const struct subject *subject)
{
	cleanup_cgroup struct cgroup cgroup = { 0 };
	if (subject->state.status == STATE_PAUSED)
		return true;
	cgroup_of_process(&cgroup, subject->state.id, subject->state.pid);
	return cgroup_is_to_freeze(&cgroup);
}

static int change(struct subject *subject, bool frozen, struct err *err)
{
	enum state_status status = subject->state.status;
	if (!state_runs(status))
		return err_set(err, -ESRCH, "container %s is not running: it is %s", subject->state.name, state_status_text(status));
	if (frozen ? status == STATE_PAUSED : !is_frozen(subject))
		return err_set(err, -EALREADY, "container %s is %s", subject->state.name, frozen ? "paused already" : "not paused");
	return pause_set(subject, frozen, err);
}

static int pause_one(const struct place *place, struct subject *subject, void *context, struct err *err)
{
	(void)place;
	(void)context;
	return change(subject, true, err);
}

static int unpause_one(const struct place *place, struct subject *subject, void *context, struct err *err)
{
	(void)place;
	(void)context;
	return change(subject, false, err);
}

static int command(const struct globals *globals, const char *name, enum state_status from, const struct each *each, int argc, char **argv,
	struct err *err)
{
	struct wish wish = { 0 };
	cleanup_strv struct strv names = { 0 };
	int r = options_parse(pause_options, &wish, argc, argv, false, &names, err);
	if (r == 0 && wish.help)
		return cli_print_help(name);
	if (r == 0)
		r = place_choose(globals, name, wish.all, 1u << from, &names, err);
	return r < 0 ? r : place_each(globals, &names, each, err);
}

int command_pause(const struct globals *globals, int argc, char **argv, struct err *err)
{
	return command(globals, "pause", STATE_RUNNING, &(struct each){ pause_one }, argc, argv, err);
}

int command_unpause(const struct globals *globals, int argc, char **argv, struct err *err)
{
	return command(globals, "unpause", STATE_PAUSED, &(struct each){ unpause_one }, argc, argv, err);
}
