/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stream.c owns a bounded queue of byte blocks between threads. */
#include "registry/stream.h"
#include "src/base/str.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_READERS = 2 };

/*
 * A ring. `written` counts the blocks published so far; block number n lies in slot n % blocks. A reader's `taken`
 * counts the blocks handed to it, and `freed` those it is done with: the last one taken stays its own until its next
 * call. The writer may fill slot written % blocks once every reader has freed the block that stood there before.
 */
struct stream {
	pthread_mutex_t lock;
	pthread_cond_t published, released;
	size_t blocks, block_size;
	int readers;
	uint64_t written;
	uint64_t taken[MAX_READERS], freed[MAX_READERS];
	bool ended;
	int code; /* the abort's */
	size_t *lens;
	char *memory;
};

struct stream *stream_new(size_t blocks, size_t block_size, int readers)
{
	if (blocks < 1 || block_size < 1 || readers < 1 || readers > MAX_READERS)
		abort();
	struct stream *s = mem_new(sizeof *s);
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->published, NULL);
	pthread_cond_init(&s->released, NULL);
	s->blocks = blocks;
	s->block_size = block_size;
	s->readers = readers;
	s->lens = mem_new(blocks * sizeof *s->lens);
	s->memory = mem_grow(NULL, blocks, block_size); /* not zeroed: untouched pages cost nothing */
	return s;
}

void stream_free(struct stream *s)
{
	if (!s)
		return;
	pthread_mutex_destroy(&s->lock);
	pthread_cond_destroy(&s->published);
	pthread_cond_destroy(&s->released);
	free(s->lens);
	free(s->memory);
	free(s);
}

static bool full(const struct stream *s)
{
	for (int i = 0; i < s->readers; i++)
		if (s->written - s->freed[i] >= s->blocks)
			return true;
	return false;
}

static char *slot(const struct stream *s, uint64_t number)
{
	return s->memory + number % s->blocks * s->block_size;
}

void *stream_claim(struct stream *s)
{
	pthread_mutex_lock(&s->lock);
	while (!s->code && full(s))
		pthread_cond_wait(&s->released, &s->lock);
	void *memory = s->code ? NULL : slot(s, s->written);
	pthread_mutex_unlock(&s->lock);
	return memory;
}

void stream_commit(struct stream *s, size_t len)
{
	if (len > s->block_size)
		abort();
	if (!len)
		return; /* an empty block would read as the end */
	pthread_mutex_lock(&s->lock);
	s->lens[s->written % s->blocks] = len;
	s->written++;
	pthread_mutex_unlock(&s->lock);
	pthread_cond_broadcast(&s->published); /* not before: who wakes up wants the lock */
}

int stream_code(struct stream *s)
{
	pthread_mutex_lock(&s->lock);
	int code = s->code;
	pthread_mutex_unlock(&s->lock);
	return code;
}

void stream_end(struct stream *s)
{
	pthread_mutex_lock(&s->lock);
	s->ended = true;
	pthread_cond_broadcast(&s->published);
	pthread_mutex_unlock(&s->lock);
}

void stream_abort(struct stream *s, int code)
{
	pthread_mutex_lock(&s->lock);
	if (!s->code)
		s->code = code;
	pthread_cond_broadcast(&s->published);
	pthread_cond_broadcast(&s->released);
	pthread_mutex_unlock(&s->lock);
}

/* Gives back what the reader took last. */
static void release(struct stream *s, int reader)
{
	pthread_mutex_lock(&s->lock);
	s->freed[reader] = s->taken[reader];
	pthread_mutex_unlock(&s->lock);
	pthread_cond_signal(&s->released);
}

ssize_t stream_next(struct stream *s, int reader, const void **ret_data)
{
	release(s, reader);
	pthread_mutex_lock(&s->lock);
	while (!s->code && !s->ended && s->taken[reader] == s->written)
		pthread_cond_wait(&s->published, &s->lock);
	ssize_t len = s->code;
	if (!s->code && s->taken[reader] < s->written) {
		*ret_data = slot(s, s->taken[reader]);
		len = s->lens[s->taken[reader] % s->blocks];
		s->taken[reader]++;
	}
	pthread_mutex_unlock(&s->lock);
	return len;
}
