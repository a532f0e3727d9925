/* SPDX-License-Identifier: GPL-2.0-or-later */
/* start.c owns `xrun start`: a container that has ended, or was only created, runs again. */
#include "src/cli/place.h"

#include "src/cli/front.h"
#include "src/cli/run.h"

#include <errno.h>

struct wish {
	const char *detach_keys;
	bool attach, interactive, help;
};

const struct option start_options[] = {
	{ "attach", 'a', OPTION_SWITCH, offsetof(struct wish, attach), NULL, "in the foreground: its output here, its exit status ours" },
	{ "interactive", 'i', OPTION_SWITCH, offsetof(struct wish, interactive), NULL, "with -a, pass standard input on" },
	{ "detach-keys", 0, OPTION_TEXT, offsetof(struct wish, detach_keys), "KEYS", "with -ai, what leaves a container with a terminal; ctrl-p,ctrl-q" },
	{ "help", 'h', OPTION_SWITCH, offsetof(struct wish, help), NULL, "show this" },
	{ 0 },
};

static int start_one(const struct place *place, struct subject *subject, void *context, struct err *err)
{
	const struct wish *wish = context;
	cleanup_store struct store store = STORE_CLOSED;
	if (subject->state.status != STATE_CREATED && subject->state.status != STATE_EXITED)
		return wish->attach ? err_set(err, -EBUSY, "container %s is running already; see xrun attach", subject->state.name) : 0;
	subject->spec.life.detach = !wish->attach;
	subject->spec.interactive = subject->spec.interactive && (!wish->attach || wish->interactive);
	int r = cli_hold_store(place->store_fd, &store, err);
	return r < 0 ? r : run_spec(&subject->spec, &place->map, place->store_fd, true, err);
}

/* The exit status is the program's, so the commands for many do not serve. */
static int start_attached(const struct globals *globals, const char *name, struct wish *wish, struct err *err)
{
	cleanup_place struct place place = PLACE_CLOSED;
	cleanup_subject struct subject subject = SUBJECT_NONE;
	int r = place_open(&place, globals, err);
	if (r == 0)
		r = subject_find(&place, name, &subject, err);
	return r < 0 ? r : start_one(&place, &subject, wish, err);
}

int command_start(const struct globals *globals, int argc, char **argv, struct err *err)
{
	struct wish wish = { 0 };
	cleanup_strv struct strv operands = { 0 };
	int r = options_parse(start_options, &wish, argc, argv, false, &operands, err);
	if (r == 0 && wish.help)
		return cli_print_help("start");
	if (r == 0 && operands.len == 0)
		return err_set(err, -EINVAL, "which container? see xrun start --help");
	if (r == 0 && wish.attach && operands.len > 1)
		return err_set(err, -EINVAL, "start -a takes one container");
	if (r < 0)
		return r;
	if (wish.attach && wish.interactive && front_stay(wish.detach_keys, "container", &r, err))
		return r;
	cli_forget_descriptors(front_ready_fd());
	return wish.attach ? start_attached(globals, operands.items[0], &wish, err) :
			     place_each(globals, &operands, &(struct each){ start_one, &wish }, err);
}
