/* SPDX-License-Identifier: GPL-2.0-or-later */
/* template.c owns --format as docker and podman have it. */
/*
 * Theory of operation. The text is walked once, and what stands in {{ }} is read and evaluated at the same time (Go's text/template). What
 * is not to be done, as of an {{if}} that is false, is walked all the same, for its end, and nothing in it is evaluated.
 */
#include "src/cli/template.h"

#include "src/cli/template_function.h"

#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <string.h>
#include <strings.h>

enum { MAX_VARIABLES = 32, MAX_DEPTH = 50 };

static const char table[] = "table ";

bool template_is_one(const char *format)
{
	return format && strstr(format, "{{");
}

const char *template_without_table(const char *format)
{
	return str_starts(format, table) ? format + strlen(table) : NULL;
}

struct variable {
	char *name;
	json_t *value;
};

struct walk {
	const char *at;
	json_t *root;
	struct buf *text;
	struct variable variables[MAX_VARIABLES];
	size_t variable_count;
	int depth;
	struct err *err;
};

/* What a part of the text ended with. */
enum end { END_TEXT, END_END, END_ELSE };

static int fail(struct walk *w, const char *why)
{
	return err_set(w->err, -EINVAL, "--format: %s", why);
}

static void skip_blanks(struct walk *w)
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

static size_t name_length(const char *at)
{
	size_t len = 0;
	while (isalnum((unsigned char)at[len]) || at[len] == '_')
		len++;
	return len;
}

/* ".A.B" behind `value`, whose reference it takes; "." alone is all of it. A new reference, or NULL with err. */
static json_t *take_path(struct walk *w, json_t *value)
{
	for (; value && *w->at == '.' && name_length(w->at + 1); w->at += 1 + name_length(w->at + 1)) {
		cleanup_free char *name = str_ndup(w->at + 1, name_length(w->at + 1));
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
static json_t *take_quoted(struct walk *w)
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
		fail(w, "a text in quotes does not end");
		return NULL;
	}
	return json_stringn_nocheck(text.data ? text.data : "", text.len);
}

/* Named as in "$name"; the youngest of that name. NULL: there is none. */
static struct variable *find_variable(struct walk *w, const char *name)
{
	for (size_t i = w->variable_count; i-- > 0;)
		if (str_eq(w->variables[i].name, name))
			return &w->variables[i];
	return NULL;
}

static char *take_variable_name(struct walk *w)
{
	size_t len = name_length(w->at + 1);
	char *name = str_ndup(w->at + 1, len);
	w->at += 1 + len;
	return name;
}

static json_t *take_variable(struct walk *w)
{
	cleanup_free char *name = take_variable_name(w);
	const struct variable *variable = find_variable(w, name);
	if (!*name)
		return json_incref(w->root);
	if (!variable)
		err_set(w->err, -EINVAL, "--format: there is no variable $%.64s", name);
	return variable ? json_incref(variable->value) : NULL;
}

static json_t *pipeline(struct walk *w, json_t *dot);

