/* SPDX-License-Identifier: GPL-2.0-or-later */
/* now.h owns asking a clock that nobody sets (CLOCK_MONOTONIC, clock_gettime(2)): how long things take, and until when. */
#ifndef XRUN_BASE_NOW_H
#define XRUN_BASE_NOW_H

#include <stdint.h>

/* Nanoseconds and milliseconds since some moment before this boot's first process. */
int64_t now_ns(void);
int64_t now_ms(void);

#endif
