/* SPDX-License-Identifier: GPL-2.0-or-later */
/* listing.h owns how listings are printed: columns for people, JSON for programs, or by a template (--format). */
#ifndef XRUN_CLI_LISTING_H
#define XRUN_CLI_LISTING_H

#include "src/base/err.h"
#include "src/base/str.h"

#include <stdbool.h>

/*
 * A number of bytes is given in decimal; people see it as 1.5 MB. Without a title a column is for programs only, without a
 * key for people only. `field` is its name in a template, where that is neither the key nor the title; without those it is for
 * templates only. is_json: the cell is one there.
 */
struct column {
	const char *title, *key;
	bool is_bytes;
	const char *field;
	bool is_json;
};

struct listing {
	const struct column *columns; /* ended by one without any */
	bool no_heading;              /* no line of titles */
	size_t rows;
	struct strv cells;            /* row by row */
};
void listing_done(struct listing *listing);
#define cleanup_listing __attribute__((cleanup(listing_done)))

/* One cell for each column. NULL and "": nothing there. */
void listing_add(struct listing *listing, const char *const *cells);

/* `format` is NULL, "json", "table" or a template; anything else is the caller's user's mistake. */
int listing_check_format(const char *format, struct err *err);
int listing_print(const struct listing *listing, const char *format, struct err *err);

#endif
