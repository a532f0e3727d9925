/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plain.c owns reading a packed file's plain bytes. */
#include "registry/plain.h"
#include "registry/inflate.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { FEED_BLOCK = 256 << 10, FEED_BLOCKS = 4 };

int plain_sniff(struct plain *plain, int fd, struct err *err)
{
	*plain = (struct plain){ .fd = fd };
	while (plain->head_len < sizeof plain->head) {
		ssize_t n = read(fd, plain->head + plain->head_len, sizeof plain->head - plain->head_len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, "cannot read the archive");
		if (n == 0)
			break;
		plain->head_len += n;
	}
	plain->compression = !memcmp(plain->head, "\x1f\x8b", 2) ? COMPRESSION_GZIP :
			     !memcmp(plain->head, "\x28\xb5\x2f\xfd", 4) ? COMPRESSION_ZSTD : COMPRESSION_NONE;
	return 0;
}

static void *run_feeder(void *context)
{
	struct plain *p = context;
	char *block;
	for (size_t have = p->head_len; (block = stream_claim(p->source)); have = 0) {
		ssize_t n;
		memcpy(block, p->head, have);
		do
			n = read(p->fd, block + have, FEED_BLOCK - have);
		while (n < 0 && errno == EINTR);
		if (n < 0)
			stream_abort(p->source, err_sys(&p->read_err, "cannot read the archive"));
		if (n < 0 || have + n == 0)
			break;
		stream_commit(p->source, have + n);
	}
	stream_end(p->source);
	return NULL;
}

static void *run_inflater(void *context)
{
	struct plain *p = context;
	inflate_stream(p->source, p->compression, p->stream, p->max_bytes, &p->inflate_err);
	return NULL;
}

int plain_open(struct plain *p, uint64_t max_bytes, struct err *err)
{
	err_clear(err);
	p->max_bytes = max_bytes;
	p->source = stream_new(FEED_BLOCKS, FEED_BLOCK, 1);
	p->stream = stream_new(INFLATE_BLOCKS, INFLATE_BLOCK, 1);
	p->feeding = pthread_create(&p->feeder, NULL, run_feeder, p) == 0;
	p->inflating = p->feeding && pthread_create(&p->inflater, NULL, run_inflater, p) == 0;
	return p->inflating ? 0 : err_set(err, -EAGAIN, "cannot start a thread");
}

int plain_close(struct plain *p, int result, struct err *err)
{
	if (!p->stream)
		return result;
	if (result < 0) {
		stream_abort(p->stream, result);
		stream_abort(p->source, result);
	}
	if (p->feeding)
		pthread_join(p->feeder, NULL);
	if (p->inflating)
		pthread_join(p->inflater, NULL);
	stream_free(p->source);
	stream_free(p->stream);
	if (result < 0 && !err->code) {
		*err = p->read_err.code ? p->read_err : p->inflate_err;
		if (!err->code)
			err_code(err, result, "the archive was not read to its end");
	}
	return result;
}
