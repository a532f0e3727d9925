/* SPDX-License-Identifier: GPL-2.0-or-later */
/* progress.c owns what a pull shows while it works: the state of its layers, and when that is shown. */
/*
 * Theory of operation. The threads that bring layers only count. A thread of its own looks four times a second at what
 * they counted, measures the rate, and shows it: so a download that stalls is seen to stall, and counting costs nothing.
 * With bars, the lines of the layers under way and the total's are the last on the screen; the cursor stands below
 * them. Whatever is to stay is written over them, and they are drawn again below it.
 */
#include "registry/progress.h"
#include "registry/progress_show.h"
#include "src/base/now.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { TICK_MS = 250, LINE_MS = 10000, JSON_MS = 500, COLUMNS = 80, WORTH_A_LINE = 1000000 };

struct progress {
	enum progress_style style;
	pthread_mutex_t lock;
	pthread_cond_t ending;
	pthread_t ticker;
	bool ticks, ends;
	struct progress_row *rows;
	size_t count, drawn; /* layers; lines below which the cursor stands */
	int64_t size, fetched; /* of all layers; bytes from the network */
	int64_t measured, measured_ms; /* fetched, when the rate was last measured */
	int64_t rate;
	int64_t told, told_ms; /* done, when a line or object was last written */
};

bool progress_parse_style(const char *name, enum progress_style *ret_style)
{
	static const char *const names[] = { "none", "lines", "bars", "json" };
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (!str_eq(names[i], name))
			continue;
		*ret_style = (enum progress_style)i;
		return true;
	}
	return false;
}

static struct progress_total total_of(const struct progress *p)
{
	struct progress_total total = { .size = p->size, .rate = p->rate };
	for (size_t i = 0; i < p->count; i++)
		total.done += p->rows[i].what ? p->rows[i].size : p->rows[i].done;
	return total;
}

/* A quarter of the new to three quarters of the old: it follows what changes, and does not jump. */
static void measure(struct progress *p, int64_t now)
{
	int64_t elapsed = now - p->measured_ms;
	if (elapsed < TICK_MS / 2)
		return;
	int64_t rate = (p->fetched - p->measured) * 1000 / elapsed;
	p->rate = p->rate ? (p->rate * 3 + rate) / 4 : rate;
	p->measured = p->fetched;
	p->measured_ms = now;
}

static void write_all(struct buf *text)
{
	if (text->len)
		fwrite(text->data, 1, text->len, stderr);
}

