/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "src/base/now.h"

#include <time.h>

static int64_t ask(clockid_t clock)
{
	struct timespec now;
	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t now_ns(void)
{
	return ask(CLOCK_MONOTONIC);
}

int64_t now_ms(void)
{
	return now_ns() / 1000000;
}

int64_t now_wall_ns(void)
{
	return ask(CLOCK_REALTIME);
}
