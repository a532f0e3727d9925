/* SPDX-License-Identifier: GPL-2.0-or-later */
/* template.c owns --format as docker and podman have it. */
/*
 * Theory of operation. The text is walked once, and what stands in {{ }} is read and evaluated at the same time (Go's text/template). What
 * is not to be done, as of an {{if}} that is false, is walked all the same, for its end, and nothing in it is evaluated.
 */
#include "src/cli/template.h"

#include "src/cli/template_function.h"
#include "src/cli/template_value.h"

#include <ctype.h>
#include <jansson.h>
#include <string.h>

static const char table[] = "table ";

bool template_is_one(const char *format)
{
	return format && strstr(format, "{{");
}

const char *template_without_table(const char *format)
{
	return str_starts(format, table) ? format + strlen(table) : NULL;
}

/* What a part of the text ended with. */
enum end { END_TEXT, END_END, END_ELSE };

/* Up to what closes the action, whatever it says. */
static void pass_over(struct template_walk *w)
{
	while (*w->at && !str_starts(w->at, "}}")) {
		char quote = *w->at == '"' || *w->at == '`' ? *w->at : 0;
		for (w->at++; quote && *w->at && *w->at != quote; w->at++)
			w->at += quote == '"' && *w->at == '\\' && w->at[1];
		w->at += quote && *w->at;
	}
}

/* "}}", or "-}}", which takes the blanks behind it along. */
static int close_action(struct template_walk *w)
{
	template_value_skip_blanks(w);
	bool trims = str_starts(w->at, "-}}");
	if (!trims && !str_starts(w->at, "}}"))
		return template_value_fail(w, "a {{ is not closed, or holds more than this program knows");
	w->at += trims ? 3 : 2;
	while (trims && isspace((unsigned char)*w->at))
		w->at++;
	return 0;
}

static int walk_text(struct template_walk *w, json_t *dot, bool run, enum end *ret_end);

/* A part with variables of its own. */
static int walk_part(struct template_walk *w, json_t *dot, bool run, enum end *ret_end)
{
	size_t variables = w->variable_count;
	if (++w->depth > TEMPLATE_DEPTH)
		return template_value_fail(w, "parts within parts are too many");
	int r = walk_text(w, dot, run, ret_end);
	w->depth--;
	template_value_drop(w, variables);
	return r;
}

/* What an action says of values: NULL in *ret_value where nothing is done. $a := and $a, $b := come before. */
static int take_condition(struct template_walk *w, json_t *dot, bool run, char **names, int *name_count, json_t **ret_value)
{
	template_value_skip_blanks(w);
	*ret_value = NULL;
	*name_count = 0;
	if (!run) {
		pass_over(w);
		return 0;
	}
	const char *begin = w->at;
	while (*name_count < 2 && *w->at == '$') {
		names[(*name_count)++] = template_value_take_name(w);
		template_value_skip_blanks(w);
		w->at += *w->at == ',';
		template_value_skip_blanks(w);
	}
	if (*name_count && str_starts(w->at, ":=")) {
		w->at += 2;
	} else {
		w->at = begin;
		while (*name_count > 0)
			free(names[--*name_count]);
	}
	*ret_value = template_value_take(w, dot);
	return *ret_value ? 0 : w->err->code;
}

static int walk_if(struct template_walk *w, json_t *dot, bool run, bool with);

/* What follows {{else}}, up to {{end}}. */
static int walk_else(struct template_walk *w, json_t *dot, bool run)
{
	enum end end = END_TEXT;
	template_value_skip_blanks(w);
	bool is_if = str_starts(w->at, "if ") || str_starts(w->at, "if("), with = str_starts(w->at, "with ");
	if (is_if || with) {
		w->at += with ? 4 : 2;
		return walk_if(w, dot, run, with);
	}
	int r = close_action(w);
	if (r == 0)
		r = walk_part(w, dot, run, &end);
	return r < 0 ? r : end == END_END ? 0 : template_value_fail(w, "an {{else}} has no {{end}}");
}