static json_t *take_group(struct walk *w, json_t *dot)
{
	w->at++;
	if (++w->depth > MAX_DEPTH) {
		fail(w, "too many parentheses");
		return NULL;
	}
	json_t *value = pipeline(w, dot);
	w->depth--;
	skip_blanks(w);
	if (value && *w->at != ')') {
		json_decref(value);
		fail(w, "a ( is not closed");
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

static json_t *take_value(struct walk *w, json_t *dot)
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
	cleanup_free char *name = str_ndup(w->at, name_length(w->at));
	w->at += strlen(name);
	if (str_eq(name, "true") || str_eq(name, "false"))
		return json_boolean(*name == 't');
	return str_eq(name, "nil") ? json_null() : template_call(name, NULL, 0, w->err);
}

/* The values that follow. With an error, too, *ret_count are the caller's. */
static int take_values(struct walk *w, json_t *dot, json_t **ret_values, size_t *ret_count)
{
	for (skip_blanks(w); is_value(w->at); skip_blanks(w)) {
		if (*ret_count == TEMPLATE_ARGS - 1)
			return fail(w, "a function has too many values");
		json_t *value = take_value(w, dot);
		if (!value)
			return w->err->code;
		ret_values[(*ret_count)++] = value;
	}
	return 0;
}

static bool is_call(const char *at)
{
	size_t len = name_length(at);
	return isalpha((unsigned char)*at) && !(len == 4 && strncmp(at, "true", 4) == 0) && !(len == 5 && strncmp(at, "false", 5) == 0) &&
	       !(len == 3 && strncmp(at, "nil", 3) == 0);
}

/* A function and its values, or a value; a field with values behind it is a method, {{.Label "key"}}. `piped` comes last, or is NULL. */
static json_t *command(struct walk *w, json_t *dot, json_t *piped)
{
	json_t *values[TEMPLATE_ARGS] = { 0 }, *result = NULL;
	cleanup_free char *name = is_call(w->at) ? str_ndup(w->at, name_length(w->at)) : NULL;
	w->at += name ? strlen(name) : 0;
	size_t count = 0;
	int r = take_values(w, dot, values, &count);
	if (r == 0 && !count && !name)
		r = fail(w, "a {{ is not closed, or holds more than this program knows");
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

static json_t *pipeline(struct walk *w, json_t *dot)
{
	json_t *value = NULL;
	do {
		w->at += value ? 1 : 0;
		skip_blanks(w);
		json_t *next = command(w, dot, value);
		json_decref(value);
		value = next;
		skip_blanks(w);
	} while (value && *w->at == '|');
	return value;
}

static int set_variable(struct walk *w, const char *name, json_t *value, bool declare)
{
	struct variable *variable = declare ? NULL : find_variable(w, name);
	if (!declare && !variable)
		return err_set(w->err, -EINVAL, "--format: there is no variable $%.64s", name);
	if (declare && w->variable_count == MAX_VARIABLES)
		return fail(w, "too many variables");
	if (declare) {
		variable = &w->variables[w->variable_count++];
		*variable = (struct variable){ .name = str_dup(name) };
	}
	json_incref(value);
	json_decref(variable->value);
	variable->value = value;
	return 0;
}

static void drop_variables(struct walk *w, size_t count)
{
	while (w->variable_count > count) {
		struct variable *variable = &w->variables[--w->variable_count];
		json_decref(variable->value);
		free(variable->name);
	}
}

/* Up to what closes the action, whatever it says. */
static void pass_over(struct walk *w)
{
	while (*w->at && !str_starts(w->at, "}}")) {
		char quote = *w->at == '"' || *w->at == '`' ? *w->at : 0;
		for (w->at++; quote && *w->at && *w->at != quote; w->at++)
			w->at += quote == '"' && *w->at == '\\' && w->at[1];
		w->at += quote && *w->at;
	}
}

/* "}}", or "-}}", which takes the blanks behind it along. */
static int close_action(struct walk *w)
{
	skip_blanks(w);
	bool trims = str_starts(w->at, "-}}");
	if (!trims && !str_starts(w->at, "}}"))
		return fail(w, "a {{ is not closed, or holds more than this program knows");
	w->at += trims ? 3 : 2;
	while (trims && isspace((unsigned char)*w->at))
		w->at++;
	return 0;
}

static int walk_text(struct walk *w, json_t *dot, bool run, enum end *ret_end);

/* A part with variables of its own. */
static int walk_part(struct walk *w, json_t *dot, bool run, enum end *ret_end)
{
	size_t variables = w->variable_count;
	if (++w->depth > MAX_DEPTH)
		return fail(w, "parts within parts are too many");
	int r = walk_text(w, dot, run, ret_end);
	w->depth--;
	drop_variables(w, variables);
	return r;
}

/* What an action says of values: NULL in *ret_value where nothing is done. $a := and $a, $b := come before. */
static int take_condition(struct walk *w, json_t *dot, bool run, char **names, int *name_count, json_t **ret_value)
{
	skip_blanks(w);
	*ret_value = NULL;
	*name_count = 0;
	if (!run) {
		pass_over(w);
		return 0;
	}
	const char *begin = w->at;
	while (*name_count < 2 && *w->at == '$') {
		names[(*name_count)++] = take_variable_name(w);
		skip_blanks(w);
		w->at += *w->at == ',';
		skip_blanks(w);
	}
	if (*name_count && str_starts(w->at, ":=")) {
		w->at += 2;
	} else {
		w->at = begin;
		while (*name_count > 0)
			free(names[--*name_count]);
	}
	*ret_value = pipeline(w, dot);
	return *ret_value ? 0 : w->err->code;
}

static int walk_if(struct walk *w, json_t *dot, bool run, bool with);

/* What follows {{else}}, up to {{end}}. */
static int walk_else(struct walk *w, json_t *dot, bool run)
{
	enum end end = END_TEXT;
	skip_blanks(w);
	bool is_if = str_starts(w->at, "if ") || str_starts(w->at, "if("), with = str_starts(w->at, "with ");
	if (is_if || with) {
		w->at += with ? 4 : 2;
		return walk_if(w, dot, run, with);
	}
	int r = close_action(w);
	if (r == 0)
		r = walk_part(w, dot, run, &end);
	return r < 0 ? r : end == END_END ? 0 : fail(w, "an {{else}} has no {{end}}");
}

static int walk_if(struct walk *w, json_t *dot, bool run, bool with)
{
	char *names[2];
	int name_count;
	enum end end = END_TEXT;
	json_t *value;
	size_t variables = w->variable_count;
	int r = take_condition(w, dot, run, names, &name_count, &value);
	for (int i = 0; i < name_count; i++) {
		r = r == 0 && i == 0 ? set_variable(w, names[i], value, true) : r;
		free(names[i]);
	}
	bool holds = value && template_is_true(value);
	if (r == 0)
		r = close_action(w);
	if (r == 0)
		r = walk_part(w, with && holds ? value : dot, run && holds, &end);
	if (r == 0 && end == END_ELSE)
		r = walk_else(w, dot, run && !holds);
	else if (r == 0 && end != END_END)
		r = fail(w, with ? "a {{with}} has no {{end}}" : "an {{if}} has no {{end}}");
	json_decref(value);
	drop_variables(w, variables);
	return r;
}

struct loop {
	const char *body;
	char *names[2];
	int name_count;
	enum end end;
	size_t rounds;
};

static int walk_element(struct walk *w, struct loop *loop, json_t *key, json_t *value)
{
	size_t variables = w->variable_count;
	int r = 0;
	w->at = loop->body;
	loop->rounds++;
	if (loop->name_count == 2)
		r = set_variable(w, loop->names[0], key, true);
	if (r == 0 && loop->name_count)
		r = set_variable(w, loop->names[loop->name_count - 1], value, true);
	if (r == 0)
		r = walk_part(w, value, true, &loop->end);
	drop_variables(w, variables);
	json_decref(key);
	return r;
}

static int walk_elements(struct walk *w, struct loop *loop, json_t *list)
{
	const char *key;
	json_t *value;
	int r = 0;
	if (json_is_array(list))
		for (size_t i = 0; r == 0 && i < json_array_size(list); i++)
			r = walk_element(w, loop, json_integer((json_int_t)i), json_array_get(list, i));
	else if (json_is_object(list))
		json_object_foreach(list, key, value)
			if (r == 0)
				r = walk_element(w, loop, json_string(key), value);
	return r;
}

static int walk_range(struct walk *w, json_t *dot, bool run)
{
	struct loop loop = { .end = END_TEXT };
	json_t *list;
	int r = take_condition(w, dot, run, loop.names, &loop.name_count, &list);
	if (r == 0)
		r = close_action(w);
	loop.body = w->at;
	if (r == 0)
		r = walk_elements(w, &loop, list);
	if (r == 0 && !loop.rounds)
		r = walk_part(w, dot, false, &loop.end);
	if (r == 0 && loop.end == END_ELSE)
		r = walk_else(w, dot, run && !loop.rounds);
	else if (r == 0 && loop.end != END_END)
		r = fail(w, "a {{range}} has no {{end}}");
	for (int i = 0; i < loop.name_count; i++)
		free(loop.names[i]);
	json_decref(list);
	return r;
}

/* A value that is printed, or one that a variable gets. */
static int walk_value(struct walk *w, json_t *dot, bool run)
{
	if (!run) {
		pass_over(w);
		return close_action(w);
	}
	const char *begin = w->at;
	cleanup_free char *name = *w->at == '$' ? take_variable_name(w) : NULL;
	skip_blanks(w);
	bool declares = name && str_starts(w->at, ":="), sets = name && *w->at == '=';
	w->at = declares ? w->at + 2 : sets ? w->at + 1 : begin;
	json_t *value = pipeline(w, dot);
	int r = value ? 0 : w->err->code;
	if (r == 0 && (declares || sets))
		r = set_variable(w, name, value, declares);
	else if (r == 0)
		template_add_value(value, w->text);
	json_decref(value);
	return r < 0 ? r : close_action(w);
}

static bool take_word(struct walk *w, const char *word)
{
	size_t len = strlen(word);
	bool is_it = strncmp(w->at, word, len) == 0 && name_length(w->at) == len;
	w->at += is_it ? len : 0;
	return is_it;
}

/* What stands between {{ and }}, behind the former; *ret_end tells of {{end}} and {{else, which are closed by who began. */
static int walk_action(struct walk *w, json_t *dot, bool run, enum end *ret_end)
{
	while (w->at[0] == '-' && isspace((unsigned char)w->at[1])) {
		w->at++;
		while (run && w->text->len && isspace((unsigned char)w->text->data[w->text->len - 1]))
			w->text->data[--w->text->len] = 0;
	}
	skip_blanks(w);
	if (str_starts(w->at, "/*")) {
		const char *end = strstr(w->at, "*/");
		w->at = end ? end + 2 : w->at;
		return end ? close_action(w) : fail(w, "a comment does not end");
	}
	if (take_word(w, "if"))
		return walk_if(w, dot, run, false);
	if (take_word(w, "with"))
		return walk_if(w, dot, run, true);
	if (take_word(w, "range"))
		return walk_range(w, dot, run);
	if (take_word(w, "end")) {
		*ret_end = END_END;
		return close_action(w);
	}
	if (take_word(w, "else")) {
		*ret_end = END_ELSE;
		return 0;
	}
	return walk_value(w, dot, run);
}

static int walk_text(struct walk *w, json_t *dot, bool run, enum end *ret_end)
{
	int r = 0;
	*ret_end = END_TEXT;
	while (*w->at && r == 0 && *ret_end == END_TEXT) {
		bool escape = w->at[0] == '\\' && (w->at[1] == 't' || w->at[1] == 'n');
		if (str_starts(w->at, "{{")) {
			w->at += 2;
			r = walk_action(w, dot, run, ret_end);
			continue;
		}
		if (run)
			buf_add(w->text, escape ? (w->at[1] == 't' ? "\t" : "\n") : w->at, 1);
		w->at += escape ? 2 : 1;
	}
	return r;
}

int template_expand(const char *format, const char *json, struct buf *ret_text, struct err *err)
{
	enum end end;
	struct walk w = { .at = format, .root = json_loads(json, JSON_DECODE_ANY, NULL), .text = ret_text, .err = err };
	if (!w.root)
		return fail(&w, "there is nothing to take fields from");
	int r = walk_text(&w, w.root, true, &end);
	if (r == 0 && end != END_TEXT)
		r = fail(&w, end == END_END ? "an {{end}} has no beginning" : "an {{else}} has no {{if}}");
	drop_variables(&w, 0);
	json_decref(w.root);
	return r;
}

void template_heading(const char *format, struct buf *ret_text)
{
	for (const char *at = format; *at;) {
		const char *end = str_starts(at, "{{") ? strstr(at, "}}") : NULL;
		if (!end) {
			bool tab = at[0] == '\\' && at[1] == 't';
			buf_add(ret_text, tab ? "\t" : at, 1);
			at += tab ? 2 : 1;
			continue;
		}
		const char *name = memchr(at, '.', end - at);
		for (name = name ? name + 1 : end; name < end && (isalnum((unsigned char)*name) || *name == '.'); name++) {
			char letter = (char)toupper((unsigned char)*name);
			buf_add(ret_text, &letter, 1);
		}
		at = end + 2;
	}
}
