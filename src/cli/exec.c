/* SPDX-License-Identifier: GPL-2.0-or-later */
/* exec.c owns `xrun exec`. */
#include "src/cli/place.h"

#include "src/cli/front.h"
#include "src/cli/run.h"
#include "src/runtime/join.h"

#include <errno.h>
#include <unistd.h>

struct wish {
	const char *workdir, *user, *detach_keys;
	struct strv env, env_files;
	bool interactive, terminal, detach, privileged, help;
};

const struct option exec_options[] = {
	{ "interactive", 'i', OPTION_SWITCH, offsetof(struct wish, interactive), NULL, "keep standard input open" },
	{ "tty", 't', OPTION_SWITCH, offsetof(struct wish, terminal), NULL, "give the program a terminal" },
	{ "detach", 'd', OPTION_SWITCH, offsetof(struct wish, detach), NULL, "do not wait for it; its output goes nowhere" },
	{ "detach-keys", 0, OPTION_TEXT, offsetof(struct wish, detach_keys), "KEYS", "with -it, what leaves it running: letters or ctrl- and one; ctrl-p,ctrl-q" },
	{ "env", 'e', OPTION_LIST, offsetof(struct wish, env), "NAME[=VALUE]", "set an environment variable; without a value, pass ours on" },
	{ "env-file", 0, OPTION_LIST, offsetof(struct wish, env_files), "FILE", "environment variables from a file, one a line" },
	{ "workdir", 'w', OPTION_TEXT, offsetof(struct wish, workdir), "DIR", "working directory; the container's if not given" },
	{ "user", 'u', OPTION_TEXT, offsetof(struct wish, user), "USER[:GROUP]", "run as, by name or number" },
	{ "privileged", 0, OPTION_SWITCH, offsetof(struct wish, privileged), NULL, "every capability inside, and no seccomp filter" },
	{ "help", 'h', OPTION_SWITCH, offsetof(struct wish, help), NULL, "show this" },
	{ 0 },
};

/* The container's environment, with what was asked for on top. */
static int plan_env(const struct wish *wish, const struct spec *spec, struct strv *ret_env, struct err *err)
{
	struct request request = { 0 };
	strv_extend(&request.env, &wish->env);
	strv_extend(&request.env_files, &wish->env_files);
	strv_extend(ret_env, &spec->env);
	int r = cli_read_env_files(&request, err);
	if (r == 0)
		request_take_env(&request, environ, ret_env);
	request_done(&request);
	return r;
}

static int check(const struct wish *wish, const struct strv *operands, struct err *err)
{
	if (operands->len < 2)
		return err_set(err, -EINVAL, "%s see xrun exec --help", operands->len ? "which program?" : "which container?");
	if (wish->detach && (wish->terminal || wish->interactive))
		return err_set(err, -EINVAL, "exec -d runs without a terminal and input: leave out -i and -t");
	if (wish->workdir && *wish->workdir != '/')
		return err_set(err, -EINVAL, "-w %s: write it as an absolute path in the container", wish->workdir);
	return 0;
}

static int run(const struct globals *globals, const struct wish *wish, const struct strv *operands, struct err *err)
{
	if (front_ready_fd() >= 0)
		cli_forget_descriptors(front_ready_fd());
	cleanup_place struct place place = PLACE_CLOSED;
	cleanup_subject struct subject subject = SUBJECT_NONE;
	int r = place_open(&place, globals, err);
	if (r == 0)
		r = subject_find_running(&place, operands->items[0], &subject, err);
	if (r < 0)
		return r;
	const struct spec *spec = &subject.spec;
	struct join join = { .state = &subject.state, .spec = spec, .map = &place.map, .cwd = wish->workdir ? wish->workdir : spec->cwd,
		.user = wish->user ? wish->user : spec->user, .terminal = wish->terminal, .interactive = wish->interactive,
		.detach = wish->detach, .privileged = wish->privileged };
	strv_copy(&join.args, operands->items + 1);
	r = plan_env(wish, spec, &join.env, err);
	if (r == 0)
		r = join_run(&join, front_leave(), err);
	strv_done(&join.args);
	strv_done(&join.env);
	return r;
}

/* With a terminal it can be left: then another process goes on here. */
static bool stays_in_front(const struct wish *wish, int *ret_status, struct err *err)
{
	return wish->terminal && wish->interactive && front_stay(wish->detach_keys, "program", ret_status, err);
}

int command_exec(const struct globals *globals, int argc, char **argv, struct err *err)
{
	struct wish wish = { 0 };
	cleanup_strv struct strv operands = { 0 };
	int r = options_parse(exec_options, &wish, argc, argv, true, &operands, err);
	if (r == 0 && wish.help)
		r = cli_print_help("exec");
	else if (r == 0)
		r = check(&wish, &operands, err);
	if (r == 0 && !wish.help && !stays_in_front(&wish, &r, err))
		r = run(globals, &wish, &operands, err);
	strv_done(&wish.env);
	strv_done(&wish.env_files);
	return r;
}