static int walk_if(struct template_walk *w, json_t *dot, bool run, bool with)
{
	char *names[2];
	int name_count;
	enum end end = END_TEXT;
	json_t *value;
	size_t variables = w->variable_count;
	int r = take_condition(w, dot, run, names, &name_count, &value);
	for (int i = 0; i < name_count; i++) {
		r = r == 0 && i == 0 ? template_value_set(w, names[i], value, true) : r;
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
		r = template_value_fail(w, with ? "a {{with}} has no {{end}}" : "an {{if}} has no {{end}}");
	json_decref(value);
	template_value_drop(w, variables);
	return r;
}

struct loop {
	const char *body;
	char *names[2];
	int name_count;
	enum end end;
	size_t rounds;
};

static int walk_element(struct template_walk *w, struct loop *loop, json_t *key, json_t *value)
{
	size_t variables = w->variable_count;
	int r = 0;
	w->at = loop->body;
	loop->rounds++;
	if (loop->name_count == 2)
		r = template_value_set(w, loop->names[0], key, true);
	if (r == 0 && loop->name_count)
		r = template_value_set(w, loop->names[loop->name_count - 1], value, true);
	if (r == 0)
		r = walk_part(w, value, true, &loop->end);
	template_value_drop(w, variables);
	json_decref(key);
	return r;
}

static int walk_elements(struct template_walk *w, struct loop *loop, json_t *list)
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

static int walk_range(struct template_walk *w, json_t *dot, bool run)
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
		r = template_value_fail(w, "a {{range}} has no {{end}}");
	for (int i = 0; i < loop.name_count; i++)
		free(loop.names[i]);
	json_decref(list);
	return r;
}

/* A value that is printed, or one that a variable gets. */
static int walk_value(struct template_walk *w, json_t *dot, bool run)
{
	if (!run) {
		pass_over(w);
		return close_action(w);
	}
	const char *begin = w->at;
	cleanup_free char *name = *w->at == '$' ? template_value_take_name(w) : NULL;
	template_value_skip_blanks(w);
	bool declares = name && str_starts(w->at, ":="), sets = name && *w->at == '=';
	w->at = declares ? w->at + 2 : sets ? w->at + 1 : begin;
	json_t *value = template_value_take(w, dot);
	int r = value ? 0 : w->err->code;
	if (r == 0 && (declares || sets))
		r = template_value_set(w, name, value, declares);
	else if (r == 0)
		template_add_value(value, w->text);
	json_decref(value);
	return r < 0 ? r : close_action(w);
}

static bool take_word(struct template_walk *w, const char *word)
{
	size_t len = strlen(word);
	bool is_it = strncmp(w->at, word, len) == 0 && template_value_name_length(w->at) == len;
	w->at += is_it ? len : 0;
	return is_it;
}

/* What stands between {{ and }}, behind the former; *ret_end tells of {{end}} and {{else, which are closed by who began. */
static int walk_action(struct template_walk *w, json_t *dot, bool run, enum end *ret_end)
{
	while (w->at[0] == '-' && isspace((unsigned char)w->at[1])) {
		w->at++;
		while (run && w->text->len && isspace((unsigned char)w->text->data[w->text->len - 1]))
			w->text->data[--w->text->len] = 0;
	}
	template_value_skip_blanks(w);
	if (str_starts(w->at, "/*")) {
		const char *end = strstr(w->at, "*/");
		w->at = end ? end + 2 : w->at;
		return end ? close_action(w) : template_value_fail(w, "a comment does not end");
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

static int walk_text(struct template_walk *w, json_t *dot, bool run, enum end *ret_end)
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
	struct template_walk w = { .at = format, .root = json_loads(json, JSON_DECODE_ANY, NULL), .text = ret_text, .err = err };
	if (!w.root)
		return template_value_fail(&w, "there is nothing to take fields from");
	int r = walk_text(&w, w.root, true, &end);
	if (r == 0 && end != END_TEXT)
		r = template_value_fail(&w, end == END_END ? "an {{end}} has no beginning" : "an {{else}} has no {{if}}");
	template_value_drop(&w, 0);
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
