/* SPDX-License-Identifier: GPL-2.0-or-later */
/* completion.c owns the shells' completions: commands, and each command's options. Arguments are files, as shells do. */
#include "src/manual/manual.h"

#include <stdio.h>
#include <string.h>

static void print_words(const struct option *table)
{
	for (; table && table->name; table++)
		if (table->kind != OPTION_HEADING)
			printf(" --%s", table->name);
}

static void print_commands(void)
{
	for (const struct command *c = cli_commands; c->name; c++)
		printf(" %s", c->name);
}

/* The word run may be left out, so its options are also offered first. */
static void print_bash(void)
{
	puts("# bash completion for xrun\n_xrun()\n{\n\tlocal words command=${COMP_WORDS[1]} cur=${COMP_WORDS[COMP_CWORD]}\n\tcase $command in");
	for (const struct command *c = cli_commands; c->name; c++) {
		printf("\t%s) words=\"", c->name);
		print_words(c->options);
		puts("\" ;;");
	}
	fputs("\t*) words=\" --root --runroot", stdout);
	print_words(run_options);
	fputs("\" ;;\n\tesac\n\tif [[ $COMP_CWORD == 1 && $cur != -* ]]; then\n\t\twords=\"", stdout);
	print_commands();
	puts("\"\n\telif [[ $cur != -* ]]; then\n\t\twords=\n\tfi\n\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n}\n"
	     "complete -o default -F _xrun xrun");
}

/* Single quotes surround the text. */
static void print_quoted(const char *text, const char *escape)
{
	for (; *text; text++) {
		if (*text == '\'')
			fputs("'\\''", stdout);
		else if (strchr(escape, *text))
			printf("\\%c", *text);
		else
			putchar(*text);
	}
}

static void print_zsh_options(const struct option *table)
{
	for (; table && table->name; table++) {
		if (table->kind == OPTION_HEADING)
			continue;
		printf("\t\t'%s--%s%s[", table->kind == OPTION_LIST ? "*" : "", table->name, table->arg && table->kind != OPTION_MAYBE ? "=" : "");
		print_quoted(table->help, "[]:");
		putchar(']');
		if (table->arg && table->kind != OPTION_MAYBE) {
			putchar(':');
			print_quoted(table->arg, ":");
			fputs(":_files", stdout);
		}
		puts("' \\");
	}
	puts("\t\t'*:file:_files'");
}

static void print_zsh(void)
{
	puts("#compdef xrun\nlocal -a commands\ncommands=(");
	for (const struct command *c = cli_commands; c->name; c++) {
		printf("\t'%s:", c->name);
		print_quoted(c->help, ":");
		puts("'");
	}
	puts(")\nif (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then\n\t_describe command commands\n\treturn\nfi\n"
	     "local command=$words[2]\nshift words\n(( CURRENT-- ))\ncase $command in");
	for (const struct command *c = cli_commands; c->name; c++) {
		printf("%s)\n\t_arguments \\\n", c->name);
		print_zsh_options(c->options);
		puts("\t;;");
	}
	puts("*)\n\t_arguments \\");
	print_zsh_options(run_options);
	puts("\t;;\nesac");
}

static void print_fish_options(const char *name, const struct option *table)
{
	for (; table && table->name; table++) {
		if (table->kind == OPTION_HEADING)
			continue;
		printf("complete -c xrun -n '__fish_seen_subcommand_from %s' -l %s", name, table->name);
		if (table->letter)
			printf(" -s %c", table->letter);
		printf("%s -d '", table->kind == OPTION_SWITCH || table->kind == OPTION_MAYBE ? "" : " -r");
		print_quoted(table->help, "");
		puts("'");
	}
}

static void print_fish(void)
{
	puts("# fish completion for xrun");
	for (const struct command *c = cli_commands; c->name; c++) {
		printf("complete -c xrun -f -n __fish_use_subcommand -a %s -d '", c->name);
		print_quoted(c->help, "");
		puts("'");
		print_fish_options(c->name, c->options);
	}
}

int manual_completion(const char *shell)
{
	if (strcmp(shell, "bash") == 0)
		print_bash();
	else if (strcmp(shell, "zsh") == 0)
		print_zsh();
	else if (strcmp(shell, "fish") == 0)
		print_fish();
	else
		return 1;
	return 0;
}
