/* SPDX-License-Identifier: GPL-2.0-or-later */
/* when.c owns points in time as texts. */
#include "src/cli/when.h"

#include "src/base/str.h"
#include "src/runtime/state.h"

#include <time.h>

enum { SECOND = 1000000000 };

char *when_text(int64_t time)
{
	struct tm tm;
	char text[32];
	time_t seconds = time / SECOND;
	if (time == 0 || !gmtime_r(&seconds, &tm))
		return str_dup("");
	strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
	return str_fmt("%s.%09lldZ", text, (long long)(time % SECOND));
}

char *when_ago(int64_t time)
{
	static const struct { const char *name; long long seconds; } units[] = {
		{ "year", 365 * 86400 }, { "month", 30 * 86400 }, { "week", 7 * 86400 }, { "day", 86400 }, { "hour", 3600 }, { "minute", 60 },
	};
	long long seconds = (state_now() - time) / SECOND;
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		long long count = seconds / units[i].seconds;
		if (count > 0)
			return str_fmt("%lld %s%s", count, units[i].name, count == 1 ? "" : "s");
	}
	return str_fmt("%lld second%s", seconds < 0 ? 0 : seconds, seconds == 1 ? "" : "s");
}
