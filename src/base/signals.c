/* SPDX-License-Identifier: GPL-2.0-or-later */
/* signals.c owns the names of signals. */
#include "src/base/signals.h"

#include "src/base/str.h"

#include <signal.h>
#include <string.h>
#include <strings.h>

static int real_time(const char *text)
{
	unsigned long long offset = 0;
	bool from_end = strncasecmp(text, "RTMAX", 5) == 0;
	if (!from_end && strncasecmp(text, "RTMIN", 5) != 0)
		return 0;
	int room = SIGRTMAX - SIGRTMIN;
	text += 5;
	if (*text && (*text != (from_end ? '-' : '+') || !str_to_u64(text + 1, room, &offset)))
		return 0;
	return from_end ? SIGRTMAX - (int)offset : SIGRTMIN + (int)offset;
}

int signal_by_name(const char *name)
{
	unsigned long long number;
	if (str_to_u64(name, SIGRTMAX, &number))
		return (int)number;
	if (strncasecmp(name, "SIG", 3) == 0)
		name += 3;
	for (int i = 1; i < SIGRTMIN; i++) {
		const char *known = sigabbrev_np(i);
		if (known && strcasecmp(known, name) == 0)
			return i;
	}
	return real_time(name);
}

char *signal_name(int number)
{
	const char *known = sigabbrev_np(number);
	return known ? str_fmt("SIG%s", known) : str_fmt("%d", number);
}
