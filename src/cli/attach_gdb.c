/* SPDX-License-Identifier: GPL-2.0-or-later */
/* attach_gdb.c owns `xrun debug`. */
#include "src/cli/debug.h"
#include "src/cli/place.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

struct wish {
	bool print, help;
};

const struct option debug_options[] = {
	{ "print", 0, OPTION_SWITCH, offsetof(struct wish, print), NULL, "print the command instead of executing it" },
	{ "help", 'h', OPTION_SWITCH, offsetof(struct wish, help), NULL, "show this" },
	{ 0 },
};

/* The program itself: with --init it is the first process' child, but then its number is not ours to tell apart. */
static char *native_command(const struct state *state)
{
	return str_fmt("gdb" DEBUG_NO_SCRIPTS " -ex 'set sysroot /proc/%d/root' -ex 'attach %d'", state->pid, state->pid);
}

static int find_command(const struct globals *globals, const char *name, char **ret_command, struct err *err)
{
	cleanup_place struct place place = PLACE_CLOSED;
	cleanup_subject struct subject subject = SUBJECT_NONE;
	int r = place_open(&place, globals, err);
	if (r == 0)
		r = subject_find_running(&place, name, &subject, err);
	if (r < 0)
		return r;
	*ret_command = subject.spec.emulated ? debug_gdb_command(&subject.spec, place.store_fd) : native_command(&subject.state);
	if (!*ret_command)
		return err_set(err, -EOPNOTSUPP, "%s runs in an emulator, which takes no debugger later: start it with `xrun run --debuggable`", name);
	return 0;
}

int command_debug(const struct globals *globals, int argc, char **argv, struct err *err)
{
	struct wish wish = { 0 };
	cleanup_strv struct strv operands = { 0 };
	cleanup_free char *command = NULL;
	int r = options_parse(debug_options, &wish, argc, argv, false, &operands, err);
	if (r == 0 && wish.help)
		return cli_print_help("debug");
	if (r == 0 && operands.len != 1)
		r = err_set(err, -EINVAL, "debug takes one container; see xrun debug --help");
	if (r == 0)
		r = find_command(globals, operands.items[0], &command, err);
	if (r < 0)
		return r;
	if (wish.print)
		return cli_puts(command) < 0 ? err_sys(err, "cannot write the command") : 0;
	cleanup_free char *line = str_fmt("exec %s", command);
	execl("/bin/sh", "sh", "-c", line, NULL);
	return err_sys(err, "cannot execute /bin/sh; the command is: %s", command);
}
