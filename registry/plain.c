/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plain.c owns reading a packed file's plain bytes. */
#include "registry/plain.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

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
	plain->compression = inflate_recognise(plain->head, plain->head_len, COMPRESSION_NONE);
	return 0;
}

int plain_open(struct plain *p, uint64_t max_bytes, struct err *err)
{
	err_clear(err);
	p->stream = stream_new(INFLATE_BLOCKS, INFLATE_BLOCK, 1);
	p->feeder = (struct feeder){ .fd = p->fd, .what = "the archive", .head = p->head, .head_len = p->head_len };
	int r = feeder_start(&p->feeder, err);
	p->inflater = (struct inflater){ .source = p->feeder.stream, .sink = p->stream, .compression = p->compression, .max_bytes = max_bytes };
	return r < 0 ? r : inflater_start(&p->inflater, err);
}

int plain_close(struct plain *p, int result, struct err *err)
{
	if (!p->stream)
		return result;
	inflater_end(&p->inflater, result, err);
	feeder_end(&p->feeder, result, err);
	stream_free(p->stream);
	if (result < 0 && !err->code)
		err_code(err, result, "the archive was not read to its end");
	return result;
}
