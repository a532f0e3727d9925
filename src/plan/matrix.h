/* SPDX-License-Identifier: GPL-2.0-or-later */
/* matrix.h owns one command on several architectures: which, how each went, and what differed. Pure: no I/O. */
#ifndef XRUN_PLAN_MATRIX_H
#define XRUN_PLAN_MATRIX_H

#include "binfmt/arch.h"
#include "src/base/err.h"
#include "src/base/str.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * What is kept of an output however long it is: its length, a hash (FNV-1a, 64 bits), a hash of each of its first lines,
 * and its end. Hashes serve to compare outputs, not against somebody who wants them to look alike.
 */
enum { MATRIX_LINES = 4096, MATRIX_TAIL = 65536 };
struct matrix_output {
	uint64_t bytes, hash;
	uint64_t lines;        /* that have ended */
	uint64_t line_hash;    /* of the one that has not */
	uint64_t *line_hashes; /* of the first MATRIX_LINES */
	char *tail;            /* a ring; see matrix_output_tail */
};
void matrix_output_add(struct matrix_output *output, const void *data, size_t len);
void matrix_output_done(struct matrix_output *output);

/* The last MATRIX_TAIL bytes, or all; the caller's. */
char *matrix_output_tail(const struct matrix_output *output, size_t *ret_len);

/*
 * The number of the first line in which two outputs differ, 0 if none does; MATRIX_LINES + 1 also stands for every later
 * line.
 */
uint64_t matrix_output_compare(const struct matrix_output *a, const struct matrix_output *b);

enum matrix_state { MATRIX_WAITING, MATRIX_RUNNING, MATRIX_ENDED, MATRIX_SKIPPED };

/* One architecture. SKIPPED: it was not asked for by name and does not run here; err says why. */
struct matrix_row {
	const struct arch *arch;
	enum matrix_state state;
	int status;            /* the program's exit status, 128+n for a signal, 125 and above for xrun's own */
	int64_t started_ms, ended_ms; /* on one clock; without the pull */
	struct err err;        /* of xrun itself; code 0 if there is none */
	struct matrix_output out, error_out;
};

struct matrix {
	const char *image, *command; /* for reports */
	struct matrix_row *rows;
	size_t count;
};
void matrix_done(struct matrix *matrix);

/* "aarch64,riscv64": one row each, as typed. A name twice, or one that nobody knows, is an error. `option` is for messages. */
int matrix_add_archs(struct matrix *matrix, const char *option, const char *text, struct err *err);
void matrix_add(struct matrix *matrix, const struct arch *arch);

/* The exit status of the whole: that of the first row, in the order of the rows, which has not 0; a row that never ran has 125. */
int matrix_status(const struct matrix *matrix);

/* The row that the others' output is compared with: the machine's own architecture, or else the first that ran. NULL: none. */
const struct matrix_row *matrix_reference(const struct matrix *matrix);

/* "ok", "exit 7", "exit 139 (SIGSEGV)", "not started", "failed: REASON"; the caller's. */
char *matrix_say_status(const struct matrix_row *row);

/* "same", "differs from x86_64's at line 3", "-"; the caller's. */
char *matrix_say_difference(const struct matrix *matrix, const struct matrix_row *row);

/* The table that people read. */
void matrix_table(const struct matrix *matrix, struct buf *ret_text);

#endif
