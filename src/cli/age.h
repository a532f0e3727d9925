/* SPDX-License-Identifier: GPL-2.0-or-later */
/* age.h owns how long ago something was, in words. Pure. */
#ifndef XRUN_CLI_AGE_H
#define XRUN_CLI_AGE_H

#include <time.h>

/*
 * "3 weeks ago" for a time as RFC 3339 writes it ("2024-05-01T12:00:00Z", fractions and offsets as well), seen from `now`;
 * "" for what is no time. An allocated string.
 */
char *age_text(const char *time, time_t now);

/* The same for a number of seconds; what lies ahead is "just now". */
char *age_of_seconds(long long seconds);

#endif
