/* SPDX-License-Identifier: GPL-2.0-or-later */
/* feeder.h owns reading a file into a stream, by a thread of its own. */
#ifndef XRUN_REGISTRY_FEEDER_H
#define XRUN_REGISTRY_FEEDER_H

#include "registry/stream.h"
#include "src/base/err.h"

#include <pthread.h>
#include <stdbool.h>

struct feeder {
	struct stream *stream; /* what was read, for reader 0 */
	int fd;                /* borrowed, read from where it is; a pipe will do */
	const char *what;      /* for messages: "a layer's blob" */
	const char *head;      /* borrowed: what was read of it already, less than a block */
	size_t head_len;
	bool running;
	pthread_t thread;
	struct err err;
};

/* Makes the stream and starts. feeder_end is due whatever comes back. */
int feeder_start(struct feeder *feeder, struct err *err);

/*
 * Ends the thread, and frees the stream, which nobody reads any more. With `result` < 0, how the reading went, nothing more is
 * read; a failure of the thread's own is the reason then, and what stands in err its consequence.
 */
void feeder_end(struct feeder *feeder, int result, struct err *err);

#endif
