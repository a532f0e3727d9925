/* SPDX-License-Identifier: GPL-2.0-or-later */
/* attach.c owns `xrun attach`. */
#include "src/cli/place.h"

#include "src/runtime/attach.h"

#include <errno.h>
#include <stdio.h>

struct wish {
	const char *detach_keys;
	bool no_stdin, sig_proxy, help;
};

const struct option attach_options[] = {
	{ "no-stdin", 0, OPTION_SWITCH, offsetof(struct wish, no_stdin), NULL, "do not pass standard input on" },
	{ "sig-proxy", 0, OPTION_SWITCH, offsetof(struct wish, sig_proxy), NULL, "pass signals on (the default); =false: they end attach only" },
	{ "detach-keys", 0, OPTION_TEXT, offsetof(struct wish, detach_keys), "KEYS", "what leaves a container with a terminal; ctrl-p,ctrl-q" },
	{ "help", 'h', OPTION_SWITCH, offsetof(struct wish, help), NULL, "show this" },
	{ 0 },
};

static int run(const struct globals *globals, const struct wish *wish, const char *name, struct err *err)
{
	bool detached = false;
	cleanup_place struct place place = PLACE_CLOSED;
	cleanup_subject struct subject subject = SUBJECT_NONE;
	int r = place_open(&place, globals, err);
	if (r == 0)
		r = subject_find_running(&place, name, &subject, err);
	int connection_fd = r < 0 ? r : attach_connect(subject.dir_fd, err);
	if (connection_fd < 0)
		return r < 0 ? r : err_prefix(err, "container %s", name);
	const struct attach_wish what = { .input = subject.spec.interactive && !wish->no_stdin, .terminal = subject.spec.terminal,
		.pass_signals = wish->sig_proxy, .pid = subject.state.pid, .detach_keys = wish->detach_keys };
	r = attach_run(connection_fd, &what, &detached, err);
	if (r >= 0 && detached && what.terminal)
		fputs("\nxrun: left the container running\n", stderr);
	return r;
}

int command_attach(const struct globals *globals, int argc, char **argv, struct err *err)
{
	struct wish wish = { .sig_proxy = true };
	cleanup_strv struct strv operands = { 0 };
	int r = options_parse(attach_options, &wish, argc, argv, false, &operands, err);
	if (r == 0 && wish.help)
		return cli_print_help("attach");
	if (r == 0 && operands.len != 1)
		return err_set(err, -EINVAL, "which container? see xrun attach --help");
	return r < 0 ? r : run(globals, &wish, operands.items[0], err);
}
