/* SPDX-License-Identifier: GPL-2.0-or-later */
/* age.c owns how long ago something was, in words. */
#include "src/cli/age.h"

#include "src/base/str.h"

#include <stdio.h>
#include <string.h>

char *age_of_seconds(long long seconds)
{
	static const struct {
		const char *unit;
		long long seconds;
	} units[] = { { "year", 31557600 }, { "month", 2629800 }, { "week", 604800 }, { "day", 86400 }, { "hour", 3600 },
		{ "minute", 60 }, { "second", 1 } };
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		long long count = seconds / units[i].seconds;
		if (count > 0)
			return str_fmt("%lld %s%s ago", count, units[i].unit, count == 1 ? "" : "s");
	}
	return str_dup("just now");
}

/* Fields are bounded before timegm sees them; the fraction of a second does not matter. */
char *age_text(const char *text, time_t now)
{
	struct tm tm = { 0 };
	int used = 0, hours = 0, minutes = 0;
	char sign = 0;
	if (sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour, &tm.tm_min, &tm.tm_sec,
		    &used) != 6)
		return str_dup("");
	text += used;
	if (*text == '.')
		text += 1 + strspn(text + 1, "0123456789");
	if (sscanf(text, "%1[+-]%2d:%2d", &sign, &hours, &minutes) != 3 && *text != 'Z')
		return str_dup("");
	tm.tm_year -= 1900;
	tm.tm_mon--;
	long long offset = (hours * 60LL + minutes) * 60 * (sign == '-' ? -1 : 1);
	return age_of_seconds((long long)now - (long long)timegm(&tm) + offset);
}
