/* SPDX-License-Identifier: GPL-2.0-or-later */
/* oci_json.c owns taking values of known types out of an engine's config.json. Pure. */
#include "src/plan/oci_json.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

void oci_refuse(struct oci_reader *o, const char *format, ...)
{
	char text[1024];
	va_list args;
	if (o->r < 0)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	o->r = err_set(o->err, -EINVAL, "config.json: %s: %s", o->where, text);
}

static json_t *get(struct oci_reader *o, const json_t *object, const char *key)
{
	json_t *value = o->r < 0 ? NULL : json_object_get(object, key);
	return json_is_null(value) ? NULL : value;
}

const char *oci_text(struct oci_reader *o, const json_t *object, const char *key)
{
	const json_t *value = get(o, object, key);
	if (value && !json_is_string(value))
		oci_refuse(o, "%s is no string", key);
	else if (value && strlen(json_string_value(value)) != json_string_length(value))
		oci_refuse(o, "%s has a NUL in it", key);
	return o->r < 0 ? NULL : json_string_value(value);
}

const char *oci_need_text(struct oci_reader *o, const json_t *object, const char *key)
{
	const char *text = oci_text(o, object, key);
	if (!text)
		oci_refuse(o, "%s is missing", key);
	return text ? text : "";
}

bool oci_flag(struct oci_reader *o, const json_t *object, const char *key)
{
	const json_t *value = get(o, object, key);
	if (value && !json_is_boolean(value))
		oci_refuse(o, "%s is neither true nor false", key);
	return json_is_true(value);
}

bool oci_number(struct oci_reader *o, const json_t *object, const char *key, int64_t min, int64_t max, int64_t *ret_value)
{
	const json_t *value = get(o, object, key);
	if (!value)
		return false;
	int64_t number = json_integer_value(value);
	if (!json_is_integer(value) || number < min || number > max) {
		oci_refuse(o, "%s is no number from %lld to %lld", key, (long long)min, (long long)max);
		return false;
	}
	*ret_value = number;
	return true;
}

/* oci_parse has made a real of what is above INT64_MAX: of these only 2^64-1, "unlimited", is ever meant. */
bool oci_unsigned(struct oci_reader *o, const json_t *object, const char *key, uint64_t *ret_value)
{
	const json_t *value = get(o, object, key);
	if (!value)
		return false;
	if (json_is_real(value) && json_real_value(value) >= 0x1p63 && json_real_value(value) <= 0x1p64) {
		*ret_value = json_real_value(value) >= 0x1p64 ? UINT64_MAX : (uint64_t)json_real_value(value);
		return true;
	}
	if (!json_is_integer(value) || json_integer_value(value) < 0) {
		oci_refuse(o, "%s is no number from 0 on", key);
		return false;
	}
	*ret_value = json_integer_value(value);
	return true;
}

json_t *oci_object(struct oci_reader *o, const json_t *object, const char *key)
{
	json_t *value = get(o, object, key);
	if (value && !json_is_object(value))
		oci_refuse(o, "%s is no object", key);
	return o->r < 0 ? NULL : value;
}

json_t *oci_array(struct oci_reader *o, const json_t *object, const char *key)
{
	json_t *value = get(o, object, key);
	if (value && !json_is_array(value))
		oci_refuse(o, "%s is no list", key);
	for (size_t i = 0; i < json_array_size(value); i++)
		if (!json_is_object(json_array_get(value, i)))
			oci_refuse(o, "%s is no list of objects", key);
	return o->r < 0 ? NULL : value;
}

void oci_texts(struct oci_reader *o, const json_t *object, const char *key, struct strv *ret_list)
{
	const json_t *value = get(o, object, key);
	if (value && !json_is_array(value))
		oci_refuse(o, "%s is no list", key);
	for (size_t i = 0; o->r == 0 && i < json_array_size(value); i++) {
		const json_t *item = json_array_get(value, i);
		if (!json_is_string(item) || strlen(json_string_value(item)) != json_string_length(item))
			oci_refuse(o, "%s is no list of strings", key);
		else
			strv_add(ret_list, json_string_value(item));
	}
}

static bool is_too_large(const char *digits, size_t len)
{
	static const char max[] = "9223372036854775807";
	size_t limit = sizeof max - 1;
	return len > limit || (len == limit && memcmp(digits, max, limit) > 0);
}

/* A copy in which whole numbers that jansson would refuse have ".0" behind them. */
static void relax_numbers(const char *text, size_t len, struct buf *ret_text)
{
	bool quoted = false;
	for (size_t i = 0; i < len;) {
		size_t n = 1;
		if (quoted && text[i] == '\\' && i + 1 < len)
			n = 2;
		else if (text[i] == '"')
			quoted = !quoted;
		else if (!quoted && text[i] >= '0' && text[i] <= '9') {
			while (i + n < len && strchr("0123456789.eE+-", text[i + n]) && text[i + n])
				n++;
			if (strspn(text + i, "0123456789") >= n && is_too_large(text + i, n)) {
				buf_add(ret_text, text + i, n);
				buf_str(ret_text, ".0");
				i += n;
				continue;
			}
		}
		buf_add(ret_text, text + i, n);
		i += n;
	}
}

json_t *oci_parse(const char *text, size_t len, struct err *err)
{
	json_error_t problem;
	cleanup_buf struct buf copy = { 0 }, relaxed = { 0 };
	buf_add(&copy, text, len); /* it has a NUL behind it */
	relax_numbers(copy.data, len, &relaxed);
	json_t *document = json_loadb(relaxed.data ? relaxed.data : "", relaxed.len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &problem);
	if (document && json_is_object(document))
		return document;
	err_set(err, -EINVAL, "config.json: line %d: %s", document ? 1 : problem.line, document ? "it is no object" : problem.text);
	json_decref(document);
	return NULL;
}
