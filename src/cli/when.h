/* SPDX-License-Identifier: GPL-2.0-or-later */
/* when.h owns points in time, nanoseconds since 1970, as texts. */
#ifndef XRUN_CLI_WHEN_H
#define XRUN_CLI_WHEN_H

#include <stdint.h>

/* RFC 3339 with nine digits after the point, in UTC; "" for 0. The caller's. */
char *when_text(int64_t time);

/* How long ago: "5 seconds", "3 weeks". The caller's. */
char *when_ago(int64_t time);

#endif
