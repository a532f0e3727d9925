/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rlimits.h owns what is said of limits of setrlimit(2) that xrun itself has met. */
#ifndef XRUN_BASE_RLIMITS_H
#define XRUN_BASE_RLIMITS_H

#include "src/base/err.h"

/*
 * An error where xrun itself may have less memory than it cannot do without (`ulimit -s`, `ulimit -d`): a signal would end it, without a word.
 * Uses little of either; for main to call before anything else.
 */
int rlimits_check(struct err *err);

/* Appends to the error of a helper program that ended the limits on its memory that are lower than a machine's usual ones. */
void rlimits_explain_end(struct err *err);

/* Appends to an error of too many open files, or of a file that is too large, which limit that is and how to lift it; others stay. */
void rlimits_explain(struct err *err);

#endif
