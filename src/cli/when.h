/* SPDX-License-Identifier: GPL-2.0-or-later */
/* when.h owns points in time, nanoseconds since 1970, as texts. */
#ifndef XRUN_CLI_WHEN_H
#define XRUN_CLI_WHEN_H

#include <stdbool.h>
#include <stdint.h>

/* RFC 3339 with nine digits after the point, in UTC; "" for 0. The caller's. */
char *when_text(int64_t time);

/* How long ago: "5 seconds", "3 weeks". The caller's. */
char *when_ago(int64_t time);

/* How long ago a time is that an image tells, "3 weeks ago"; "" for what is no time. The caller's. */
char *when_told(const char *text);

/*
 * A time as docker-logs(1) has it: RFC 3339, with or without fraction, zone (UTC), time of day; seconds since 1970; or how long
 * ago: 1h30m, 90s. False for anything else, and what is three centuries from now.
 */
bool when_parse(const char *text, int64_t *ret_time);

#endif
