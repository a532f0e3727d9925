/* SPDX-License-Identifier: GPL-2.0-or-later */
/* when.c owns points in time as texts. */
#include "src/cli/when.h"

#include "src/base/now.h"
#include "src/base/str.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { SECOND = 1000000000 };
#define SECONDS_LIMIT 9000000000ll /* of 1970 or to it: nanoseconds must fit into 64 bits */

char *when_text(int64_t time)
{
	return time == 0 ? str_dup("") : str_time(time);
}

char *when_ago(int64_t time)
{
	static const struct { const char *name; long long seconds; } units[] = {
		{ "year", 31557600 }, { "month", 2629800 }, { "week", 604800 }, { "day", 86400 }, { "hour", 3600 }, { "minute", 60 },
	};
	long long seconds = (now_wall_ns() - time) / SECOND;
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		long long count = seconds / units[i].seconds;
		if (count > 0)
			return str_fmt("%lld %s%s", count, units[i].name, count == 1 ? "" : "s");
	}
	return str_fmt("%lld second%s", seconds < 0 ? 0 : seconds, seconds == 1 ? "" : "s");
}

char *when_told(const char *text)
{
	int64_t time;
	if (!when_parse(text, &time))
		return str_dup("");
	cleanup_free char *ago = when_ago(time);
	return str_fmt("%s ago", ago);
}

/* "1h30m": the larger unit first. */
static bool parse_ago(const char *text, int64_t *ret_time)
{
	static const struct { const char *name; long long seconds; } units[] = { { "h", 3600 }, { "m", 60 }, { "s", 1 } };
	long long total = 0;
	for (size_t unit = 0; *text; unit++) {
		char *end;
		long long count = strtoll(text, &end, 10);
		while (unit < 3 && *end != *units[unit].name)
			unit++;
		if (unit == 3 || end == text || count < 0 || count > 1000000000)
			return false;
		total += count * units[unit].seconds;
		text = end + 1;
	}
	if (total > SECONDS_LIMIT)
		return false;
	*ret_time = now_wall_ns() - total * SECOND;
	return true;
}

/* "Z" or "+01:00" or nothing; what is left of UTC. */
static bool parse_zone(const char *text, long long *ret_offset)
{
	int hours, minutes, end = 0;
	*ret_offset = 0;
	if (!*text || strcmp(text, "Z") == 0)
		return true;
	if ((*text != '+' && *text != '-') || sscanf(text + 1, "%2d:%2d%n", &hours, &minutes, &end) != 2 || text[1 + end])
		return false;
	*ret_offset = (hours * 3600ll + minutes * 60ll) * (*text == '-' ? -1 : 1);
	return true;
}

bool when_parse(const char *text, int64_t *ret_time)
{
	struct tm tm = { 0 };
	unsigned long long seconds;
	long long offset, nanoseconds = 0, unit = SECOND;
	if (str_to_u64(text, SECONDS_LIMIT, &seconds)) {
		*ret_time = (int64_t)seconds * SECOND;
		return true;
	}
	const char *rest = strptime(text, "%Y-%m-%d", &tm);
	if (!rest)
		return *text && parse_ago(text, ret_time);
	if (*rest == 'T' && !(rest = strptime(rest + 1, "%H:%M:%S", &tm)))
		return false;
	if (*rest == '.')
		for (rest++; *rest >= '0' && *rest <= '9'; rest++)
			nanoseconds += (*rest - '0') * (unit /= 10);
	if (!parse_zone(rest, &offset))
		return false;
	long long since = (long long)timegm(&tm) - offset;
	if (since > SECONDS_LIMIT || since < -SECONDS_LIMIT)
		return false;
	*ret_time = since * SECOND + nanoseconds;
	return true;
}
