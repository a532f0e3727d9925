/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * completion.c owns the shells' completions: commands, each command's options, and the names of containers and images, which xrun is
 * asked for. What takes which is told by the usage lines. Other arguments are files, as shells do.
 */
#include "src/manual/manual.h"

#include "src/base/str.h"

#include <stdio.h>
#include <string.h>

static void print_words(const struct option *table)
{
	for (; table && table->name; table++)
		if (option_is_real(table))
			printf(" --%s", table->name);
}

#define LIST_CONTAINERS "ps -a --format '{{.Names}}'"
#define LIST_IMAGES "images --format '{{.Name}}'"

/* What the command's first operand is a name of. */
static bool takes_container(const struct command *command)
{
	return strstr(command->usage, "CONTAINER");
}

static bool takes_image(const struct command *command)
{
	return strstr(command->usage, "IMAGE") && !str_eq(command->name, "commit");
}

static void print_commands(void)
{
	for (const struct command *c = cli_commands; c->name; c++)
		printf(" %s", c->name);
}

static void print_bash_names(const struct command *command)
{
	if (takes_container(command))
		fputs(" _xrun_names " LIST_CONTAINERS ";", stdout);
	if (takes_image(command))
		fputs(" _xrun_names " LIST_IMAGES ";", stdout);
}

/*
 * The word run may be left out, so its options are also offered first, and images where no command begins so. A colon ends a word for bash, in
 * a name it does not. compgen -W would expand what stands in names.
 */
static const char bash_functions[] =
	"# bash completion for xrun\n"
	"_xrun_names()\n{\n"
	"\tlocal name known=\n"
	"\t[[ $cur != *:* || $COMP_WORDBREAKS != *:* ]] || known=${cur%:*}:\n"
	"\twhile read -r name; do\n"
	"\t\t[[ $name != \"$cur\"* ]] || COMPREPLY+=(\"${name#\"$known\"}\")\n"
	"\tdone < <(\"${COMP_WORDS[0]}\" \"$@\" 2>/dev/null)\n}\n\n"
	"_xrun()\n{\n"
	"\tlocal words line=${COMP_LINE:0:COMP_POINT} command=${COMP_WORDS[1]}\n"
	"\tlocal cur=${line##*[[:space:]]}\n"
	"\tCOMPREPLY=()\n";

static const char bash_options[] =
	"\tif [[ $cur == -* ]]; then\n"
	"\t\tcase $command in\n";

static const char bash_operands[] =
	"\t\tesac\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
	"\telif [[ ${line%[[:space:]]\"$cur\"} != *[[:space:]]* ]]; then\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -W \"$commands\" -- \"$cur\")\n"
	"\t\t[[ ${#COMPREPLY[@]} != 0 ]] || _xrun_names " LIST_IMAGES "\n"
	"\telse\n"
	"\t\tcase $command in\n";

static const char bash_end[] =
	"\t\tesac\n"
	"\tfi\n}\n"
	"complete -o default -F _xrun xrun";

static void print_bash(void)
{
	printf("%s\tlocal commands=\"", bash_functions);
	print_commands();
	printf("\"\n%s", bash_options);
	for (const struct command *c = cli_commands; c->name; c++) {
		printf("\t\t%s) words=\"", c->name);
		print_words(c->options);
		puts("\" ;;");
	}
	fputs("\t\t*) words=\" --root --runroot", stdout);
	print_words(run_options);
	printf("\" ;;\n%s", bash_operands);
	for (const struct command *c = cli_commands; c->name; c++) {
		if (!takes_container(c) && !takes_image(c))
			continue;
		printf("\t\t%s)", c->name);
		print_bash_names(c);
		puts(" ;;");
	}
	puts(bash_end);
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

static void print_zsh_options(const struct option *table, const struct command *command)
{
	for (; table && table->name; table++) {
		if (!option_is_real(table))
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
	if (command && takes_container(command))
		puts(takes_image(command) ? "\t\t'*:container or image:_xrun_both'" : "\t\t'*:container:_xrun_containers'");
	else
		puts(command && takes_image(command) ? "\t\t'*:image:_xrun_images'" : "\t\t'*:file:_files'");
}

static const struct command *find_run(void)
{
	const struct command *c = cli_commands;
	while (c->options != run_options)
		c++;
	return c;
}

static void print_zsh(void)
{
	puts("#compdef xrun\n"
	     "_xrun_names() { local -a names=(${(f)\"$(xrun \"$@\" 2>/dev/null)\"}); compadd -a names; }\n"
	     "_xrun_containers() { _xrun_names " LIST_CONTAINERS "; _files; }\n"
	     "_xrun_images() { _xrun_names " LIST_IMAGES "; _files; }\n"
	     "_xrun_both() { _xrun_names " LIST_CONTAINERS "; _xrun_names " LIST_IMAGES "; }\n"
	     "local -a commands\ncommands=(");
	for (const struct command *c = cli_commands; c->name; c++) {
		printf("\t'%s:", c->name);
		print_quoted(c->help, ":");
		puts("'");
	}
	puts(")\nif (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then\n\t_describe command commands || _xrun_names " LIST_IMAGES "\n\treturn\nfi\n"
	     "local command=$words[2]\nshift words\n(( CURRENT-- ))\ncase $command in");
	for (const struct command *c = cli_commands; c->name; c++) {
		printf("%s)\n\t_arguments \\\n", c->name);
		print_zsh_options(c->options, c);
		puts("\t;;");
	}
	puts("*) # run was left out\n\twords=(xrun \"$words[@]\")\n\t(( CURRENT++ ))\n\t_arguments \\");
	print_zsh_options(run_options, find_run());
	puts("\t;;\nesac");
}

/* `when`: a condition in fish's words. */
static void print_fish_options(const char *when, const struct option *table)
{
	for (; table && table->name; table++) {
		if (!option_is_real(table))
			continue;
		printf("complete -c xrun -n '%s' -l %s", when, table->name);
		if (table->letter)
			printf(" -s %c", table->letter);
		printf("%s -d '", table->kind == OPTION_SWITCH || table->kind == OPTION_MAYBE ? "" : " -r");
		print_quoted(table->help, "");
		puts("'");
	}
}

static void print_fish_names(const struct command *command)
{
	const char *const containers = takes_container(command) ? "(xrun " LIST_CONTAINERS " 2>/dev/null) " : "";
	const char *const images = takes_image(command) ? "(xrun " LIST_IMAGES " 2>/dev/null)" : "";
	if (*containers || *images)
		printf("complete -c xrun -n '__fish_seen_subcommand_from %s' -a \"%s%s\"\n", command->name, containers, images);
}

static void print_fish(void)
{
	puts("# fish completion for xrun");
	for (const struct command *c = cli_commands; c->name; c++) {
		printf("complete -c xrun -f -n __fish_use_subcommand -a %s -d '", c->name);
		print_quoted(c->help, "");
		puts("'");
		print_fish_names(c);
		cleanup_free char *when = str_fmt("__fish_seen_subcommand_from %s", c->name);
		print_fish_options(when, c->options);
	}
	print_fish_options("__fish_use_subcommand", run_options); /* run may be left out */
	puts("complete -c xrun -n __fish_use_subcommand -a \"(xrun " LIST_IMAGES " 2>/dev/null)\"");
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