static unsigned columns(void)
{
	struct winsize size;
	return ioctl(2, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col - 1u : COLUMNS - 1;
}

/* What is done and not on the screen yet, then what is under way, then the total, over what was drawn last. */
static void draw(struct progress *p, bool is_last)
{
	cleanup_buf struct buf text = { 0 };
	unsigned width = columns();
	if (p->drawn)
		buf_fmt(&text, "\033[%zuA\r\033[J", p->drawn);
	p->drawn = 0;
	for (size_t i = 0; i < p->count; i++) {
		if (!p->rows[i].what || p->rows[i].is_shown)
			continue;
		progress_text_row(&text, &p->rows[i], width);
		buf_str(&text, "\n");
		p->rows[i].is_shown = true;
	}
	for (size_t i = 0; i < p->count && !is_last; i++) {
		if (!p->rows[i].begun || p->rows[i].what)
			continue;
		progress_text_row(&text, &p->rows[i], width);
		buf_str(&text, "\n");
		p->drawn++;
	}
	if (p->drawn) {
		const struct progress_total total = total_of(p);
		progress_text_total(&text, &total, width);
		buf_str(&text, "\n");
		p->drawn++;
	}
	write_all(&text);
}

/* The total, from time to time, if there is something new to say. */
static void tell_total(struct progress *p, int64_t now)
{
	cleanup_buf struct buf text = { 0 };
	const struct progress_total total = total_of(p);
	bool json = p->style == PROGRESS_JSON;
	if (now - p->told_ms < (json ? JSON_MS : LINE_MS) || total.done - p->told < (json ? 1 : WORTH_A_LINE))
		return;
	for (size_t i = 0; json && i < p->count; i++) {
		if (!p->rows[i].begun || p->rows[i].what)
			continue;
		progress_json_row(&text, &p->rows[i]);
		buf_str(&text, "\n");
	}
	if (json)
		progress_json_total(&text, &total);
	else
		progress_text_total(&text, &total, 0);
	buf_str(&text, "\n");
	write_all(&text);
	p->told = total.done;
	p->told_ms = now;
}

static void *tick(void *context)
{
	struct progress *p = context;
	pthread_mutex_lock(&p->lock);
	while (!p->ends) {
		struct timespec until;
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_nsec += TICK_MS * 1000000L;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		pthread_cond_timedwait(&p->ending, &p->lock, &until);
		measure(p, now_ms());
		if (p->ends)
			break;
		if (p->style == PROGRESS_BARS)
			draw(p, false);
		else
			tell_total(p, now_ms());
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

struct progress *progress_new(enum progress_style style, size_t layers, int64_t total)
{
	pthread_condattr_t attributes;
	struct progress *p = mem_new(sizeof *p);
	p->style = style;
	p->rows = mem_new((layers + 1) * sizeof *p->rows);
	p->count = layers;
	p->size = total;
	p->measured_ms = p->told_ms = now_ms();
	pthread_mutex_init(&p->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&p->ending, &attributes);
	pthread_condattr_destroy(&attributes);
	p->ticks = style != PROGRESS_NONE && pthread_create(&p->ticker, NULL, tick, p) == 0;
	return p;
}

void progress_free(struct progress *p)
{
	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	p->ends = true;
	pthread_cond_signal(&p->ending);
	pthread_mutex_unlock(&p->lock);
	if (p->ticks)
		pthread_join(p->ticker, NULL);
	if (p->style == PROGRESS_BARS)
		draw(p, true);
	pthread_cond_destroy(&p->ending);
	pthread_mutex_destroy(&p->lock);
	free(p->rows);
	free(p);
}

/* One event: a line, or an object, for good. */
static void show_row(struct progress *p, const struct progress_row *row)
{
	cleanup_buf struct buf text = { 0 };
	if (p->style == PROGRESS_LINES && row->what)
		progress_text_row(&text, row, 0);
	else if (p->style == PROGRESS_JSON)
		progress_json_row(&text, row);
	if (text.len)
		buf_str(&text, "\n");
	write_all(&text);
	if (p->style == PROGRESS_BARS)
		draw(p, false);
}

void progress_begin(struct progress *p, size_t i, const struct digest *digest, int64_t size)
{
	pthread_mutex_lock(&p->lock);
	p->rows[i] = (struct progress_row){ .digest = *digest, .size = size, .begun = true };
	show_row(p, &p->rows[i]);
	pthread_mutex_unlock(&p->lock);
}

static void count(struct progress *p, size_t i, size_t bytes, bool from_network)
{
	pthread_mutex_lock(&p->lock);
	p->rows[i].done += (int64_t)bytes;
	if (from_network)
		p->fetched += (int64_t)bytes;
	pthread_mutex_unlock(&p->lock);
}

void progress_add(struct progress *p, size_t i, size_t bytes)
{
	count(p, i, bytes, true);
}

void progress_pass(struct progress *p, size_t i, size_t bytes)
{
	count(p, i, bytes, false);
}

void progress_end(struct progress *p, size_t i, const char *what)
{
	pthread_mutex_lock(&p->lock);
	p->rows[i].what = what;
	show_row(p, &p->rows[i]);
	pthread_mutex_unlock(&p->lock);
}

/* Above what is drawn. */
static void say(struct progress *p, struct buf *line)
{
	cleanup_buf struct buf text = { 0 };
	pthread_mutex_lock(&p->lock);
	if (p->drawn)
		buf_fmt(&text, "\033[%zuA\r\033[J", p->drawn);
	p->drawn = 0;
	buf_fmt(&text, "%s\n", line->data);
	write_all(&text);
	if (p->style == PROGRESS_BARS)
		draw(p, false);
	pthread_mutex_unlock(&p->lock);
}

void progress_say(struct progress *p, const char *format, ...)
{
	cleanup_free char *message = NULL;
	cleanup_buf struct buf line = { 0 };
	va_list args;
	if (p->style == PROGRESS_NONE)
		return;
	va_start(args, format);
	int n = vasprintf(&message, format, args);
	va_end(args);
	if (n < 0)
		abort();
	if (p->style == PROGRESS_JSON)
		progress_json_message(&line, message);
	else
		buf_str(&line, message);
	say(p, &line);
}

void progress_image(struct progress *p, const char *name, const char *platform, const struct digest *digest)
{
	cleanup_buf struct buf line = { 0 };
	if (p->style == PROGRESS_NONE)
		return;
	if (p->style == PROGRESS_JSON)
		progress_json_image(&line, name, platform, digest);
	else
		buf_fmt(&line, "%s  %s  %s", name, platform, digest->text);
	say(p, &line);
}
