/* SPDX-License-Identifier: GPL-2.0-or-later */
/* options.h owns command-line options: one table a command, from which parsing and --help both come. */
#ifndef XRUN_CLI_OPTIONS_H
#define XRUN_CLI_OPTIONS_H

#include "src/base/err.h"
#include "src/base/str.h"

#include <stddef.h>

/*
 * bool, const char *, struct strv, and const char * whose value only `=` can give ("" without): a heading is a row of --help
 * and nothing else; an absent one is docker's or podman's, for which the help says what to do instead: it is listed nowhere.
 */
enum option_kind { OPTION_SWITCH, OPTION_TEXT, OPTION_LIST, OPTION_MAYBE, OPTION_HEADING, OPTION_ABSENT };

struct option {
	const char *name;  /* long name without dashes, or a heading's text; NULL ends the table */
	char letter;       /* 0 for none */
	enum option_kind kind;
	size_t offset;     /* of the field in the target struct */
	const char *arg;   /* what --help calls the argument */
	const char *help;
};

/*
 * Fills target from argv. Options end at "--" or, with first_operand_ends, at the first operand. Operands go to
 * `operands`. Texts stay argv's. An unknown option or a missing argument is an error that says which.
 */
int options_parse(const struct option *table, void *target, int argc, char **argv, bool first_operand_ends,
	struct strv *operands, struct err *err);

/* Whether it can be given: a row that is neither a heading nor absent. */
bool option_is_real(const struct option *option);

/* The table as --help prints it. */
void options_help(const struct option *table, struct buf *ret_text);

#endif
