/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stop.c owns `xrun stop`, `xrun kill` and `xrun restart`. */
#include "src/cli/place.h"

#include "src/base/signals.h"
#include "src/cli/run.h"
#include "src/runtime/containers.h"
#include "src/runtime/signal.h"

#include <errno.h>
#include <signal.h>

struct wish {
	const char *timeout, *signal;
	bool all, help;
	int number;            /* of signal; 0: the container's */
	unsigned long long seconds;
};

enum { ALIVE = 1 << STATE_RUNNING | 1 << STATE_PAUSED | 1 << STATE_RESTARTING };

const struct option stop_options[] = {
	{ "all", 'a', OPTION_SWITCH, offsetof(struct wish, all), NULL, "every container, instead of names" },
	{ "time", 't', OPTION_TEXT, offsetof(struct wish, timeout), "SECONDS", "how long to wait before killing it; --stop-timeout's, or 10" },
	{ "signal", 's', OPTION_TEXT, offsetof(struct wish, signal), "SIGNAL", "instead of --stop-signal's, or the image's, or TERM" },
	{ "help", 'h', OPTION_SWITCH, offsetof(struct wish, help), NULL, "show this" },
	{ 0 },
};

const struct option kill_options[] = {
	{ "all", 'a', OPTION_SWITCH, offsetof(struct wish, all), NULL, "every container that runs, instead of names" },
	{ "signal", 's', OPTION_TEXT, offsetof(struct wish, signal), "SIGNAL", "by name or number; KILL if not given" },
	{ "help", 'h', OPTION_SWITCH, offsetof(struct wish, help), NULL, "show this" },
	{ 0 },
};

static int parse(const struct option *options, int argc, char **argv, struct wish *ret_wish, struct strv *operands, struct err *err)
{
	int r = options_parse(options, ret_wish, argc, argv, false, operands, err);
	if (r < 0 || ret_wish->help)
		return r;
	ret_wish->number = ret_wish->signal ? signal_by_name(ret_wish->signal) : 0;
	if (ret_wish->signal && !ret_wish->number)
		return err_set(err, -EINVAL, "--signal %s: no such signal", ret_wish->signal);
	if (ret_wish->timeout && !str_to_u64(ret_wish->timeout, 1000000, &ret_wish->seconds))
		return err_set(err, -EINVAL, "--time %s: not a number of seconds", ret_wish->timeout);
	return 0;
}

static int stop(const struct subject *subject, const struct wish *wish, struct err *err)
{
	const struct spec_life *life = &subject->spec.life;
	return signal_stop(subject->dir_fd, &subject->state, wish->number ? wish->number : life->stop_signal,
		wish->timeout ? (unsigned)wish->seconds : life->stop_timeout, err);
}

static int stop_one(const struct place *place, struct subject *subject, void *context, struct err *err)
{
	(void)place;
	return stop(subject, context, err);
}

int command_stop(const struct globals *globals, int argc, char **argv, struct err *err)
{
	struct wish wish = { 0 };
	cleanup_strv struct strv operands = { 0 };
	int r = parse(stop_options, argc, argv, &wish, &operands, err);
	if (r == 0 && wish.help)
		return cli_print_help("stop");
	if (r == 0)
		r = place_choose(globals, "stop", wish.all, ALIVE, &operands, err);
	return r < 0 ? r : place_each(globals, &operands, &(struct each){ stop_one, &wish, .missing_ok = wish.all }, err);
}

static int restart_one(const struct place *place, struct subject *subject, void *context, struct err *err)
{
	cleanup_store struct store store = STORE_CLOSED;
	if (!subject->spec.life.keep)
		return err_set(err, -EINVAL, "container %s is removed when it ends, and cannot be started again", subject->state.name);
	int r = stop(subject, context, err);
	subject->spec.life.detach = true;
	if (r == 0)
		r = cli_hold_store(place->store_fd, &store, err);
	return r < 0 ? r : run_spec(&subject->spec, &place->map, place->store_fd, true, err);
}

int command_restart(const struct globals *globals, int argc, char **argv, struct err *err)
{
	struct wish wish = { 0 };
	cleanup_strv struct strv operands = { 0 };
	int r = parse(stop_options, argc, argv, &wish, &operands, err);
	if (r == 0 && wish.help)
		return cli_print_help("restart");
	if (r == 0)
		r = place_choose(globals, "restart", wish.all, PLACE_ANY, &operands, err);
	cli_forget_descriptors(-1);
	return r < 0 ? r : place_each(globals, &operands, &(struct each){ restart_one, &wish, .missing_ok = wish.all }, err);
}

/* What is killed is to stay so, whatever --restart says. */
static int kill_one(const struct place *place, struct subject *subject, void *context, struct err *err)
{
	const struct wish *wish = context;
	(void)place;
	int number = wish->number ? wish->number : SIGKILL;
	int r = number == SIGKILL ? containers_write_file(subject->dir_fd, "stop", "", 0, err) : 0;
	return r < 0 ? r : signal_container(&subject->state, number, true, err);
}

int command_kill(const struct globals *globals, int argc, char **argv, struct err *err)
{
	struct wish wish = { 0 };
	cleanup_strv struct strv operands = { 0 };
	int r = parse(kill_options, argc, argv, &wish, &operands, err);
	if (r == 0 && wish.help)
		return cli_print_help("kill");
	if (r == 0)
		r = place_choose(globals, "kill", wish.all, ALIVE, &operands, err);
	return r < 0 ? r : place_each(globals, &operands, &(struct each){ kill_one, &wish, .missing_ok = wish.all }, err);
}
