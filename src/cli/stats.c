/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stats.c owns `xrun stats`. */
#include "src/cli/place.h"

#include "src/cli/listing.h"
#include "src/runtime/usage.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct wish {
	const char *format;
	bool no_stream, no_trunc, help;
};

const struct option stats_options[] = {
	{ "no-stream", 0, OPTION_SWITCH, offsetof(struct wish, no_stream), NULL, "once, instead of every second" },
	{ "no-trunc", 0, OPTION_SWITCH, offsetof(struct wish, no_trunc), NULL, "whole ids" },
	{ "format", 0, OPTION_TEXT, offsetof(struct wish, format), "json", "for programs" },
	{ "help", 'h', OPTION_SWITCH, offsetof(struct wish, help), NULL, "show this" },
	{ 0 },
};

/* One container, and what it used a moment ago and now. */
struct row {
	struct subject subject;
	struct usage before, now;
};

struct table {
	struct row *rows;
	size_t count;
};

static void table_done(struct table *table)
{
	for (size_t i = 0; i < table->count; i++)
		subject_done(&table->rows[i].subject);
	free(table->rows);
	*table = (struct table){ 0 };
}

static void add(struct table *table, struct subject *subject)
{
	table->rows = mem_grow(table->rows, table->count + 1, sizeof *table->rows);
	struct row *row = &table->rows[table->count++];
	*row = (struct row){ .subject = *subject };
	usage_take(&row->subject.state, &row->subject.spec, &row->before);
}

static int find_named(const struct place *place, const struct strv *names, struct table *table, struct err *err)
{
	for (size_t i = 0; i < names->len; i++) {
		struct subject subject = SUBJECT_NONE;
		int r = subject_find_running(place, names->items[i], &subject, err);
		if (r < 0) {
			subject_done(&subject);
			return r;
		}
		add(table, &subject);
	}
	return 0;
}

static int find_all(const struct place *place, struct table *table, struct err *err)
{
	cleanup_states struct states states = { 0 };
	int r = state_list(place->containers_fd, &states, err);
	for (size_t i = 0; r == 0 && i < states.count; i++) {
		struct err ignored;
		struct subject subject = SUBJECT_NONE;
		if (state_runs(states.items[i].status) && subject_find(place, states.items[i].id, &subject, &ignored) == 0)
			add(table, &subject);
		else
			subject_done(&subject);
	}
	return r;
}

static char *size_text(uint64_t bytes)
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB" };
	double value = bytes;
	int unit = 0;
	for (; value >= 1000 && unit < 4; unit++)
		value /= 1000;
	return bytes == UINT64_MAX ? str_dup("--") : str_fmt(unit ? "%.1f%s" : "%.0f%s", value, units[unit]);
}

static char *number_text(uint64_t number)
{
	return number == UINT64_MAX ? NULL : str_fmt("%llu", (unsigned long long)number);
}

static char *pair_text(uint64_t one, uint64_t other)
{
	cleanup_free char *first = size_text(one), *second = size_text(other);
	return str_fmt("%s / %s", first, second);
}

static uint64_t machine_memory(void)
{
	return (uint64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);
}

/* In percent of one processor, as docker counts. */
static double load(const struct row *row)
{
	double passed = row->now.taken - row->before.taken;
	double used = row->now.used.cpu_ns > row->before.used.cpu_ns ? row->now.used.cpu_ns - row->before.used.cpu_ns : 0;
	return passed > 0 ? 100 * used / passed : 0;
}

static void print_row(const struct row *row, const struct wish *wish, struct listing *listing)
{
	const struct state *state = &row->subject.state;
	const struct cgroup_usage *used = &row->now.used;
	uint64_t limit = used->memory_limit < machine_memory() ? used->memory_limit : machine_memory();
	cleanup_free char *id = wish->no_trunc ? str_dup(state->id) : str_ndup(state->id, STATE_SHORT_ID_LENGTH);
	cleanup_free char *cpu = str_fmt("%.2f%%", load(row)), *share = str_fmt("%.2f%%", 100.0 * used->memory / limit);
	cleanup_free char *memory = pair_text(used->memory, limit), *network = pair_text(row->now.received, row->now.sent);
	cleanup_free char *block = pair_text(used->read_bytes, used->written_bytes), *pids = number_text(used->pids);
	cleanup_free char *time = number_text(used->cpu_ns), *memory_bytes = number_text(used->memory), *limit_bytes = number_text(limit);
	cleanup_free char *received = number_text(row->now.received), *sent = number_text(row->now.sent);
	cleanup_free char *read_bytes = number_text(used->read_bytes), *written = number_text(used->written_bytes);
	listing_add(listing, (const char *[]){ id, state->id, state->name, cpu, time, memory, memory_bytes, limit_bytes, share, network, received,
				     sent, block, read_bytes, written, pids });
}

static int print(struct table *table, const struct wish *wish, struct err *err)
{
	static const struct column columns[] = { { "CONTAINER ID", NULL }, { NULL, "id" }, { "NAME", "name" }, { "CPU %", "cpuPercent" },
		{ NULL, "cpuNanoseconds" }, { "MEM USAGE / LIMIT", NULL }, { NULL, "memoryBytes" }, { NULL, "memoryLimitBytes" },
		{ "MEM %", "memoryPercent" }, { "NET I/O", NULL }, { NULL, "receivedBytes" }, { NULL, "sentBytes" }, { "BLOCK I/O", NULL },
		{ NULL, "readBytes" }, { NULL, "writtenBytes" }, { "PIDS", "pids" }, { 0 } };
	cleanup_listing struct listing listing = { .columns = columns };
	for (size_t i = 0; i < table->count; i++) {
		struct row *row = &table->rows[i];
		usage_take(&row->subject.state, &row->subject.spec, &row->now);
		print_row(row, wish, &listing);
		row->before = row->now;
	}
	return listing_print(&listing, wish->format, err);
}

static int find(const struct place *place, const struct strv *names, struct table *table, struct err *err)
{
	return names->len ? find_named(place, names, table, err) : find_all(place, table, err);
}

/* Every second what runs then is looked for anew; a container that was named and has ended ends it. */
static int run(const struct globals *globals, const struct wish *wish, const struct strv *names, struct err *err)
{
	cleanup_place struct place place = PLACE_CLOSED;
	int r = listing_check_format(wish->format, err);
	if (r == 0)
		r = place_open(&place, globals, err);
	for (bool first = true; r == 0 && (first || !wish->no_stream); first = false) {
		struct table table = { 0 };
		r = find(&place, names, &table, err);
		nanosleep(&(struct timespec){ .tv_sec = !wish->no_stream, .tv_nsec = wish->no_stream ? 250000000 : 0 }, NULL);
		if (r == 0 && !wish->no_stream && !wish->format && isatty(1))
			fputs("\033[H\033[J", stdout);
		if (r == 0)
			r = print(&table, wish, err);
		fflush(stdout);
		table_done(&table);
	}
	return r;
}

int command_stats(const struct globals *globals, int argc, char **argv, struct err *err)
{
	struct wish wish = { 0 };
	cleanup_strv struct strv names = { 0 };
	int r = options_parse(stats_options, &wish, argc, argv, false, &names, err);
	if (r == 0 && wish.help)
		return cli_print_help("stats");
	return r < 0 ? r : run(globals, &wish, &names, err);
}
