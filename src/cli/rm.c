/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rm.c owns `xrun rm`, `xrun wait` and `xrun rename`. */
#include "src/cli/place.h"

#include "src/base/fd.h"
#include "src/plan/request.h"
#include "src/runtime/cgroup.h"
#include "src/runtime/containers.h"
#include "src/runtime/signal.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>

struct wish {
	const char *timeout;
	bool all, force, help;
	unsigned long long seconds;
};

const struct option rm_options[] = {
	{ "all", 'a', OPTION_SWITCH, offsetof(struct wish, all), NULL, "every container, instead of names" },
	{ "force", 'f', OPTION_SWITCH, offsetof(struct wish, force), NULL, "kill it first if it runs; one that is not there is no error" },
	{ "time", 't', OPTION_TEXT, offsetof(struct wish, timeout), "SECONDS", "with --force, stop it, and kill it after that time only" },
	{ "help", 'h', OPTION_SWITCH, offsetof(struct wish, help), NULL, "show this" },
	{ 0 },
};

const struct option wait_options[] = {
	{ "help", 'h', OPTION_SWITCH, offsetof(struct wish, help), NULL, "show this" },
	{ 0 },
};

const struct option rename_options[] = {
	{ "help", 'h', OPTION_SWITCH, offsetof(struct wish, help), NULL, "show this" },
	{ 0 },
};

/* One that removes itself when it ends may be gone before we get to it. */
static int rm_one(const struct place *place, struct subject *subject, void *context, struct err *err)
{
	const struct wish *wish = context;
	int number = wish->seconds && subject->spec.life.stop_signal ? subject->spec.life.stop_signal : SIGKILL;
	int r = wish->force ? signal_stop(subject->dir_fd, &subject->state, number, (unsigned)wish->seconds, err) : 0;
	if (r == 0 && wish->force && faccessat(subject->dir_fd, "lock", F_OK, 0) < 0)
		return 0;
	cleanup_fd int lock_fd = r < 0 ? r : containers_lock(subject->dir_fd, LOCK_CHANGE, true, err);
	if (lock_fd < 0)
		return lock_fd;
	if (containers_is_alive(subject->dir_fd))
		return err_set(err, -EBUSY, "container %s is running; stop it first, or give -f", subject->state.name);
	if (subject->state.lost)
		containers_sweep(place->containers_fd, &place->map);
	return containers_remove(place->containers_fd, &place->map, -1, subject->state.id, err);
}

int command_rm(const struct globals *globals, int argc, char **argv, struct err *err)
{
	struct wish wish = { 0 };
	cleanup_strv struct strv operands = { 0 };
	int r = options_parse(rm_options, &wish, argc, argv, false, &operands, err);
	if (r == 0 && wish.help)
		return cli_print_help("rm");
	if (r == 0 && wish.timeout && !wish.force)
		r = err_set(err, -EINVAL, "--time is for --force, which alone ends a container");
	if (r == 0 && wish.timeout && !str_to_u64(wish.timeout, 1000000, &wish.seconds))
		r = err_set(err, -EINVAL, "--time %s: not a number of seconds", wish.timeout);
	if (r == 0)
		r = place_choose(globals, "rm", wish.all, PLACE_ANY, &operands, err);
	return r < 0 ? r : place_each(globals, &operands, &(struct each){ rm_one, &wish, .missing_ok = wish.force || wish.all, .damaged_ok = true }, err);
}

static int wait_one(const struct place *place, struct subject *subject, void *context, struct err *err)
{
	struct err ignored;
	cleanup_state struct state state = { 0 };
	(void)place;
	(void)context;
	cleanup_fd int lock_fd = containers_await_end(subject->dir_fd, err);
	if (lock_fd < 0)
		return lock_fd;
	int status = containers_noted_exit(lock_fd);
	if (status < 0) /* its supervisor was killed before it could say */
		status = state_read(subject->dir_fd, &state, &ignored) == 0 ? state.exit_code : 128 + SIGKILL;
	printf("%d\n", status);
	return 0;
}

int command_wait(const struct globals *globals, int argc, char **argv, struct err *err)
{
	struct wish wish = { 0 };
	cleanup_strv struct strv operands = { 0 };
	int r = options_parse(wait_options, &wish, argc, argv, false, &operands, err);
	if (r == 0 && wish.help)
		return cli_print_help("wait");
	if (r == 0 && operands.len == 0)
		return err_set(err, -EINVAL, "which container? see xrun wait --help");
	return r < 0 ? r : place_each(globals, &operands, &(struct each){ wait_one, .quiet = true }, err);
}

static int rename_one(const struct place *place, struct subject *subject, void *context, struct err *err)
{
	return containers_rename(place->containers_fd, subject->state.id, context, err);
}

int command_rename(const struct globals *globals, int argc, char **argv, struct err *err)
{
	struct wish wish = { 0 };
	cleanup_strv struct strv operands = { 0 }, name = { 0 };
	int r = options_parse(rename_options, &wish, argc, argv, false, &operands, err);
	if (r == 0 && wish.help)
		return cli_print_help("rename");
	if (r == 0 && operands.len != 2)
		return err_set(err, -EINVAL, "which container, and what is its new name? see xrun rename --help");
	if (r == 0)
		r = request_check_name(operands.items[1], err);
	if (r < 0)
		return r;
	strv_add(&name, operands.items[0]);
	return place_each(globals, &name, &(struct each){ rename_one, operands.items[1], .quiet = true }, err);
}
