/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rlimits.h owns what is said of limits of setrlimit(2) that xrun itself has met. */
#ifndef XRUN_BASE_RLIMITS_H
#define XRUN_BASE_RLIMITS_H

#include "src/base/err.h"

/* Appends to an error of too many open files, or of a file that is too large, which limit that is and how to lift it; others stay. */
void rlimits_explain(struct err *err);

#endif
