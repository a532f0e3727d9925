/* SPDX-License-Identifier: GPL-2.0-or-later */
/* feeder.c owns reading a file into a stream. */
#include "registry/feeder.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { FEED_BLOCK = 256 << 10, FEED_BLOCKS = 4 };

static void *run(void *context)
{
	struct feeder *f = context;
	char *block;
	for (size_t have = f->head_len; (block = stream_claim(f->stream)); have = 0) {
		ssize_t n;
		if (have)
			memcpy(block, f->head, have);
		do
			n = read(f->fd, block + have, FEED_BLOCK - have);
		while (n < 0 && errno == EINTR);
		if (n < 0)
			stream_abort(f->stream, err_sys(&f->err, "cannot read %s", f->what));
		if (n < 0 || have + n == 0)
			break;
		stream_commit(f->stream, have + n);
	}
	stream_end(f->stream);
	return NULL;
}

int feeder_start(struct feeder *f, struct err *err)
{
	f->stream = stream_new(FEED_BLOCKS, FEED_BLOCK, 1);
	int code = pthread_create(&f->thread, NULL, run, f);
	f->running = code == 0;
	return f->running ? 0 : err_code(err, -code, "cannot start a thread");
}

void feeder_end(struct feeder *f, int result, struct err *err)
{
	if (result < 0)
		stream_abort(f->stream, result);
	if (f->running)
		pthread_join(f->thread, NULL);
	if (result < 0 && f->err.code)
		*err = f->err;
	stream_free(f->stream);
}
