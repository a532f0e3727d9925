/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "src/base/now.h"

#include <time.h>

int64_t now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t now_ms(void)
{
	return now_ns() / 1000000;
}
