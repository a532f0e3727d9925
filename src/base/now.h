/* SPDX-License-Identifier: GPL-2.0-or-later */
/* now.h owns asking what time it is (clock_gettime(2)). */
#ifndef XRUN_BASE_NOW_H
#define XRUN_BASE_NOW_H

#include <stdint.h>

/* CLOCK_MONOTONIC, which nobody sets, in nanoseconds and milliseconds: how long things take, and until when. */
int64_t now_ns(void);
int64_t now_ms(void);

/* CLOCK_REALTIME, which may be set at any time, in nanoseconds since 1970: for people to read. */
int64_t now_wall_ns(void);

#endif
