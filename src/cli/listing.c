/* SPDX-License-Identifier: GPL-2.0-or-later */
/* listing.c owns how listings are printed. */
#include "src/cli/listing.h"

#include "src/base/shown.h"
#include "src/cli/cli.h"
#include "src/cli/template.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void listing_done(struct listing *listing)
{
	strv_done(&listing->cells);
}

static size_t column_count(const struct listing *listing)
{
	size_t count = 0;
	while (listing->columns[count].title || listing->columns[count].key || listing->columns[count].field)
		count++;
	return count;
}

void listing_add(struct listing *listing, const char *const *cells)
{
	for (size_t i = 0; i < column_count(listing); i++)
		strv_add(&listing->cells, cells[i] ? cells[i] : "");
	listing->rows++;
}

int listing_check_format(const char *format, struct err *err)
{
	if (!format || str_eq(format, "json") || str_eq(format, "table") || template_is_one(format))
		return 0;
	return err_set(err, -EINVAL, "--format %s: there are json, table and templates like \"{{.ID}} {{.Status}}\"", format);
}

static char *for_people(const struct column *column, const char *cell)
{
	double bytes = column->is_bytes ? strtod(cell, NULL) : 0;
	if (!column->is_bytes)
		return str_dup(*cell ? cell : "-");
	return bytes >= 1e9 ? str_fmt("%.1f GB", bytes / 1e9) : bytes >= 1e6 ? str_fmt("%.1f MB", bytes / 1e6) : str_fmt("%.1f kB", bytes / 1e3);
}

static int column_width(const struct listing *listing, size_t at)
{
	size_t count = column_count(listing), width = strlen(listing->columns[at].title);
	for (size_t i = at; i < listing->cells.len; i += count) {
		cleanup_free char *text = for_people(&listing->columns[at], listing->cells.items[i]);
		width = strlen(text) > width ? strlen(text) : width;
	}
	return (int)width;
}

static size_t last_shown(const struct listing *listing)
{
	size_t last = column_count(listing) - 1;
	while (last > 0 && !listing->columns[last].title)
		last--;
	return last;
}

/* The last column is not filled up: lines end where their text does. */
static int print_columns(const struct listing *listing, struct err *err)
{
	size_t count = column_count(listing), rows = listing->rows, last = last_shown(listing);
	cleanup_free struct buf *lines = mem_new((rows + 1) * sizeof *lines);
	int r = 0;
	for (size_t at = 0; at < count; at++) {
		const struct column *column = &listing->columns[at];
		if (!column->title)
			continue;
		int width = column_width(listing, at);
		for (size_t row = 0; row <= rows; row++) {
			cleanup_free char *text = row ? for_people(column, listing->cells.items[(row - 1) * count + at]) : str_dup(column->title);
			shown_clean(text, "");
			buf_fmt(&lines[row], "%s%s", at ? "  " : "", text);
			if (at != last)
				buf_fmt(&lines[row], "%*s", width - (int)strlen(text), "");
		}
	}
	for (size_t row = 0; row <= rows; row++) {
		if ((row || !listing->no_heading) && puts(lines[row].data) < 0)
			r = err_sys(err, "cannot write the list");
		buf_done(&lines[row]);
	}
	return r;
}

static int print_json(const struct listing *listing, struct err *err)
{
	size_t count = column_count(listing);
	json_t *array = json_array();
	for (size_t i = 0; i < listing->cells.len; i += count) {
		json_t *object = json_object();
		for (size_t at = 0; at < count; at++) {
			const char *cell = listing->cells.items[i + at];
			if (*cell && listing->columns[at].key)
				json_object_set_new(object, listing->columns[at].key,
					listing->columns[at].is_bytes ? json_integer(strtoll(cell, NULL, 10)) : json_string(cell));
		}
		json_array_append_new(array, object);
	}
	cleanup_free char *dump = json_dumps(array, JSON_INDENT(2) | JSON_ENSURE_ASCII);
	json_decref(array);
	if (!dump || puts(dump) < 0)
		return err_sys(err, "cannot write the list");
	return 0;
}

/* A row as an object with all names that a template may use. */
static char *row_text(const struct listing *listing, size_t row)
{
	size_t count = column_count(listing);
	json_t *object = json_object();
	for (size_t at = 0; at < count; at++) {
		const struct column *column = &listing->columns[at];
		const char *cell = listing->cells.items[row * count + at];
		cleanup_free char *shown = column->title ? for_people(column, cell) : str_dup(cell);
		const char *name = column->field ? column->field : column->key ? column->key : column->title;
		json_object_set_new(object, name, column->is_json ? json_loads(cell, 0, NULL) : json_string(*cell ? shown : ""));
	}
	char *dump = json_dumps(object, JSON_ENSURE_ASCII);
	json_decref(object);
	return dump;
}

static size_t cell_width(const char *at)
{
	return strcspn(at, "\t");
}

/* Lines whose cells are separated by tabs, each column as wide as its widest cell. */
static int print_aligned(const struct strv *lines, struct err *err)
{
	enum { MAX_COLUMNS = 32, GAP = 2 };
	size_t widths[MAX_COLUMNS] = { 0 };
	for (size_t i = 0; i < lines->len; i++) {
		size_t column = 0;
		cli_for_terminal(lines->items[i]);
		for (const char *at = lines->items[i]; column < MAX_COLUMNS; at += cell_width(at) + 1, column++) {
			widths[column] = cell_width(at) > widths[column] ? cell_width(at) : widths[column];
			if (!at[cell_width(at)])
				break;
		}
	}
	for (size_t i = 0; i < lines->len; i++) {
		const char *at = lines->items[i];
		for (size_t column = 0; at[cell_width(at)]; at += cell_width(at) + 1, column++)
			printf("%.*s%*s", (int)cell_width(at), at,
				column < MAX_COLUMNS ? (int)(widths[column] - cell_width(at) + GAP) : GAP, "");
		if (puts(at) < 0)
			return err_sys(err, "cannot write the list");
	}
	return 0;
}

static int print_template(const struct listing *listing, const char *format, struct err *err)
{
	const char *table = template_without_table(format);
	cleanup_strv struct strv lines = { 0 };
	for (size_t row = 0; row < listing->rows; row++) {
		cleanup_free char *json = row_text(listing, row);
		cleanup_buf struct buf line = { 0 };
		int r = template_expand(table ? table : format, json ? json : "", &line, err);
		if (r < 0)
			return r;
		strv_take(&lines, buf_take(&line));
	}
	if (!table) {
		for (size_t i = 0; i < lines.len; i++)
			if (cli_puts(lines.items[i]) < 0)
				return err_sys(err, "cannot write the list");
		return 0;
	}
	cleanup_buf struct buf heading = { 0 };
	cleanup_strv struct strv all = { 0 };
	template_heading(table, &heading);
	if (!listing->no_heading)
		strv_take(&all, buf_take(&heading));
	strv_extend(&all, &lines);
	return print_aligned(&all, err);
}

int listing_print(const struct listing *listing, const char *format, struct err *err)
{
	if (!format || str_eq(format, "table"))
		return print_columns(listing, err);
	return str_eq(format, "json") ? print_json(listing, err) : print_template(listing, format, err);
}
