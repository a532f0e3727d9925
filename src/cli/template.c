/* SPDX-License-Identifier: GPL-2.0-or-later */
/* template.c owns --format as docker and podman have it. */
#include "src/cli/template.h"

#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <string.h>
#include <strings.h>

static const char table[] = "table ";

bool template_is_one(const char *format)
{
	return format && strstr(format, "{{");
}

const char *template_without_table(const char *format)
{
	return str_starts(format, table) ? format + strlen(table) : NULL;
}

static json_t *member(const json_t *object, const char *name, size_t len)
{
	const char *key;
	json_t *value;
	json_object_foreach((json_t *)object, key, value)
		if (strlen(key) == len && strncasecmp(key, name, len) == 0)
			return value;
	return NULL;
}

/* ".A.B" at *at, which moves on; "." alone is all of it. */
static int take_path(const char **at, const json_t *root, const json_t **ret_value, struct err *err)
{
	const char *name = *at + 1;
	*ret_value = root;
	if (**at != '.')
		return err_set(err, -EINVAL, "--format: write fields like {{.Name}}");
	for (size_t len; (len = strcspn(name, ".}| \t\")")) > 0; name += name[0] == '.') {
		const json_t *value = member(*ret_value, name, len);
		if (!value)
			return err_set(err, -EINVAL, "--format: there is no field %.*s", len < 64 ? (int)len : 64, name);
		*ret_value = value;
		name += len;
	}
	*at = name;
	return 0;
}

static void add_value(const json_t *value, struct buf *text)
{
	cleanup_free char *dump = NULL;
	if (json_is_string(value)) {
		buf_str(text, json_string_value(value));
	} else if (json_is_null(value)) {
		buf_str(text, "<nil>");
	} else {
		dump = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_ENSURE_ASCII);
		buf_str(text, dump ? dump : "");
	}
}

static void skip_blanks(const char **at)
{
	*at += strspn(*at, " \t");
}

/* A string in quotes at *at; the caller's, or NULL. */
static char *take_quoted(const char **at)
{
	skip_blanks(at);
	const char *end = **at == '"' ? strchr(*at + 1, '"') : NULL;
	char *text = end ? str_ndup(*at + 1, end - *at - 1) : NULL;
	if (end)
		*at = end + 1;
	return text;
}

static int apply_index(const json_t *value, const char **at, struct buf *text, struct err *err)
{
	cleanup_free char *key = take_quoted(at);
	if (key) {
		const json_t *found = json_object_get(value, key);
		if (found)
			add_value(found, text);
		return 0;
	}
	skip_blanks(at);
	char *end;
	unsigned long number = strtoul(*at, &end, 10);
	if (end == *at || !json_is_array(value) || number >= json_array_size(value))
		return err_set(err, -EINVAL, "--format: index wants a key in quotes, or a number that the list has");
	*at = end;
	add_value(json_array_get(value, number), text);
	return 0;
}

static int apply_join(const json_t *value, const char **at, struct buf *text, struct err *err)
{
	cleanup_free char *between = take_quoted(at);
	if (!between || !json_is_array(value))
		return err_set(err, -EINVAL, "--format: join wants a list, and what to put between in quotes");
	for (size_t i = 0; i < json_array_size(value); i++) {
		buf_str(text, i ? between : "");
		add_value(json_array_get(value, i), text);
	}
	return 0;
}

static int apply(const char *word, size_t len, const json_t *value, const char **at, struct buf *text, struct err *err)
{
	size_t from = text->len;
	if (len == 5 && memcmp(word, "index", 5) == 0)
		return apply_index(value, at, text, err);
	if (len == 4 && memcmp(word, "join", 4) == 0)
		return apply_join(value, at, text, err);
	if (len == 4 && memcmp(word, "json", 4) == 0) {
		cleanup_free char *dump = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_ENSURE_ASCII);
		buf_str(text, dump ? dump : "");
	} else if (len == 3 && memcmp(word, "len", 3) == 0) {
		buf_fmt(text, "%zu", json_is_string(value) ? json_string_length(value) : json_is_array(value) ? json_array_size(value) : json_object_size(value));
	} else if (len == 7 && memcmp(word, "println", 7) == 0) {
		add_value(value, text);
		buf_str(text, "\n");
	} else if (len == 5 && (memcmp(word, "lower", 5) == 0 || memcmp(word, "upper", 5) == 0)) {
		add_value(value, text);
		for (size_t i = from; i < text->len; i++)
			text->data[i] = (char)(*word == 'l' ? tolower((unsigned char)text->data[i]) : toupper((unsigned char)text->data[i]));
	} else {
		return err_set(err, -EINVAL, "--format: {{%.*s}} is not known; there are fields, json, index, len, join, lower, upper, println and range",
			len < 64 ? (int)len : 64, word);
	}
	return 0;
}

