/* SPDX-License-Identifier: GPL-2.0-or-later */
/* template_value.c owns the values in a --format. */
#include "src/cli/template_value.h"

#include "src/cli/template_function.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

int template_value_fail(struct template_walk *w, const char *why)
{
	return err_set(w->err, -EINVAL, "--format: %s", why);
}

void template_value_skip_blanks(struct template_walk *w)
{
	w->at += strspn(w->at, " \t");
}

/* Names may differ in upper and lower case; one that is the same to the letter is preferred. */
static json_t *member(json_t *object, const char *name)
{
	const char *key;
	json_t *value, *exact = json_object_get(object, name);
	json_object_foreach(object, key, value)
		if (!exact && strcasecmp(key, name) == 0)
			exact = value;
	return exact;
}

size_t template_value_name_length(const char *at)
{
	size_t len = 0;
	while (isalnum((unsigned char)at[len]) || at[len] == '_')
		len++;
	return len;
}

/* ".A.B" behind `value`, whose reference it takes; "." alone is all of it. A new reference, or NULL with err. */
static json_t *take_path(struct template_walk *w, json_t *value)
{
	for (; value && *w->at == '.' && template_value_name_length(w->at + 1); w->at += 1 + template_value_name_length(w->at + 1)) {
		cleanup_free char *name = str_ndup(w->at + 1, template_value_name_length(w->at + 1));
		json_t *found = member(value, name);
		if (!found)
			err_set(w->err, -EINVAL, "--format: there is no field %.64s", name);
		json_incref(found);
		json_decref(value);
		value = found;
	}
	return value;
}

/* A text in quotes, with \n, \t, \" and \\ in them, or in backquotes as it is. */
static json_t *take_quoted(struct template_walk *w)
{
	char quote = *w->at++;
	cleanup_buf struct buf text = { 0 };
	for (; *w->at && *w->at != quote; w->at++) {
		bool escaped = quote == '"' && *w->at == '\\' && w->at[1];
		w->at += escaped;
		char c = escaped && *w->at == 'n' ? '\n' : escaped && *w->at == 't' ? '\t' : *w->at;
		buf_add(&text, &c, 1);
	}
	if (!*w->at++) {
		w->at--;
		template_value_fail(w, "a text in quotes does not end");
		return NULL;
	}
	return json_stringn_nocheck(text.data ? text.data : "", text.len);
}

/* Named as in "$name"; the youngest of that name. NULL: there is none. */
static struct template_variable *find_variable(struct template_walk *w, const char *name)
{
	for (size_t i = w->variable_count; i-- > 0;)
		if (str_eq(w->variables[i].name, name))
			return &w->variables[i];
	return NULL;
}

char *template_value_take_name(struct template_walk *w)
{
	size_t len = template_value_name_length(w->at + 1);
	char *name = str_ndup(w->at + 1, len);
	w->at += 1 + len;
	return name;
}

static json_t *take_variable(struct template_walk *w)
{
	cleanup_free char *name = template_value_take_name(w);
	const struct template_variable *variable = find_variable(w, name);
	if (!*name)
		return json_incref(w->root);
	if (!variable)
		err_set(w->err, -EINVAL, "--format: there is no variable $%.64s", name);
	return variable ? json_incref(variable->value) : NULL;
}

static json_t *take_group(struct template_walk *w, json_t *dot)
{
	w->at++;
	if (++w->depth > TEMPLATE_DEPTH) {
		template_value_fail(w, "too many parentheses");
		return NULL;
	}
	json_t *value = template_value_take(w, dot);
	w->depth--;
	template_value_skip_blanks(w);
	if (value && *w->at != ')') {
		json_decref(value);
		template_value_fail(w, "a ( is not closed");
		return NULL;
	}
	w->at += *w->at == ')';
	return value;
}

/* What a value begins with; a name by itself is a function's. */
static bool is_value(const char *at)
{
	return *at && (strchr(".$(\"`", *at) || isdigit((unsigned char)*at) || (*at == '-' && isdigit((unsigned char)at[1])) || isalpha((unsigned char)*at));
}

