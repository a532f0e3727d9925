/* SPDX-License-Identifier: GPL-2.0-or-later */
/* template_function.c owns the functions of --format. */
#include "src/cli/template_function.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

static json_t *string_of(struct buf *text)
{
	json_t *value = json_stringn_nocheck(text->data ? text->data : "", text->len);
	buf_done(text);
	return value;
}

static void add_json(const json_t *value, struct buf *text)
{
	cleanup_free char *dump = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_ENSURE_ASCII);
	buf_str(text, dump ? dump : "");
}

void template_add_value(const json_t *value, struct buf *text)
{
	if (json_is_string(value))
		buf_add(text, json_string_value(value), json_string_length(value));
	else if (json_is_null(value))
		buf_str(text, "<nil>");
	else
		add_json(value, text);
}

bool template_is_true(const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		return json_object_size(value) > 0;
	case JSON_ARRAY:
		return json_array_size(value) > 0;
	case JSON_STRING:
		return json_string_length(value) > 0;
	case JSON_INTEGER:
	case JSON_REAL:
		return json_number_value(value) != 0;
	default:
		return json_is_true(value);
	}
}

json_t *template_index(json_t *value, json_t *const *keys, size_t count, struct err *err)
{
	for (size_t i = 0; i < count; i++) {
		json_t *found = NULL;
		if (json_is_object(value) && json_is_string(keys[i]))
			found = json_object_get(value, json_string_value(keys[i]));
		else if (json_is_array(value) && json_is_integer(keys[i]) && json_integer_value(keys[i]) >= 0)
			found = json_array_get(value, (size_t)json_integer_value(keys[i]));
		if (!found && !(json_is_object(value) && json_is_string(keys[i]))) {
			err_set(err, -EINVAL, "--format: index wants a key in quotes, or a number that the list has");
			return NULL;
		}
		if (!found)
			return i + 1 < count ? template_index(json_null(), keys + i + 1, 1, err) : json_string("");
		value = found;
	}
	return json_incref(value);
}

static json_t *call_index(json_t *const *args, size_t count, struct err *err)
{
	return template_index(args[0], args + 1, count - 1, err);
}

static json_t *call_json(json_t *const *args, size_t count, struct err *err)
{
	struct buf text = { 0 };
	(void)count;
	(void)err;
	add_json(args[0], &text);
	return string_of(&text);
}

static json_t *call_len(json_t *const *args, size_t count, struct err *err)
{
	const json_t *value = args[0];
	(void)count;
	(void)err;
	return json_integer((json_int_t)(json_is_string(value) ? json_string_length(value) :
					 json_is_array(value)  ? json_array_size(value) :
								 json_object_size(value)));
}

static json_t *call_join(json_t *const *args, size_t count, struct err *err)
{
	struct buf text = { 0 };
	(void)count;
	if (!json_is_array(args[0]) || !json_is_string(args[1])) {
		err_set(err, -EINVAL, "--format: join wants a list, and what to put between in quotes");
		return NULL;
	}
	for (size_t i = 0; i < json_array_size(args[0]); i++) {
		buf_str(&text, i ? json_string_value(args[1]) : "");
		template_add_value(json_array_get(args[0], i), &text);
	}
	return string_of(&text);
}

static json_t *call_split(json_t *const *args, size_t count, struct err *err)
{
	const char *at = json_string_value(args[0]), *between = json_string_value(args[1]);
	(void)count;
	if (!at || !between || !*between) {
		err_set(err, -EINVAL, "--format: split wants a text, and what stands between in quotes");
		return NULL;
	}
	json_t *parts = json_array();
	for (const char *end; at; at = end ? end + strlen(between) : NULL) {
		end = strstr(at, between);
		json_array_append_new(parts, json_stringn_nocheck(at, end ? (size_t)(end - at) : strlen(at)));
	}
	return parts;
}

