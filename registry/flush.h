/* SPDX-License-Identifier: GPL-2.0-or-later */
/* flush.h owns that what is unpacked gets to the disk, while more is being unpacked. */
#ifndef XRUN_REGISTRY_FLUSH_H
#define XRUN_REGISTRY_FLUSH_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Each time that so and so many bytes have been written, a thread of its own has the kernel write all to the disk (syncfs(2)), which
 * otherwise begins with it when everything is there, and then is waited for: a quarter of a pull's time.
 */
struct flush {
	int fd;                     /* on the file system; the caller's */
	_Atomic uint64_t written;   /* since the last time */
	pthread_mutex_t lock;
	pthread_cond_t wanted;
	pthread_t thread;
	bool running, ending;
	int failure;                /* negative errno: the kernel tells it once */
};

void flush_init(struct flush *flush, int fd);

/* Of any thread. NULL: nothing happens. */
void flush_note(struct flush *flush, uint64_t bytes);

/* All is on the disk; or a negative errno, also when something failed earlier. */
int flush_finish(struct flush *flush);

/* Ends the thread; also after flush_finish. */
void flush_done(struct flush *flush);

#endif
