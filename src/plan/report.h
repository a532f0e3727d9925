/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report.h owns what a matrix is told to other programs: JUnit's XML and JSON. Pure: no I/O. */
#ifndef XRUN_PLAN_REPORT_H
#define XRUN_PLAN_REPORT_H

#include "src/plan/matrix.h"

/*
 * One test suite, one test case for each architecture, as the CI systems read it (testmoapp/junitxml describes the format).
 * A case that ended with another status than 0 is a failure, one that xrun could not start an error. Outputs are cut
 * to their ends; what XML 1.0 cannot say (control characters, bytes that are not UTF-8) becomes U+FFFD.
 */
void report_junit(const struct matrix *matrix, struct buf *ret_text);

/* {"image": ..., "status": ..., "reference": ..., "results": [{"arch": ..., "status": ..., ...}]}; docs/matrix.md. */
void report_json(const struct matrix *matrix, struct buf *ret_text);

#endif
