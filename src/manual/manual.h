/* SPDX-License-Identifier: GPL-2.0-or-later */
/* manual.h owns the forms in which the table of commands is written out. */
#ifndef XRUN_MANUAL_MANUAL_H
#define XRUN_MANUAL_MANUAL_H

#include "src/cli/cli.h"

/* Prints the page of one command as man(7) text. */
void manual_page(const struct command *command);

/* Prints the list of commands, for xrun(1). 0. */
int manual_list(void);

/* Prints xrun-oci(1), of its own table of commands. */
void manual_oci(void);

/* Prints options as .TP paragraphs, headings as subsections; a text, escaped; prose whose lines with two blanks are literal. */
void manual_options(const struct option *table);
void manual_text(const char *text, size_t len);
void manual_prose(const char *text);

/* Prints the completions of one shell. 0, or 1 for a shell that is not known. */
int manual_completion(const char *shell);

#endif
