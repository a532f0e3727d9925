/* SPDX-License-Identifier: GPL-2.0-or-later */
/* err.h owns the one way in which a failure travels: a flat struct that the caller owns. */
#ifndef XRUN_BASE_ERR_H
#define XRUN_BASE_ERR_H

#include <stdarg.h>

/* Exit statuses of docker(1) and podman(1), "exit status" in their man pages. */
enum { STATUS_FAILED = 125, STATUS_NOT_EXECUTABLE = 126, STATUS_NOT_FOUND = 127 };

/*
 * What went wrong. Flat, and smaller than PIPE_BUF (4096), so that a child writes it to a pipe in one piece.
 * `text` is one line, names the thing and says what is wrong, and ends with the next step if there is one.
 */
struct err {
	int code;        /* negative errno; 0 means no error */
	int status;      /* the exit status this failure asks for; 0 means STATUS_FAILED */
	char text[2000];
};

/* Records a failure and returns `code` (a negative errno), so that `return err_set(...)` reads well. */
int err_set(struct err *err, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The same with errno as the code and its meaning appended: "cannot open x: Permission denied". */
int err_sys(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same with a given code (negative errno) instead of errno. */
int err_code(struct err *err, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Puts "FORMAT: " before the text that stands in err, and returns its code. */
int err_prefix(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Appends FORMAT to the text that stands in err (a next step, mostly), and returns its code. */
int err_append(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * Takes what another process sent, which need not be a text: it is made to end, and to be one line. Returns its code; where that is
 * no error's, -EIO and `otherwise`.
 */
int err_take(struct err *err, const struct err *sent, const char *otherwise);

/* Forgets the failure. */
void err_clear(struct err *err);

#endif
