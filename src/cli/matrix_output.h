/* SPDX-License-Identifier: GPL-2.0-or-later */
/* matrix_output.h owns how the outputs of several architectures share one standard output and one standard error. */
#ifndef XRUN_CLI_MATRIX_OUTPUT_H
#define XRUN_CLI_MATRIX_OUTPUT_H

#include "src/base/err.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Prefixed: each line, when it has ended, as "aarch64 | LINE". A line ends with LF, CR LF or CR; one longer than
 * MATRIX_LINE bytes is printed in pieces, of which the second and later say "aarch64 + PIECE".
 * Grouped: all of an architecture's output at once, byte for byte, after a line "== aarch64 ==". Until then it is in a file
 * without a name in $TMPDIR or /var/tmp.
 * `put` writes all of `data` to descriptor `to`, 1 or 2, or fails with a negative errno.
 */
enum { MATRIX_LINE = 16384 };
struct matrix_printer {
	bool grouped;
	size_t width;      /* of the longest name */
	bool coloured[3];  /* by descriptor */
	bool shared;       /* 1 and 2 lead to the same place */
	int (*put)(void *context, int to, const char *data, size_t len, struct err *err);
	void *context;
};

/* Whether 1 and 2 are terminals (and NO_COLOR is not set), and whether they are one. */
void matrix_printer_init(struct matrix_printer *printer);

struct matrix_half {
	char *line;        /* MATRIX_LINE bytes, made when needed */
	size_t len;
	bool after_cr, continues;
};

/* One architecture's output. */
struct matrix_text {
	const char *name;
	size_t number;     /* chooses the colour */
	int spool_fd;
	struct matrix_half halves[3];
};
int matrix_text_init(struct matrix_text *text, const struct matrix_printer *printer, const char *name, size_t number,
	struct err *err);
void matrix_text_done(struct matrix_text *text);

int matrix_text_add(struct matrix_text *text, const struct matrix_printer *printer, int to, const char *data, size_t len,
	struct err *err);

/* There is no more to come: the last lines, which did not end, or with `grouped` everything. */
int matrix_text_end(struct matrix_text *text, const struct matrix_printer *printer, struct err *err);

/* A file without a name, for what need not be kept: $TMPDIR, or else /var/tmp, which is on disk where /tmp may not be. */
int matrix_spool(struct err *err);

#endif
