/* SPDX-License-Identifier: GPL-2.0-or-later */
/* toml.h owns reading the part of TOML (1.0.0) that our files of settings are written in. Pure: a text in, calls out. */
/*
 * Understood: comments, [tables] and [[lists of tables]] with bare names and dots, bare and quoted keys, and as values
 * "texts" with their escapes, 'texts' without, true and false, and lists of texts, which may go over several lines.
 * Everything else (dotted keys, inline tables, numbers, dates, long texts) is refused with its line.
 */
#ifndef XRUN_BASE_TOML_H
#define XRUN_BASE_TOML_H

#include "src/base/err.h"
#include "src/base/str.h"

enum toml_kind { TOML_TABLE, TOML_ITEM, TOML_TEXT, TOML_SWITCH, TOML_LIST };

/* [TABLE], [[TABLE]], or KEY = VALUE in the table that stands before it ("" at the top). Valid during the call. */
struct toml_event {
	enum toml_kind kind;
	unsigned line;
	const char *table, *key;
	const char *text;
	bool on;
	const struct strv *list;
};

/* Calls `take` for each; its negative result ends the reading. The error begins with "line N: ", take's own, too. */
int toml_read(const char *text, size_t len, int (*take)(void *context, const struct toml_event *event, struct err *err),
	void *context, struct err *err);

#endif
