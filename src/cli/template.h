/* SPDX-License-Identifier: GPL-2.0-or-later */
/* template.h owns --format as docker and podman have it: a text with {{.Fields}} (Go's text/template, the part people use). */
#ifndef XRUN_CLI_TEMPLATE_H
#define XRUN_CLI_TEMPLATE_H

#include "src/base/err.h"
#include "src/base/str.h"

#include <stdbool.h>

/*
 * Expands `format` over a JSON text, an object, as Go's text/template does: fields, if, else, with, range, variables, pipes, parentheses, the
 * blanks that {{- and -}} take away, comments, and the functions of template_function.c; \t and \n. Names may differ in upper and
 * lower case. What the object has not is an error that says so; what else there is in Go's templates, too.
 */
int template_expand(const char *format, const char *json, struct buf *ret_text, struct err *err);

/* "table ..." is such a text with a heading; a format that has no {{ is none. */
bool template_is_one(const char *format);
const char *template_without_table(const char *format);

/* The heading of a table: its fields' names in capitals. */
void template_heading(const char *format, struct buf *ret_text);

#endif
