/* SPDX-License-Identifier: GPL-2.0-or-later */
/* str.c owns strings on the heap. */
#include "src/base/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

void *mem_new(size_t size)
{
	void *p = calloc(1, size ? size : 1);
	if (!p)
		abort();
	return p;
}

void *mem_grow(void *old, size_t count, size_t size)
{
	void *p = reallocarray(old, count ? count : 1, size ? size : 1);
	if (!p)
		abort();
	return p;
}

char *str_ndup(const char *s, size_t n)
{
	size_t len = strnlen(s, n);
	char *copy = mem_new(len + 1);
	memcpy(copy, s, len);
	return copy;
}

char *str_dup(const char *s)
{
	return s ? str_ndup(s, strlen(s)) : NULL;
}

static size_t format_text(char **ret_text, const char *format, va_list args)
{
	int n = vasprintf(ret_text, format, args);
	if (n < 0)
		abort();
	return n;
}

char *str_fmt(const char *format, ...)
{
	char *s;
	va_list args;
	va_start(args, format);
	format_text(&s, format, args);
	va_end(args);
	return s;
}

bool str_eq(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

bool str_starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool str_ends(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);
	return n >= m && memcmp(s + n - m, suffix, m) == 0;
}

bool str_to_u64(const char *s, unsigned long long max, unsigned long long *ret_value)
{
	unsigned long long value = 0;
	if (!*s)
		return false;
	for (; *s; s++) {
		if (*s < '0' || *s > '9')
			return false;
		unsigned long long digit = *s - '0';
		if (value > (max - digit) / 10 || digit > max)
			return false;
		value = value * 10 + digit;
	}
	*ret_value = value;
	return true;
}

static void reserve(struct buf *b, size_t more)
{
	size_t need = b->len + more + 1;
	if (need <= b->room)
		return;
	size_t room = b->room ? b->room : 64;
	while (room < need)
		room *= 2;
	b->data = mem_grow(b->data, room, 1);
	b->room = room;
}

void buf_add(struct buf *b, const void *data, size_t len)
{
	reserve(b, len);
	if (len)
		memcpy(b->data + b->len, data, len);
	b->len += len;
	b->data[b->len] = 0;
}

void buf_str(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_fmt(struct buf *b, const char *format, ...)
{
	char *s;
	va_list args;
	va_start(args, format);
	size_t n = format_text(&s, format, args);
	va_end(args);
	buf_add(b, s, n);
	free(s);
}

char *buf_take(struct buf *b)
{
	reserve(b, 0);
	b->data[b->len] = 0;
	char *s = b->data;
	*b = (struct buf){ 0 };
	return s;
}

void buf_done(struct buf *b)
{
	free(b->data);
	*b = (struct buf){ 0 };
}

void strv_take(struct strv *v, char *s)
{
	v->items = mem_grow(v->items, v->len + 2, sizeof *v->items);
	v->items[v->len++] = s;
	v->items[v->len] = NULL;
}

void strv_add(struct strv *v, const char *s)
{
	strv_take(v, str_dup(s));
}

void strv_copy(struct strv *v, char *const *items)
{
	for (; items && *items; items++)
		strv_add(v, *items);
}

void strv_extend(struct strv *v, const struct strv *more)
{
	strv_copy(v, more->items);
}

bool strv_has(const struct strv *v, const char *s)
{
	for (size_t i = 0; i < v->len; i++)
		if (str_eq(v->items[i], s))
			return true;
	return false;
}

char *strv_join(const struct strv *v, const char *between)
{
	struct buf text = { 0 };
	for (size_t i = 0; i < v->len; i++) {
		buf_str(&text, i ? between : "");
		buf_str(&text, v->items[i]);
	}
	return buf_take(&text);
}

void strv_done(struct strv *v)
{
	for (size_t i = 0; i < v->len; i++)
		free(v->items[i]);
	free(v->items);
	*v = (struct strv){ 0 };
}

static bool has_key(const char *assignment, const char *key, size_t key_len)
{
	return strncmp(assignment, key, key_len) == 0 && assignment[key_len] == '=';
}

const char *strv_env_get(const struct strv *v, const char *key)
{
	size_t n = strlen(key);
	for (size_t i = v->len; i-- > 0;)
		if (has_key(v->items[i], key, n))
			return v->items[i] + n + 1;
	return NULL;
}

void strv_env_set(struct strv *v, const char *assignment)
{
	size_t n = strcspn(assignment, "=");
	for (size_t i = 0; i < v->len; i++) {
		if (has_key(v->items[i], assignment, n)) {
			free(v->items[i]);
			v->items[i] = str_dup(assignment);
			return;
		}
	}
	strv_add(v, assignment);
}

void strv_env_unset(struct strv *v, const char *key)
{
	size_t n = strlen(key), kept = 0;
	for (size_t i = 0; i < v->len; i++) {
		if (has_key(v->items[i], key, n))
			free(v->items[i]);
		else
			v->items[kept++] = v->items[i];
	}
	v->len = kept;
	if (v->items)
		v->items[kept] = NULL;
}

char *str_time(int64_t time)
{
	enum { SECOND = 1000000000 };
	struct tm tm;
	char text[32];
	time_t seconds = time / SECOND;
	if (!gmtime_r(&seconds, &tm))
		return str_dup("");
	strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
	return str_fmt("%s.%09lldZ", text, (long long)(time % SECOND));
}

bool str_to_ms(const char *text, uint64_t *ret_ms)
{
	static const struct { const char *name; uint64_t ms; } units[] = { { "h", 3600000 }, { "ms", 1 }, { "m", 60000 }, { "s", 1000 } };
	uint64_t total = 0;
	if (!*text)
		return false;
	while (*text) {
		size_t digits = strspn(text, "0123456789"), unit = 0;
		if (digits == 0 || digits > 9)
			return false;
		uint64_t count = strtoull(text, NULL, 10);
		text += digits;
		while (unit < 4 && !str_starts(text, units[unit].name))
			unit++;
		if (unit == 4)
			return false;
		total += count * units[unit].ms;
		text += strlen(units[unit].name);
	}
	*ret_ms = total;
	return true;
}
