/* SPDX-License-Identifier: GPL-2.0-or-later */
/* template_value.h owns the values in a --format: fields, texts, variables, calls of functions, pipes. For template.c. */
#ifndef XRUN_CLI_TEMPLATE_VALUE_H
#define XRUN_CLI_TEMPLATE_VALUE_H

#include "src/base/err.h"
#include "src/base/str.h"

#include <jansson.h>
#include <stdbool.h>

enum { TEMPLATE_VARIABLES = 32, TEMPLATE_DEPTH = 50 };

struct template_variable {
	char *name;
	json_t *value;
};

/* Where in the text we are; what follows there is what the functions take, and they stop behind it. */
struct template_walk {
	const char *at;
	json_t *root;
	struct buf *text; /* what has been made of it */
	struct template_variable variables[TEMPLATE_VARIABLES];
	size_t variable_count;
	int depth;        /* of parentheses and of parts with an {{end}}, at most TEMPLATE_DEPTH */
	struct err *err;
};

/* "--format: WHY" as the walk's error. */
int template_value_fail(struct template_walk *w, const char *why);

void template_value_skip_blanks(struct template_walk *w);

/* Of the name of a field, variable or function; 0: there is none. */
size_t template_value_name_length(const char *at);

/* At a $: the variable's name, "" for a mere $; the caller's. */
char *template_value_take_name(struct template_walk *w);

/* Values, functions and pipes up to what can be none; `dot` is what . stands for. A new reference, or NULL with err. */
json_t *template_value_take(struct template_walk *w, json_t *dot);

/* Declares a variable, or gives a new value to the youngest of the name. */
int template_value_set(struct template_walk *w, const char *name, json_t *value, bool declare);

/* Forgets the youngest, down to so many. */
void template_value_drop(struct template_walk *w, size_t count);

#endif
