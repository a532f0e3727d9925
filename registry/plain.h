/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plain.h owns reading a packed file's plain bytes, by threads of its own. */
#ifndef XRUN_REGISTRY_PLAIN_H
#define XRUN_REGISTRY_PLAIN_H

#include "registry/feeder.h"
#include "registry/inflate.h"

struct plain {
	struct stream *stream; /* the plain bytes, for reader 0 */
	enum compression compression;
	int fd;                /* borrowed; a pipe will do */
	char head[8];          /* what was read of it already */
	size_t head_len;
	struct feeder feeder;
	struct inflater inflater;
};

/* Reads the first bytes and so finds out the compression: gzip (RFC 1952), Zstandard (RFC 8878) or none. */
int plain_sniff(struct plain *plain, int fd, struct err *err);

/* Starts. Reading ends with an error beyond max_bytes. plain_close is due whatever comes back. */
int plain_open(struct plain *plain, uint64_t max_bytes, struct err *err);

/* Ends the threads. A failure of theirs is the error, if `result`, how the reading went, has no other reason in err. */
int plain_close(struct plain *plain, int result, struct err *err);

#endif
