/* SPDX-License-Identifier: GPL-2.0-or-later */
/* inherit.c owns which descriptors this program was begun with. */
#include "src/base/inherit.h"

#include <fcntl.h>
#include <string.h>

static uint64_t bit(size_t i)
{
	return 1ull << i % 64;
}

void inherit_look(struct inherit *ret_inherit)
{
	memset(ret_inherit, 0, sizeof *ret_inherit);
	for (size_t i = 0; i < INHERIT_LIMIT; i++)
		if (fcntl(INHERIT_FIRST + (int)i, F_GETFD) >= 0)
			ret_inherit->is_open[i / 64] |= bit(i);
}

static bool has(const struct inherit *inherit, int fd)
{
	size_t i = (size_t)fd - INHERIT_FIRST;
	return fd >= INHERIT_FIRST && i < INHERIT_LIMIT && inherit->is_open[i / 64] & bit(i);
}

int inherit_next(const struct inherit *inherit, int from)
{
	for (int fd = from; fd < INHERIT_FIRST + INHERIT_LIMIT; fd++)
		if (has(inherit, fd))
			return fd;
	return -1;
}

size_t inherit_limit(struct inherit *inherit, size_t count, int *ret_first)
{
	size_t missing = 0;
	for (size_t i = 0; i < INHERIT_LIMIT; i++) {
		bool is_open = inherit->is_open[i / 64] & bit(i);
		if (i >= count)
			inherit->is_open[i / 64] &= ~bit(i);
		else if (!is_open && missing++ == 0)
			*ret_first = INHERIT_FIRST + (int)i;
	}
	return missing;
}
