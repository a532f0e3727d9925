/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pour.h: bytes that are there already go through a stream. */
#ifndef XRUN_TESTS_POUR_H
#define XRUN_TESTS_POUR_H

#include "registry/stream.h"

#include <string.h>

/* In pieces of at most `block` bytes. 0, or the abort's code. */
static inline int pour(struct stream *s, size_t block, const void *data, size_t len)
{
	for (size_t done = 0, n; done < len; done += n) {
		void *room = stream_claim(s);
		if (!room)
			break;
		n = len - done < block ? len - done : block;
		memcpy(room, (const char *)data + done, n);
		stream_commit(s, n);
	}
	return stream_code(s);
}

#endif
