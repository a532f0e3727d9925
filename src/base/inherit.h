/* SPDX-License-Identifier: GPL-2.0-or-later */
/* inherit.h owns which descriptors this program was begun with, for who passes them on: their numbers alone do not tell. */
#ifndef XRUN_BASE_INHERIT_H
#define XRUN_BASE_INHERIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { INHERIT_FIRST = 3, INHERIT_LIMIT = 2048 };

/* Of the numbers from INHERIT_FIRST on; all zeros: none. */
struct inherit {
	uint64_t is_open[INHERIT_LIMIT / 64];
};

/* Looks which are open, INHERIT_LIMIT of them at most: to be called before the program opens any itself. */
void inherit_look(struct inherit *ret_inherit);

/* The lowest one from `from` on, or -1. */
int inherit_next(const struct inherit *inherit, int from);

/* Leaves the first `count` numbers. Returns how many of these were not open, and the first such one in *ret_first. */
size_t inherit_limit(struct inherit *inherit, size_t count, int *ret_first);

#endif
