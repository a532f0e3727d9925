/* SPDX-License-Identifier: GPL-2.0-or-later */
/* matrix.h owns running the rows of a matrix, each in a process of its own, side by side. */
#ifndef XRUN_CLI_MATRIX_H
#define XRUN_CLI_MATRIX_H

#include "src/plan/matrix.h"

/*
 * What each row's process does, with standard output and error into pipes of ours. Sets *ret_started_ms (of
 * now_ms) when the pull is over and the container is about to start. Returns an exit status, or a negative errno.
 */
struct matrix_options {
	size_t jobs;    /* how many at once */
	bool grouped;   /* see matrix_output.h */
	int input_fd;   /* a file that each gets as standard input, from its start; -1: /dev/null */
	int (*call)(void *context, const struct arch *arch, int64_t *ret_started_ms, struct err *err);
	void *context;
};

/*
 * Runs every row that is WAITING and fills it. SIGINT, SIGTERM, SIGHUP and SIGQUIT are passed on and no row starts any more;
 * what still runs two seconds later, or at a second signal, is killed, its container first. 0, the signal's number, or a
 * negative errno when our own output could not be written.
 */
int matrix_execute(struct matrix *matrix, const struct matrix_options *options, struct err *err);

#endif
