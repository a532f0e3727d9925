/* SPDX-License-Identifier: GPL-2.0-or-later */
/* deflate.h owns packing bytes with gzip (RFC 1952). */
#ifndef XRUN_REGISTRY_DEFLATE_H
#define XRUN_REGISTRY_DEFLATE_H

#include <stddef.h>

/* `put` takes what has been packed: 0 or a negative errno. The same bytes give the same result: no name, no time. */
struct deflate {
	void *state;
	int (*put)(void *context, const void *data, size_t len);
	void *context;
};
void deflate_open(struct deflate *d, int (*put)(void *context, const void *data, size_t len), void *context);
void deflate_done(struct deflate *d); /* twice is fine */

/* A failure of put's comes back; err is left alone. */
int deflate_add(struct deflate *d, const void *data, size_t len);
int deflate_end(struct deflate *d);

#endif
