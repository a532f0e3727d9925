/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stream.c owns a bounded queue of byte blocks between threads. */
#include "registry/stream.h"
#include "src/base/str.h"

#include <errno.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { MAX_READERS = 2 };

struct sleeper {
	atomic_bool waits;
	sem_t wake;
};

/*
 * A ring. `written` counts the blocks published so far; block number n lies in slot n % blocks. A reader's `taken`
 * counts the blocks handed to it, and `freed` those it is done with: the last one taken stays its own until its next
 * call. The writer may fill slot written % blocks once every reader has freed the block that stood there before.
 *
 * Each number has one thread that changes it, so nobody needs a lock: with one, who was woken up met the one that had
 * woken it there, and both slept more often for the lock than for blocks.
 */
struct stream {
	size_t blocks, block_size;
	int readers;
	atomic_size_t written, freed[MAX_READERS];
	size_t taken[MAX_READERS];
	atomic_bool ended;
	atomic_int code; /* the abort's */
	struct sleeper writer, reader[MAX_READERS];
	size_t *lens;
	char *memory;
};

/* Not zeroed: untouched pages cost nothing. Huge ones spare a pull a twentieth of its time (docs/benchmarks.md). */
static char *memory_of(size_t blocks, size_t block_size)
{
	enum { HUGE_PAGE = 2 << 20 };
	size_t size = blocks * block_size;
	if (size < HUGE_PAGE || size / blocks != block_size)
		return mem_grow(NULL, blocks, block_size);
	size = (size + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
	char *memory = aligned_alloc(HUGE_PAGE, size);
	if (!memory)
		abort();
	madvise(memory, size, MADV_HUGEPAGE); /* a wish */
	return memory;
}

struct stream *stream_new(size_t blocks, size_t block_size, int readers)
{
	if (blocks < 1 || block_size < 1 || readers < 1 || readers > MAX_READERS)
		abort();
	struct stream *s = mem_new(sizeof *s);
	sem_init(&s->writer.wake, 0, 0);
	for (int i = 0; i < MAX_READERS; i++)
		sem_init(&s->reader[i].wake, 0, 0);
	s->blocks = blocks;
	s->block_size = block_size;
	s->readers = readers;
	s->lens = mem_new(blocks * sizeof *s->lens);
	s->memory = memory_of(blocks, block_size);
	return s;
}

void stream_free(struct stream *s)
{
	if (!s)
		return;
	sem_destroy(&s->writer.wake);
	for (int i = 0; i < MAX_READERS; i++)
		sem_destroy(&s->reader[i].wake);
	free(s->lens);
	free(s->memory);
	free(s);
}

static bool may_write(const struct stream *s, int reader)
{
	(void)reader;
	for (int i = 0; i < s->readers; i++)
		if (s->written - s->freed[i] >= s->blocks)
			return s->code;
	return true;
}

static bool may_read(const struct stream *s, int reader)
{
	return s->written != s->taken[reader] || s->ended || s->code;
}

/*
 * Who wants to sleep says so and looks once more; who has changed something looks afterwards whether anybody sleeps. The
 * atomic operations have one order for all threads, so that at least one of the two sees what the other did.
 */
static void sleep_until(struct stream *s, bool (*ready)(const struct stream *, int), int reader, struct sleeper *me)
{
	while (!ready(s, reader)) {
		me->waits = true;
		if (ready(s, reader) && atomic_exchange(&me->waits, false))
			return;
		while (sem_wait(&me->wake) < 0 && errno == EINTR)
			;
	}
}

static void wake(struct sleeper *sleeper)
{
	if (sleeper->waits && atomic_exchange(&sleeper->waits, false))
		sem_post(&sleeper->wake);
}

static void wake_readers(struct stream *s)
{
	for (int i = 0; i < s->readers; i++)
		wake(&s->reader[i]);
}

static char *slot(const struct stream *s, size_t number)
{
	return s->memory + number % s->blocks * s->block_size;
}

void *stream_claim(struct stream *s)
{
	sleep_until(s, may_write, 0, &s->writer);
	return s->code ? NULL : slot(s, s->written);
}

void stream_commit(struct stream *s, size_t len)
{
	if (len > s->block_size)
		abort();
	if (!len)
		return; /* an empty block would read as the end */
	s->lens[s->written % s->blocks] = len;
	s->written++;
	wake_readers(s);
}

int stream_code(struct stream *s)
{
	return s->code;
}

void stream_end(struct stream *s)
{
	s->ended = true;
	wake_readers(s);
}

void stream_abort(struct stream *s, int code)
{
	int none = 0;
	atomic_compare_exchange_strong(&s->code, &none, code);
	wake_readers(s);
	wake(&s->writer);
}

ssize_t stream_next(struct stream *s, int reader, const void **ret_data)
{
	s->freed[reader] = s->taken[reader];
	wake(&s->writer);
	sleep_until(s, may_read, reader, &s->reader[reader]);
	int code = s->code;
	if (code)
		return code;
	if (s->taken[reader] == s->written) /* ended */
		return 0;
	size_t number = s->taken[reader]++;
	*ret_data = slot(s, number);
	return s->lens[number % s->blocks];
}
