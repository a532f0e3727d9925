/* SPDX-License-Identifier: GPL-2.0-or-later */
/* toml.c owns reading the part of TOML that our files of settings are written in. */
#include "src/base/toml.h"

#include <errno.h>
#include <string.h>

struct reader {
	const char *at; /* the text ends in a NUL, and has none within */
	unsigned line;
	char *table;
	int (*take)(void *context, const struct toml_event *event, struct err *err);
	void *context;
	struct err *err;
};

static int bad(const struct reader *r, const char *why)
{
	return err_set(r->err, -EBADMSG, "line %u: %s", r->line, why);
}

static void skip_blanks(struct reader *r)
{
	r->at += strspn(r->at, " \t");
}

/* To the end of the line, where nothing but a comment may be; past it. */
static int end_line(struct reader *r)
{
	skip_blanks(r);
	if (*r->at == '#')
		r->at += strcspn(r->at, "\n");
	if (*r->at == '\r' && r->at[1] == '\n')
		r->at++;
	if (*r->at && *r->at != '\n')
		return bad(r, "something follows that does not belong there");
	r->line += *r->at == '\n';
	r->at += *r->at == '\n';
	return 0;
}

static size_t bare_len(const char *at)
{
	return strspn(at, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");
}

static int hex_value(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static void add_utf8(struct buf *text, unsigned value)
{
	if (value < 0x80) {
		buf_fmt(text, "%c", value);
		return;
	}
	int more = value < 0x800 ? 1 : value < 0x10000 ? 2 : 3;
	char bytes[4] = { (char)((0xf0 << (3 - more)) | value >> (6 * more)) };
	for (int i = 1; i <= more; i++)
		bytes[i] = (char)(0x80 | (value >> (6 * (more - i)) & 0x3f));
	buf_add(text, bytes, more + 1);
}

/* \uXXXX and \UXXXXXXXX: a character, neither NUL nor half of a pair. */
static int take_unicode(struct reader *r, int digits, struct buf *text)
{
	unsigned value = 0;
	for (int i = 0; i < digits; i++) {
		int digit = hex_value(*r->at);
		if (digit < 0)
			return bad(r, "\\u and \\U need 4 and 8 hexadecimal digits");
		value = value << 4 | (unsigned)digit;
		r->at++;
	}
	if (value == 0 || value > 0x10ffff || (value >= 0xd800 && value < 0xe000))
		return bad(r, "there is no such character");
	add_utf8(text, value);
	return 0;
}

static int take_escape(struct reader *r, struct buf *text)
{
	static const char names[] = "btnfr\"\\", values[] = "\b\t\n\f\r\"\\";
	char letter = *r->at;
	const char *name = letter ? strchr(names, letter) : NULL;
	if (letter)
		r->at++;
	if (letter == 'u' || letter == 'U')
		return take_unicode(r, letter == 'u' ? 4 : 8, text);
	if (!name)
		return bad(r, "there is no such escape");
	buf_add(text, values + (name - names), 1);
	return 0;
}

/* "..." or '...', on one line. */
static int take_text(struct reader *r, char **ret_text)
{
	cleanup_buf struct buf text = { 0 };
	char quote = *r->at++;
	if (r->at[0] == quote && r->at[1] == quote)
		return bad(r, "texts of several lines are not understood");
	while (*r->at != quote) {
		unsigned char c = (unsigned char)*r->at;
		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return bad(r, c == '\n' || !c ? "a text does not end" : "a control character");
		r->at++;
		if (quote == '"' && c == '\\') {
			int result = take_escape(r, &text);
			if (result < 0)
				return result;
			continue;
		}
		buf_add(&text, &c, 1);
	}
	r->at++;
	*ret_text = buf_take(&text);
	return 0;
}

/* Within a list: over lines and comments to what comes next. */
static int skip_to_next(struct reader *r)
{
	for (;;) {
		skip_blanks(r);
		if (*r->at != '#' && *r->at != '\n' && *r->at != '\r')
			return *r->at ? 0 : bad(r, "a list does not end");
		int result = end_line(r);
		if (result < 0)
			return result;
	}
}

static int take_list(struct reader *r, struct strv *list)
{
	r->at++;
	for (;;) {
		char *text = NULL;
		int result = skip_to_next(r);
		if (result == 0 && *r->at == ']')
			break;
		if (result == 0 && *r->at != '"' && *r->at != '\'')
			result = bad(r, "a list holds something other than texts, which is not understood");
		if (result == 0)
			result = take_text(r, &text);
		if (result < 0)
			return result;
		strv_take(list, text);
		result = skip_to_next(r);
		if (result == 0 && *r->at != ',' && *r->at != ']')
			result = bad(r, "a list's texts are not separated by commas");
		if (result < 0)
			return result;
		r->at += *r->at == ',';
	}
	r->at++;
	return 0;
}

static int report(struct reader *r, struct toml_event *event, unsigned line)
{
	event->line = line;
	event->table = r->table ? r->table : "";
	if (r->take(r->context, event, r->err) >= 0)
		return 0;
	return err_prefix(r->err, "line %u", line);
}

static int take_switch(struct reader *r, struct toml_event *event)
{
	size_t len = bare_len(r->at);
	event->on = len == 4 && memcmp(r->at, "true", 4) == 0;
	if (!event->on && !(len == 5 && memcmp(r->at, "false", 5) == 0))
		return bad(r, "a value is a \"text\", true, false or a list of texts; nothing else is understood");
	r->at += len;
	event->kind = TOML_SWITCH;
	return 0;
}

static int take_value(struct reader *r, const char *key)
{
	cleanup_strv struct strv list = { 0 };
	cleanup_free char *text = NULL;
	struct toml_event event = { .key = key };
	unsigned line = r->line;
	int result;
	if (*r->at == '"' || *r->at == '\'') {
		event.kind = TOML_TEXT;
		result = take_text(r, &text);
		event.text = text;
	} else if (*r->at == '[') {
		event.kind = TOML_LIST;
		result = take_list(r, &list);
		event.list = &list;
	} else {
		result = take_switch(r, &event);
	}
	if (result == 0)
		result = end_line(r);
	return result < 0 ? result : report(r, &event, line);
}

static int take_key(struct reader *r)
{
	cleanup_free char *key = NULL;
	int result = 0;
	if (*r->at == '"' || *r->at == '\'') {
		result = take_text(r, &key);
	} else {
		size_t len = bare_len(r->at);
		key = str_ndup(r->at, len);
		r->at += len;
		if (!len)
			result = bad(r, "neither a [table] nor KEY = VALUE");
	}
	skip_blanks(r);
	if (result == 0 && *r->at != '=')
		result = bad(r, *r->at == '.' ? "dotted keys are not understood" : "there is no = after a key");
	if (result < 0)
		return result;
	r->at++;
	skip_blanks(r);
	return take_value(r, key);
}

/* [a.b] or [[a.b]]. */
static int take_table(struct reader *r)
{
	bool item = r->at[1] == '[';
	cleanup_buf struct buf name = { 0 };
	r->at += 1 + item;
	for (;;) {
		skip_blanks(r);
		size_t len = bare_len(r->at);
		if (!len)
			return bad(r, "a table's name is made of letters, digits, - and _");
		buf_add(&name, r->at, len);
		r->at += len;
		skip_blanks(r);
		if (*r->at != '.')
			break;
		buf_str(&name, ".");
		r->at++;
	}
	if (r->at[0] != ']' || (item && r->at[1] != ']'))
		return bad(r, "a table's name does not end");
	r->at += 1 + item;
	unsigned line = r->line;
	int result = end_line(r);
	if (result < 0)
		return result;
	free(r->table);
	r->table = buf_take(&name);
	struct toml_event event = { .kind = item ? TOML_ITEM : TOML_TABLE };
	return report(r, &event, line);
}

int toml_read(const char *text, size_t len, int (*take)(void *context, const struct toml_event *event, struct err *err),
	void *context, struct err *err)
{
	struct reader r = { .at = text, .line = 1, .take = take, .context = context, .err = err };
	int result = 0;
	if (strnlen(text, len) != len)
		return err_set(err, -EBADMSG, "line 1: it is not a text");
	while (result == 0 && *r.at) {
		skip_blanks(&r);
		if (*r.at == '[')
			result = take_table(&r);
		else if (*r.at == '#' || *r.at == '\n' || *r.at == '\r')
			result = end_line(&r);
		else if (*r.at)
			result = take_key(&r);
	}
	free(r.table);
	return result;
}