static json_t *change_case(json_t *value, int (*change)(int c), bool first_only)
{
	struct buf text = { 0 };
	template_add_value(value, &text);
	for (size_t i = 0; i < text.len && (i == 0 || !first_only); i++)
		text.data[i] = (char)change((unsigned char)text.data[i]);
	return string_of(&text);
}

static json_t *call_lower(json_t *const *args, size_t count, struct err *err)
{
	(void)count;
	(void)err;
	return change_case(args[0], tolower, false);
}

static json_t *call_upper(json_t *const *args, size_t count, struct err *err)
{
	(void)count;
	(void)err;
	return change_case(args[0], toupper, false);
}

static json_t *call_title(json_t *const *args, size_t count, struct err *err)
{
	(void)count;
	(void)err;
	return change_case(args[0], toupper, true);
}

static json_t *call_print(json_t *const *args, size_t count, struct err *err)
{
	struct buf text = { 0 };
	(void)err;
	for (size_t i = 0; i < count; i++)
		template_add_value(args[i], &text);
	return string_of(&text);
}

static json_t *call_println(json_t *const *args, size_t count, struct err *err)
{
	struct buf text = { 0 };
	(void)err;
	for (size_t i = 0; i < count; i++) {
		buf_str(&text, i ? " " : "");
		template_add_value(args[i], &text);
	}
	buf_str(&text, "\n");
	return string_of(&text);
}

/* One verb with its flags, as C and Go both have them: "%-12.5s", "%04d". */
static int add_verb(const char *flags, char verb, const json_t *value, struct buf *text, struct err *err)
{
	cleanup_buf struct buf plain = { 0 };
	int width = 0, precision = -1;
	bool left = *flags == '-', zero = flags[left] == '0';
	sscanf(flags + left, "%d", &width);
	if (strchr(flags, '.'))
		sscanf(strchr(flags, '.') + 1, "%d", &precision);
	if (verb == 'd' && !json_is_integer(value))
		return err_set(err, -EINVAL, "--format: printf's %%d wants a number");
	if (!strchr("sdvtq", verb))
		return err_set(err, -EINVAL, "--format: printf knows %%s, %%d, %%v, %%t and %%q");
	if (verb == 'q')
		add_json(value, &plain);
	else
		template_add_value(value, &plain);
	int len = (int)plain.len;
	len = precision >= 0 && precision < len && verb == 's' ? precision : len;
	for (int i = len; !left && i < width; i++)
		buf_str(text, zero ? "0" : " ");
	buf_add(text, plain.data ? plain.data : "", len);
	for (int i = len; left && i < width; i++)
		buf_str(text, " ");
	return 0;
}

static json_t *call_printf(json_t *const *args, size_t count, struct err *err)
{
	struct buf text = { 0 };
	const char *at = json_string_value(args[0]);
	size_t used = 1;
	int r = at ? 0 : err_set(err, -EINVAL, "--format: printf wants a format in quotes");
	while (r == 0 && at && *at) {
		if (at[0] != '%' || at[1] == '%') {
			buf_add(&text, at, 1);
			at += *at == '%' ? 2 : 1;
			continue;
		}
		size_t len = strspn(++at, "-0123456789.");
		cleanup_free char *flags = str_ndup(at, len);
		at += len;
		if (len > 8 || used == count || !*at)
			r = err_set(err, -EINVAL, "--format: printf has no value for each of its %%, or a %% that is too long");
		else
			r = add_verb(flags, *at++, args[used++], &text, err);
	}
	if (r == 0)
		return string_of(&text);
	buf_done(&text);
	return NULL;
}

static json_t *call_truncate(json_t *const *args, size_t count, struct err *err)
{
	const char *text = json_string_value(args[0]);
	(void)count;
	if (!text || !json_is_integer(args[1]) || json_integer_value(args[1]) < 0) {
		err_set(err, -EINVAL, "--format: truncate wants a text and a number");
		return NULL;
	}
	return json_stringn_nocheck(text, strnlen(text, (size_t)json_integer_value(args[1])));
}

