/* SPDX-License-Identifier: GPL-2.0-or-later */
/* inflate.h owns turning a stream of compressed bytes into a stream of plain ones. */
#ifndef XRUN_REGISTRY_INFLATE_H
#define XRUN_REGISTRY_INFLATE_H

#include "registry/layer.h"
#include "registry/stream.h"
#include "src/base/err.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* The measure of a sink, where nothing speaks for another: small enough to stay in the CPU's cache, 4 MiB in all. */
enum { INFLATE_BLOCK = 256 << 10, INFLATE_BLOCKS = 16 };

/* So many first bytes tell how an archive is packed. */
enum { INFLATE_HEAD = 512 };

/*
 * How bytes that begin with `head` are packed. What was said counts where they can be that; builders and registries exist that pack a
 * layer anew and leave its media type as it was. So does it where they are neither gzip, Zstandard nor a tar archive with a
 * POSIX header (POSIX.1-1988 ustar, GNU), and the inflater says what is wrong.
 */
enum compression inflate_recognise(const void *head, size_t len, enum compression said);

/*
 * Reads reader 0 of `source` to its end and writes the plain bytes, at most max_bytes, to `sink`, a stream of blocks
 * of INFLATE_BLOCK bytes. Gzip (RFC 1952) may have any number of members, Zstandard (RFC 8878, no older form) any number of frames,
 * skippable ones too, with windows up to 2^27 bytes, what the zstd program takes by default. The first bytes may tell another
 * compression than the one given, see above, and *compression becomes that. Anything else after the
 * last one, and an end before the end, is an error; so are wrong checksums.
 *
 * Success ends the sink. Failure aborts both streams; `err` stays clear if one of them had been aborted by another.
 */
int inflate_stream(struct stream *source, enum compression *compression, struct stream *sink, uint64_t max_bytes,
	struct err *err);

/* The same by a thread of its own, from stream to stream. */
struct inflater {
	struct stream *source, *sink; /* borrowed */
	enum compression compression; /* as said; once it has ended, what it was */
	uint64_t max_bytes;
	bool running;
	pthread_t thread;
	struct err err;
};
int inflater_start(struct inflater *inflater, struct err *err);

/*
 * Ends the thread, also one that never started: with `result` < 0, how the reading of the sink went, by aborting both streams. A
 * failure of the thread's own becomes the reason in err where none stands.
 */
void inflater_end(struct inflater *inflater, int result, struct err *err);

#endif
