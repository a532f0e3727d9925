/* SPDX-License-Identifier: GPL-2.0-or-later */
/* page.c owns a command's manual page, in the macros of man(7). */
#include "src/manual/manual.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* groff_char(7): a bare '-' is a hyphen, which nobody can paste into a shell; a line's first '.' or ''' is a request. */
void manual_text(const char *text, size_t len)
{
	if (len && (*text == '.' || *text == '\''))
		fputs("\\&", stdout);
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '-')
			fputs("\\-", stdout);
		else if (text[i] == '\\')
			fputs("\\e", stdout);
		else
			putchar(text[i]);
	}
}

static void print_option(const struct option *option)
{
	puts(".TP");
	fputs("\\fB", stdout);
	if (option->letter)
		printf("\\-%c\\fR, \\fB", option->letter);
	fputs("\\-\\-", stdout);
	manual_text(option->name, strlen(option->name));
	fputs("\\fR", stdout);
	if (option->arg) {
		fputs(option->kind == OPTION_MAYBE ? "\\fI" : " \\fI", stdout);
		manual_text(option->arg, strlen(option->arg));
		fputs("\\fR", stdout);
	}
	putchar('\n');
	manual_text(option->help, strlen(option->help));
	putchar('\n');
}

void manual_options(const struct option *table)
{
	for (; table->name; table++) {
		if (table->kind == OPTION_HEADING)
			printf(".SS %s\n", table->name);
		else if (option_is_real(table))
			print_option(table);
	}
}

/* Lines that begin with two blanks are literal; an empty one ends a paragraph. */
void manual_prose(const char *text)
{
	bool literal = false;
	for (const char *line = text; line && *line;) {
		size_t len = strcspn(line, "\n");
		bool example = len > 2 && strncmp(line, "  ", 2) == 0;
		if (example != literal)
			puts(example ? ".PP\n.EX" : ".EE");
		literal = example;
		if (len)
			manual_text(line, len);
		else
			fputs(".PP", stdout);
		putchar('\n');
		line += len + (line[len] != 0);
	}
	if (literal)
		puts(".EE");
}

void manual_page(const struct command *command)
{
	fputs(".\\\" SPDX-License-Identifier: GPL-2.0-or-later\n.TH XRUN\\-", stdout);
	for (const char *at = command->name; *at; at++)
		putchar(toupper((unsigned char)*at));
	printf(" 1 \"\" \"xrun\" \"User Commands\"\n.SH NAME\nxrun\\-%s \\- ", command->name);
	manual_text(command->help, strlen(command->help));
	printf("\n.SH SYNOPSIS\n.B xrun %s\n", command->name);
	if (*command->usage)
		manual_text(command->usage, strlen(command->usage));
	putchar('\n');
	if (command->text) {
		puts(".SH DESCRIPTION");
		manual_prose(command->text);
	}
	if (command->options)
		puts(".SH OPTIONS");
	if (command->options)
		manual_options(command->options);
	puts(".SH \"SEE ALSO\"\n.BR xrun (1)");
}

int manual_list(void)
{
	for (const struct command *c = cli_commands; c->name; c++) {
		printf(".TP\n.BR xrun\\-%s (1)\n", c->name);
		manual_text(c->help, strlen(c->help));
		putchar('\n');
	}
	return 0;
}
