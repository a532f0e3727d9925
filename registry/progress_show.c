/* SPDX-License-Identifier: GPL-2.0-or-later */
/* progress_show.c owns how the state of a pull looks. */
#include "registry/progress_show.h"

#include <string.h>

enum { ID_LEN = 12, MAX_BAR = 30, MIN_BAR = 5 };

void progress_text_size(struct buf *text, int64_t bytes)
{
	static const char *const units[] = { "kB", "MB", "GB", "TB" };
	size_t unit = 0;
	double value = (double)bytes / 1000;
	while (value >= 999.95 && unit + 1 < sizeof units / sizeof *units) {
		value /= 1000;
		unit++;
	}
	buf_fmt(text, "%.1f %s", value, units[unit]);
}

int64_t progress_left(const struct progress_total *total)
{
	if (total->done >= total->size)
		return 0;
	return total->rate > 0 ? (total->size - total->done + total->rate - 1) / total->rate : -1;
}

static void add_time(struct buf *text, int64_t seconds)
{
	if (seconds >= 3600)
		buf_fmt(text, "%lld h %02lld min", (long long)(seconds / 3600), (long long)(seconds % 3600 / 60));
	else if (seconds >= 60)
		buf_fmt(text, "%lld min %02lld s", (long long)(seconds / 60), (long long)(seconds % 60));
	else
		buf_fmt(text, "%lld s", (long long)seconds);
}

/* As wide as the rest of the line leaves room for; where that is next to nothing, none. */
static void add_bar(struct buf *text, int64_t done, int64_t size, unsigned columns, size_t rest)
{
	size_t used = ID_LEN + strlen("  []  ") + rest, width = columns > used ? columns - used : 0;
	if (width > MAX_BAR)
		width = MAX_BAR;
	if (width < MIN_BAR)
		return;
	int64_t full = size > 0 ? (done < size ? done : size) * (int64_t)width / size : (int64_t)width;
	buf_str(text, "[");
	for (int64_t i = 0; i < (int64_t)width; i++)
		buf_str(text, i < full ? "=" : " ");
	buf_str(text, "]  ");
}

static void cut(struct buf *text, size_t start, unsigned columns)
{
	if (text->len - start > columns) {
		text->len = start + columns;
		text->data[text->len] = 0;
	}
}

void progress_text_row(struct buf *text, const struct progress_row *row, unsigned columns)
{
	cleanup_buf struct buf rest = { 0 };
	size_t start = text->len;
	buf_fmt(text, "%.*s  ", ID_LEN, digest_hex(&row->digest));
	if (row->what) {
		progress_text_size(text, row->size);
		buf_fmt(text, "  %s", row->what);
		return;
	}
	progress_text_size(&rest, row->done);
	buf_str(&rest, " of ");
	progress_text_size(&rest, row->size);
	add_bar(text, row->done, row->size, columns, rest.len);
	buf_str(text, rest.data);
	cut(text, start, columns);
}

void progress_text_total(struct buf *text, const struct progress_total *total, unsigned columns)
{
	cleanup_buf struct buf rest = { 0 };
	int64_t left = progress_left(total);
	size_t start = text->len;
	buf_fmt(text, "%-*s  ", ID_LEN, "total");
	progress_text_size(&rest, total->done);
	buf_str(&rest, " of ");
	progress_text_size(&rest, total->size);
	if (total->rate > 0) {
		buf_str(&rest, "  ");
		progress_text_size(&rest, total->rate);
		buf_str(&rest, "/s");
	}
	if (left > 0) {
		buf_str(&rest, "  ");
		add_time(&rest, left);
		buf_str(&rest, " left");
	}
	if (columns)
		add_bar(text, total->done, total->size, columns, rest.len);
	buf_str(text, rest.data);
	if (columns)
		cut(text, start, columns);
}

/* What comes from outside: control characters, quotes and backslashes are escaped (RFC 8259, section 7). */
static void add_string(struct buf *text, const char *value)
{
	buf_str(text, "\"");
	for (; *value; value++) {
		unsigned char c = (unsigned char)*value;
		if (c < 0x20 || c == 0x7f)
			buf_fmt(text, "\\u%04x", c);
		else
			buf_fmt(text, c == '"' || c == '\\' ? "\\%c" : "%c", c);
	}
	buf_str(text, "\"");
}

void progress_json_row(struct buf *text, const struct progress_row *row)
{
	buf_fmt(text, "{\"event\": \"layer\", \"digest\": \"%s\", \"size\": %lld, \"done\": %lld, \"state\": \"%s\"}", row->digest.text,
		(long long)row->size, (long long)(row->what ? row->size : row->done), row->what ? row->what : "downloading");
}

void progress_json_total(struct buf *text, const struct progress_total *total)
{
	buf_fmt(text, "{\"event\": \"total\", \"done\": %lld, \"size\": %lld, \"rate\": %lld, \"left\": %lld}", (long long)total->done,
		(long long)total->size, (long long)total->rate, (long long)progress_left(total));
}

void progress_json_message(struct buf *text, const char *message)
{
	buf_str(text, "{\"event\": \"message\", \"text\": ");
	add_string(text, message);
	buf_str(text, "}");
}

void progress_json_image(struct buf *text, const char *name, const char *platform, const struct digest *digest)
{
	buf_str(text, "{\"event\": \"image\", \"name\": ");
	add_string(text, name);
	buf_str(text, ", \"platform\": ");
	add_string(text, platform);
	buf_fmt(text, ", \"digest\": \"%s\"}", digest->text);
}
