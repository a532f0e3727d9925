/* SPDX-License-Identifier: GPL-2.0-or-later */
/* program.c owns what a program of the caller's own is given, other than an image's. Pure. */
#include "src/plan/parts.h"

#include <string.h>

static bool is_below(const char *path, const char *directory)
{
	size_t len = strlen(directory);
	return strncmp(path, directory, len) == 0 && (path[len] == '/' || path[len] == 0);
}

void plan_program(const struct request *q, struct spec *spec)
{
	const struct request_program *program = &q->program;
	bool needs_tmp = program->alone;
	if (!program->path)
		return;
	for (size_t i = 0; i < program->binds.len; i++)
		needs_tmp = needs_tmp && !str_eq(program->binds.items[i], "/tmp");
	for (size_t i = 0; i < q->volumes.len; i++)
		needs_tmp = needs_tmp && !strstr(q->volumes.items[i], ":/tmp");
	for (size_t i = 0; i < q->tmpfs.len; i++)
		needs_tmp = needs_tmp && !is_below(q->tmpfs.items[i], "/tmp");
	if (needs_tmp) /* first, since the current directory may be below it */
		spec_add_mount(spec, NULL, "/tmp", false);
	for (size_t i = 0; i < program->binds.len; i++)
		spec_add_mount(spec, program->binds.items[i], program->binds.items[i], false);
	spec->interactive = !spec->terminal || spec->interactive;
	spec->init = true;
}

/* What says how to talk to the user. The rest may be secrets, and the program a stranger's: --env-host passes it on. */
void plan_program_env(char *const *caller_env, struct spec *spec)
{
	static const char *const names[] = { "TERM=", "COLORTERM=", "NO_COLOR=", "LANG=", "LANGUAGE=", "LC_", "TZ=", "COLUMNS=", "LINES=" };
	for (; caller_env && *caller_env; caller_env++)
		for (size_t i = 0; i < sizeof names / sizeof *names; i++)
			if (str_starts(*caller_env, names[i]) && strchr(*caller_env, '='))
				strv_env_set(&spec->env, *caller_env);
}
