/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * manual owns what is written out of the table of commands when xrun is built: "manual page NAME" prints the page of
 * xrun-NAME(1), "manual list" the part of xrun(1) that lists them, "manual completion bash|zsh|fish" a shell's
 * completions, "manual commands" the commands' names, "manual oci" the page xrun-oci(1).
 */
#include "src/manual/manual.h"

#include <stdio.h>
#include <string.h>

static const struct command *find(const char *name)
{
	for (const struct command *c = cli_commands; c->name; c++)
		if (strcmp(c->name, name) == 0)
			return c;
	return NULL;
}

static int print_names(void)
{
	for (const struct command *c = cli_commands; c->name; c++)
		puts(c->name);
	return 0;
}

static int print_page(const char *name)
{
	const struct command *command = find(name);
	if (command)
		manual_page(command);
	return !command;
}

int main(int argc, char **argv)
{
	int status = 1;
	if (argc == 2 && strcmp(argv[1], "commands") == 0)
		status = print_names();
	else if (argc == 2 && strcmp(argv[1], "list") == 0)
		status = manual_list();
	else if (argc == 2 && strcmp(argv[1], "oci") == 0)
		status = (manual_oci(), 0);
	else if (argc == 3 && strcmp(argv[1], "page") == 0)
		status = print_page(argv[2]);
	else if (argc == 3 && strcmp(argv[1], "completion") == 0)
		status = manual_completion(argv[2]);
	if (status)
		fputs("usage: manual commands | list | oci | page COMMAND | completion bash|zsh|fish\n", stderr);
	return status;
}