static int expand(const char **format, const json_t *root, bool nested, struct buf *text, struct err *err);

/* The text up to {{end}}, for each element; *at is behind "range". */
static int expand_range(const char **at, const json_t *root, struct buf *text, struct err *err)
{
	const json_t *list, *value;
	const char *key;
	int r = take_path(at, root, &list, err);
	skip_blanks(at);
	if (r < 0)
		return r;
	if (!str_starts(*at, "}}"))
		return err_set(err, -EINVAL, "--format: write {{range .Field}}...{{end}}");
	const char *body = *at + 2, *end = body;
	cleanup_buf struct buf nothing = { 0 };
	if (json_is_array(list))
		for (size_t i = 0; r == 0 && i < json_array_size(list); i++)
			r = expand((end = body, &end), json_array_get(list, i), true, text, err);
	else if (json_is_object(list))
		json_object_foreach((json_t *)list, key, value)
			if (r == 0)
				r = expand((end = body, &end), value, true, text, err);
	if (r == 0 && end == body) { /* none: its end is still to be found */
		end = strstr(body, "{{end}}");
		end = end ? end + strlen("{{end}}") : body + strlen(body);
	}
	*at = end;
	return r;
}

/* What stands between {{ and }}, *at behind the former; afterwards behind the latter. 1: it was "end". */
static int expand_action(const char **at, const json_t *root, struct buf *text, struct err *err)
{
	const json_t *value;
	skip_blanks(at);
	const char *word = *at;
	size_t len = strcspn(word, ". \t}");
	*at += len;
	skip_blanks(at);
	if (len == 5 && memcmp(word, "range", 5) == 0)
		return expand_range(at, root, text, err);
	int r = 0;
	bool is_end = len == 3 && memcmp(word, "end", 3) == 0;
	if (!is_end)
		r = take_path(at, root, &value, err);
	skip_blanks(at);
	if (r == 0 && !is_end && len)
		r = apply(word, len, value, at, text, err);
	else if (r == 0 && !is_end && **at == '"' && json_is_object(value)) /* a method: {{.Label "key"}} */
		r = apply_index(value, at, text, err);
	else if (r == 0 && !is_end)
		add_value(value, text);
	skip_blanks(at);
	if (r == 0 && !str_starts(*at, "}}"))
		return err_set(err, -EINVAL, "--format: a {{ is not closed, or holds more than this program knows");
	*at += r == 0 ? 2 : 0;
	return r < 0 ? r : is_end;
}

static int expand(const char **format, const json_t *root, bool nested, struct buf *text, struct err *err)
{
	const char *at = *format;
	int r = 0;
	while (*at && r == 0) {
		if (str_starts(at, "{{")) {
			at += 2;
			r = expand_action(&at, root, text, err);
		} else if (at[0] == '\\' && (at[1] == 't' || at[1] == 'n')) {
			buf_str(text, at[1] == 't' ? "\t" : "\n");
			at += 2;
		} else {
			buf_add(text, at++, 1);
		}
	}
	*format = at;
	if (r >= 0 && nested != (r == 1))
		return err_set(err, -EINVAL, nested ? "--format: a {{range}} has no {{end}}" : "--format: an {{end}} has no {{range}}");
	return r < 0 ? r : 0;
}

int template_expand(const char *format, const char *json, struct buf *ret_text, struct err *err)
{
	json_t *root = json_loads(json, JSON_DECODE_ANY, NULL);
	if (!root)
		return err_set(err, -EINVAL, "--format: there is nothing to take fields from");
	int r = expand(&format, root, false, ret_text, err);
	json_decref(root);
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
