/* SPDX-License-Identifier: GPL-2.0-or-later */
/* keys.h owns the keys that leave a container with a terminal running: docker-attach(1), --detach-keys. */
#ifndef XRUN_RUNTIME_KEYS_H
#define XRUN_RUNTIME_KEYS_H

#include "src/base/err.h"

#include <stdbool.h>
#include <stddef.h>

enum { KEYS_MAX = 8 };
struct keys {
	char of[KEYS_MAX];
	size_t count, seen;
};

/* Letters, or ctrl- and one, separated by commas. NULL: ctrl-p,ctrl-q. "": none, so nothing is ever the sequence. */
int keys_parse(const char *text, struct keys *ret_keys, struct err *err);

/*
 * What of `data` the program gets: keys that begin the sequence are held back until it is clear that they do not end it. `out`
 * has room for len + KEYS_MAX bytes. True once the sequence was typed; what follows it is dropped.
 */
bool keys_filter(struct keys *keys, const char *data, size_t len, char *out, size_t *ret_len);

#endif
