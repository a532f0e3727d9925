/* SPDX-License-Identifier: GPL-2.0-or-later */
/* progress.c owns what a pull shows while it works. */
#include "registry/progress.h"

#include "src/base/str.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { BAR_WIDTH = 30, REDRAW_MS = 100 };

struct row {
	char id[13];
	int64_t size, done;
	const char *what; /* NULL: under way */
};

struct progress {
	enum progress_style style;
	pthread_mutex_t lock;
	struct row *rows;
	size_t count, drawn;
	int64_t last_ms;
};

struct progress *progress_new(enum progress_style style, size_t layers)
{
	struct progress *p = mem_new(sizeof *p);
	p->style = style;
	p->rows = mem_new((layers + 1) * sizeof *p->rows);
	p->count = layers;
	pthread_mutex_init(&p->lock, NULL);
	return p;
}

void progress_free(struct progress *p)
{
	if (!p)
		return;
	pthread_mutex_destroy(&p->lock);
	free(p->rows);
	free(p);
}

static int64_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void draw_row(const struct row *row)
{
	char bar[BAR_WIDTH + 1];
	int full = row->size > 0 ? (int)(row->done * BAR_WIDTH / row->size) : 0;
	memset(bar, ' ', BAR_WIDTH);
	memset(bar, '=', full > BAR_WIDTH ? BAR_WIDTH : full);
	bar[BAR_WIDTH] = 0;
	if (row->what)
		fprintf(stderr, "\r\033[K%s  %.1f MB  %s\n", row->id, row->size / 1e6, row->what);
	else
		fprintf(stderr, "\r\033[K%s  [%s] %.1f of %.1f MB\n", row->id, bar, row->done / 1e6, row->size / 1e6);
}

/* All rows, over those of the last time. */
static void redraw(struct progress *p, bool at_once)
{
	int64_t now = now_ms();
	if (p->style != PROGRESS_BARS || (!at_once && now - p->last_ms < REDRAW_MS))
		return;
	p->last_ms = now;
	if (p->drawn)
		fprintf(stderr, "\033[%zuA", p->drawn);
	p->drawn = 0;
	for (size_t i = 0; i < p->count; i++) {
		if (!*p->rows[i].id)
			continue;
		draw_row(&p->rows[i]);
		p->drawn++;
	}
}

void progress_begin(struct progress *p, size_t i, const struct digest *digest, int64_t size)
{
	pthread_mutex_lock(&p->lock);
	snprintf(p->rows[i].id, sizeof p->rows[i].id, "%.12s", digest_hex(digest));
	p->rows[i].size = size;
	redraw(p, true);
	pthread_mutex_unlock(&p->lock);
}

void progress_add(struct progress *p, size_t i, size_t bytes)
{
	pthread_mutex_lock(&p->lock);
	p->rows[i].done += bytes;
	redraw(p, false);
	pthread_mutex_unlock(&p->lock);
}

void progress_end(struct progress *p, size_t i, const char *what)
{
	pthread_mutex_lock(&p->lock);
	p->rows[i].what = what;
	if (p->style == PROGRESS_LINES)
		fprintf(stderr, "%s  %.1f MB  %s\n", p->rows[i].id, p->rows[i].size / 1e6, what);
	redraw(p, true);
	pthread_mutex_unlock(&p->lock);
}

void progress_say(struct progress *p, const char *format, ...)
{
	va_list args;
	if (p->style == PROGRESS_NONE)
		return;
	va_start(args, format);
	pthread_mutex_lock(&p->lock);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	pthread_mutex_unlock(&p->lock);
	va_end(args);
}
