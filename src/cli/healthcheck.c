/* SPDX-License-Identifier: GPL-2.0-or-later */
/* healthcheck.c owns `xrun healthcheck run`. */
#include "src/cli/place.h"

#include "src/runtime/health.h"

#include <errno.h>
#include <stdio.h>

struct wish {
	bool help;
};

const struct option healthcheck_options[] = {
	{ "help", 'h', OPTION_SWITCH, offsetof(struct wish, help), NULL, "show this" },
	{ 0 },
};

static int ask(const struct globals *globals, const char *name, struct err *err)
{
	cleanup_place struct place place = PLACE_CLOSED;
	cleanup_subject struct subject subject = SUBJECT_NONE;
	int r = place_open(&place, globals, err);
	if (r == 0)
		r = subject_find_running(&place, name, &subject, err);
	if (r == 0 && !subject.spec.life.health.test.len)
		r = err_set(err, -EINVAL, "container %s has no check: neither its image nor --health-cmd says one", name);
	if (r == 0)
		r = health_ask(&subject.state, &subject.spec, &place.map, err);
	if (r == 0)
		puts("unhealthy"); /* podman-healthcheck-run(1) */
	return r < 0 ? r : !r;
}

int command_healthcheck(const struct globals *globals, int argc, char **argv, struct err *err)
{
	struct wish wish = { 0 };
	cleanup_strv struct strv operands = { 0 };
	int r = options_parse(healthcheck_options, &wish, argc, argv, false, &operands, err);
	if (r == 0 && wish.help)
		return cli_print_help("healthcheck");
	if (r == 0 && (operands.len != 2 || !str_eq(operands.items[0], "run")))
		return err_set(err, -EINVAL, "which container? xrun healthcheck run CONTAINER");
	return r < 0 ? r : ask(globals, operands.items[1], err);
}