static json_t *take_value(struct template_walk *w, json_t *dot)
{
	if (*w->at == '.') {
		json_t *value = take_path(w, json_incref(dot));
		w->at += value && *w->at == '.'; /* "." alone */
		return value;
	}
	if (*w->at == '$')
		return take_path(w, take_variable(w));
	if (*w->at == '(')
		return take_path(w, take_group(w, dot));
	if (*w->at == '"' || *w->at == '`')
		return take_quoted(w);
	if (isdigit((unsigned char)*w->at) || *w->at == '-') {
		char *end;
		json_t *value = json_integer(strtoll(w->at, &end, 10));
		w->at = end;
		return value;
	}
	cleanup_free char *name = str_ndup(w->at, template_value_name_length(w->at));
	w->at += strlen(name);
	if (str_eq(name, "true") || str_eq(name, "false"))
		return json_boolean(*name == 't');
	return str_eq(name, "nil") ? json_null() : template_call(name, NULL, 0, w->err);
}

/* The values that follow. With an error, too, *ret_count are the caller's. */
static int take_values(struct template_walk *w, json_t *dot, json_t **ret_values, size_t *ret_count)
{
	for (template_value_skip_blanks(w); is_value(w->at); template_value_skip_blanks(w)) {
		if (*ret_count == TEMPLATE_ARGS - 1)
			return template_value_fail(w, "a function has too many values");
		json_t *value = take_value(w, dot);
		if (!value)
			return w->err->code;
		ret_values[(*ret_count)++] = value;
	}
	return 0;
}

static bool is_call(const char *at)
{
	size_t len = template_value_name_length(at);
	return isalpha((unsigned char)*at) && !(len == 4 && strncmp(at, "true", 4) == 0) && !(len == 5 && strncmp(at, "false", 5) == 0) &&
	       !(len == 3 && strncmp(at, "nil", 3) == 0);
}

/* A function and its values, or a value; a field with values behind it is a method, {{.Label "key"}}. `piped` comes last, or is NULL. */
static json_t *command(struct template_walk *w, json_t *dot, json_t *piped)
{
	json_t *values[TEMPLATE_ARGS] = { 0 }, *result = NULL;
	cleanup_free char *name = is_call(w->at) ? str_ndup(w->at, template_value_name_length(w->at)) : NULL;
	w->at += name ? strlen(name) : 0;
	size_t count = 0;
	int r = take_values(w, dot, values, &count);
	if (r == 0 && !count && !name)
		r = template_value_fail(w, "a {{ is not closed, or holds more than this program knows");
	if (r == 0 && piped)
		values[count++] = json_incref(piped);
	if (r == 0 && name)
		result = template_call(name, values, count, w->err);
	else if (r == 0 && count == 1)
		result = json_incref(values[0]);
	else if (r == 0 && count)
		result = template_index(values[0], values + 1, count - 1, w->err);
	for (size_t i = 0; i < count; i++)
		json_decref(values[i]);
	return result;
}

json_t *template_value_take(struct template_walk *w, json_t *dot)
{
	json_t *value = NULL;
	do {
		w->at += value ? 1 : 0;
		template_value_skip_blanks(w);
		json_t *next = command(w, dot, value);
		json_decref(value);
		value = next;
		template_value_skip_blanks(w);
	} while (value && *w->at == '|');
	return value;
}

int template_value_set(struct template_walk *w, const char *name, json_t *value, bool declare)
{
	struct template_variable *variable = declare ? NULL : find_variable(w, name);
	if (!declare && !variable)
		return err_set(w->err, -EINVAL, "--format: there is no variable $%.64s", name);
	if (declare && w->variable_count == TEMPLATE_VARIABLES)
		return template_value_fail(w, "too many variables");
	if (declare) {
		variable = &w->variables[w->variable_count++];
		*variable = (struct template_variable){ .name = str_dup(name) };
	}
	json_incref(value);
	json_decref(variable->value);
	variable->value = value;
	return 0;
}

void template_value_drop(struct template_walk *w, size_t count)
{
	while (w->variable_count > count) {
		struct template_variable *variable = &w->variables[--w->variable_count];
		json_decref(variable->value);
		free(variable->name);
	}
}