static json_t *call_eq(json_t *const *args, size_t count, struct err *err)
{
	bool any = false;
	(void)err;
	for (size_t i = 1; i < count; i++)
		any = any || json_equal(args[0], args[i]);
	return json_boolean(any);
}

static json_t *call_ne(json_t *const *args, size_t count, struct err *err)
{
	(void)count;
	(void)err;
	return json_boolean(!json_equal(args[0], args[1]));
}

/* Of numbers, or of texts; below 0, 0 or above. */
static int order(json_t *const *args)
{
	if (json_is_string(args[0]) && json_is_string(args[1]))
		return strcmp(json_string_value(args[0]), json_string_value(args[1]));
	double a = json_number_value(args[0]), b = json_number_value(args[1]);
	return (a > b) - (a < b);
}

static json_t *call_lt(json_t *const *args, size_t count, struct err *err)
{
	(void)count;
	(void)err;
	return json_boolean(order(args) < 0);
}

static json_t *call_le(json_t *const *args, size_t count, struct err *err)
{
	(void)count;
	(void)err;
	return json_boolean(order(args) <= 0);
}

static json_t *call_gt(json_t *const *args, size_t count, struct err *err)
{
	(void)count;
	(void)err;
	return json_boolean(order(args) > 0);
}

static json_t *call_ge(json_t *const *args, size_t count, struct err *err)
{
	(void)count;
	(void)err;
	return json_boolean(order(args) >= 0);
}

/* The first that decides, or the last. */
static json_t *first_that(json_t *const *args, size_t count, bool wanted)
{
	size_t at = 0;
	while (at + 1 < count && template_is_true(args[at]) != wanted)
		at++;
	return json_incref(args[at]);
}

static json_t *call_and(json_t *const *args, size_t count, struct err *err)
{
	(void)err;
	return first_that(args, count, false);
}

static json_t *call_or(json_t *const *args, size_t count, struct err *err)
{
	(void)err;
	return first_that(args, count, true);
}

static json_t *call_not(json_t *const *args, size_t count, struct err *err)
{
	(void)count;
	(void)err;
	return json_boolean(!template_is_true(args[0]));
}

static const struct function {
	const char *name;
	json_t *(*call)(json_t *const *args, size_t count, struct err *err);
	size_t least, most;
} functions[] = {
	{ "index", call_index, 2, TEMPLATE_ARGS }, { "json", call_json, 1, 1 }, { "len", call_len, 1, 1 }, { "join", call_join, 2, 2 },
	{ "split", call_split, 2, 2 }, { "lower", call_lower, 1, 1 }, { "upper", call_upper, 1, 1 }, { "title", call_title, 1, 1 },
	{ "truncate", call_truncate, 2, 2 }, { "print", call_print, 0, TEMPLATE_ARGS }, { "println", call_println, 0, TEMPLATE_ARGS },
	{ "printf", call_printf, 1, TEMPLATE_ARGS }, { "eq", call_eq, 2, TEMPLATE_ARGS }, { "ne", call_ne, 2, 2 }, { "lt", call_lt, 2, 2 },
	{ "le", call_le, 2, 2 }, { "gt", call_gt, 2, 2 }, { "ge", call_ge, 2, 2 }, { "and", call_and, 1, TEMPLATE_ARGS },
	{ "or", call_or, 1, TEMPLATE_ARGS }, { "not", call_not, 1, 1 }, { 0 },
};

json_t *template_call(const char *name, json_t *const *args, size_t count, struct err *err)
{
	const struct function *f = functions;
	cleanup_buf struct buf known = { 0 };
	while (f->name && !str_eq(f->name, name))
		f++;
	if (f->name && count >= f->least && count <= f->most)
		return f->call(args, count, err);
	for (const struct function *each = functions; each->name; each++)
		buf_fmt(&known, " %s", each->name);
	if (f->name)
		err_set(err, -EINVAL, "--format: %s does not take %zu values", name, count);
	else
		err_set(err, -EINVAL, "--format: {{%.64s}} is not known; there are fields, if, else, with, range, end and%s", name, known.data);
	return NULL;
}
