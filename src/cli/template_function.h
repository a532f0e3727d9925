/* SPDX-License-Identifier: GPL-2.0-or-later */
/* template_function.h owns the functions of --format, and what values are as text and as conditions. */
#ifndef XRUN_CLI_TEMPLATE_FUNCTION_H
#define XRUN_CLI_TEMPLATE_FUNCTION_H

#include "src/base/err.h"
#include "src/base/str.h"

#include <jansson.h>
#include <stdbool.h>

enum { TEMPLATE_ARGS = 16 };

/* Calls the function of this name: a new value, or NULL with err. Go's (text/template, "Functions") and docker's for --format. */
json_t *template_call(const char *name, json_t *const *args, size_t count, struct err *err);

/* The element of a list, or an object's member; "" for one that is not there. A new reference, or NULL with err. */
json_t *template_index(json_t *value, json_t *const *keys, size_t count, struct err *err);

void template_add_value(const json_t *value, struct buf *text);

/* Not false, 0, empty or nothing. */
bool template_is_true(const json_t *value);

#endif
