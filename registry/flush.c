/* SPDX-License-Identifier: GPL-2.0-or-later */
/* flush.c owns that what is unpacked gets to the disk, while more is being unpacked. */
#include "registry/flush.h"

#include <errno.h>
#include <stdatomic.h>
#include <unistd.h>

/* Less, and a file system with a journal would have to close its transaction often. */
static const uint64_t EVERY = 32 << 20;

static int flush_now(const struct flush *flush)
{
	return syncfs(flush->fd) < 0 ? -errno : 0;
}

static void *run(void *context)
{
	struct flush *flush = context;
	pthread_mutex_lock(&flush->lock);
	while (!flush->ending) {
		if (flush->written < EVERY) {
			pthread_cond_wait(&flush->wanted, &flush->lock);
			continue;
		}
		flush->written = 0;
		pthread_mutex_unlock(&flush->lock);
		int r = flush_now(flush);
		pthread_mutex_lock(&flush->lock);
		flush->failure = flush->failure ? flush->failure : r;
	}
	pthread_mutex_unlock(&flush->lock);
	return NULL;
}

void flush_init(struct flush *flush, int fd)
{
	*flush = (struct flush){ .fd = fd, .lock = PTHREAD_MUTEX_INITIALIZER, .wanted = PTHREAD_COND_INITIALIZER };
}

/* Without a thread, flush_finish has more to do. */
void flush_note(struct flush *flush, uint64_t bytes)
{
	if (!flush || atomic_fetch_add(&flush->written, bytes) + bytes < EVERY)
		return;
	pthread_mutex_lock(&flush->lock);
	if (!flush->running)
		flush->running = pthread_create(&flush->thread, NULL, run, flush) == 0;
	pthread_cond_signal(&flush->wanted);
	pthread_mutex_unlock(&flush->lock);
}

int flush_finish(struct flush *flush)
{
	flush_done(flush);
	int r = flush_now(flush);
	return flush->failure ? flush->failure : r;
}

void flush_done(struct flush *flush)
{
	pthread_mutex_lock(&flush->lock);
	flush->ending = true;
	pthread_cond_signal(&flush->wanted);
	pthread_mutex_unlock(&flush->lock);
	if (flush->running)
		pthread_join(flush->thread, NULL);
	flush->running = false;
}
