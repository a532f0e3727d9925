/* SPDX-License-Identifier: GPL-2.0-or-later */
/* limits.h owns how limits are written (docker-run(1)), one option at a time. Pure. */
#ifndef XRUN_PLAN_LIMITS_H
#define XRUN_PLAN_LIMITS_H

#include "src/base/err.h"
#include "src/plan/request.h"

/*
 * Takes one option, by its long name without dashes; one that can be given several times adds to what is there. -ENOENT
 * without err for a name that is no limit's. limits_check looks at them together afterwards.
 */
int limits_set(struct spec_limits *limits, const char *name, const char *value, struct err *err);
int limits_check(const struct spec_limits *limits, struct err *err);

/* All that were asked for, one after the other. */
int limits_take(const struct request_limits *asked, struct spec_limits *limits, struct err *err);

/* Those of `changes` that are set take the place of the others, and all are looked at together. */
int limits_merge(struct spec_limits *limits, const struct spec_limits *changes, struct err *err);

/* Every limit that is set as NAME=VALUE, which limits_set takes back. */
void limits_describe(const struct spec_limits *limits, struct strv *ret_lines);

/* "64m", "1.5g", "1024": bytes; `option` is for the message, with its dashes. "0.5": thousandths. */
int limits_parse_size(const char *option, const char *text, uint64_t *ret_bytes, struct err *err);
int limits_parse_cpus(const char *text, uint64_t *ret_milli, struct err *err);

#endif
