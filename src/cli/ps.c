/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ps.c owns `xrun ps`. */
#include "src/cli/place.h"

#include "src/cli/listing.h"
#include "src/cli/when.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct wish {
	const char *format;
	struct strv filters;
	bool all, quiet, no_trunc, help;
};

const struct option ps_options[] = {
	{ "all", 'a', OPTION_SWITCH, offsetof(struct wish, all), NULL, "those that do not run, too" },
	{ "quiet", 'q', OPTION_SWITCH, offsetof(struct wish, quiet), NULL, "ids only" },
	{ "filter", 'f', OPTION_LIST, offsetof(struct wish, filters), "KEY=VALUE", "id, name, status, ancestor (an image's name), exited" },
	{ "no-trunc", 0, OPTION_SWITCH, offsetof(struct wish, no_trunc), NULL, "whole ids and commands" },
	{ "format", 0, OPTION_TEXT, offsetof(struct wish, format), "json", "for programs" },
	{ "help", 'h', OPTION_SWITCH, offsetof(struct wish, help), NULL, "show this" },
	{ 0 },
};

static bool has_name(const struct state *state, const char *value)
{
	return strstr(state->name, value);
}

static bool has_id(const struct state *state, const char *value)
{
	return str_starts(state->id, value);
}

static bool has_status(const struct state *state, const char *value)
{
	return str_eq(state_status_text(state->status), value);
}

/* A part of the full reference, as "debian:12" is of docker.io/library/debian:12. */
static bool has_image(const struct state *state, const char *value)
{
	const char *at = strstr(state->image, value);
	return at && (at == state->image || at[-1] == '/') && (at[strlen(value)] == 0 || strchr(":@", at[strlen(value)]));
}

static bool has_exit_code(const struct state *state, const char *value)
{
	unsigned long long code;
	return state->status == STATE_EXITED && str_to_u64(value, 255, &code) && (int)code == state->exit_code;
}

static const struct filter {
	const char *key;
	bool (*matches)(const struct state *state, const char *value);
} filters[] = {
	{ "id", has_id }, { "name", has_name }, { "status", has_status }, { "ancestor", has_image }, { "exited", has_exit_code }, { 0 },
};

static const struct filter *find_filter(const char *text, size_t len)
{
	for (const struct filter *f = filters; f->key; f++)
		if (strlen(f->key) == len && memcmp(f->key, text, len) == 0)
			return f;
	return NULL;
}

static int check_filters(const struct strv *wanted, struct err *err)
{
	for (size_t i = 0; i < wanted->len; i++) {
		const char *text = wanted->items[i], *equals = strchr(text, '=');
		if (!equals || !find_filter(text, equals - text))
			return err_set(err, -EINVAL, "--filter %s: there are id=, name=, status=, ancestor= and exited=", text);
	}
	return 0;
}

/* docker-ps(1): filters of one key are alternatives, those of different keys must all hold. */
static bool passes(const struct state *state, const struct strv *wanted)
{
	for (const struct filter *f = filters; f->key; f++) {
		bool asked = false, found = false;
		for (size_t i = 0; i < wanted->len; i++) {
			const char *equals = strchr(wanted->items[i], '=');
			if (find_filter(wanted->items[i], equals - wanted->items[i]) != f)
				continue;
			asked = true;
			found = found || f->matches(state, equals + 1);
		}
		if (asked && !found)
			return false;
	}
	return true;
}

static bool asks_for_status(const struct strv *wanted)
{
	for (size_t i = 0; i < wanted->len; i++)
		if (str_starts(wanted->items[i], "status=") || str_starts(wanted->items[i], "exited="))
			return true;
	return false;
}

static char *status_for_people(const struct state *state)
{
	cleanup_free char *since = when_ago(state->status == STATE_EXITED ? state->finished : state->started);
	switch (state->status) {
	case STATE_CREATED:
		return str_dup("Created");
	case STATE_EXITED:
		return state->lost ? str_dup("Lost: its xrun was killed") : str_fmt("Exited (%d) %s ago", state->exit_code, since);
	case STATE_PAUSED:
		return str_fmt("Up %s (Paused)", since);
	case STATE_RESTARTING:
		return str_fmt("Restarting (%d)", state->exit_code);
	default:
		return str_fmt("Up %s", since);
	}
}

static char *command_text(const struct place *place, const struct state *state, bool whole)
{
	struct err ignored;
	cleanup_subject struct subject subject = SUBJECT_NONE;
	cleanup_buf struct buf text = { 0 };
	if (subject_find(place, state->id, &subject, &ignored) < 0)
		return str_dup("");
	for (size_t i = 0; i < subject.spec.args.len; i++)
		buf_fmt(&text, "%s%s", i ? " " : "", subject.spec.args.items[i]);
	if (!whole && text.len > 20)
		return str_fmt("%.17s...", text.data);
	return buf_take(&text);
}

static void add(const struct place *place, const struct state *state, const struct wish *wish, struct listing *listing)
{
	cleanup_free char *short_id = wish->no_trunc ? str_dup(state->id) : str_ndup(state->id, STATE_SHORT_ID_LENGTH);
	cleanup_free char *command = command_text(place, state, wish->no_trunc || wish->format);
	cleanup_free char *ago = when_ago(state->created);
	cleanup_free char *age = str_fmt("%s ago", ago);
	cleanup_free char *status = status_for_people(state);
	cleanup_free char *created = when_text(state->created);
	cleanup_free char *pid = state->status == STATE_RUNNING ? str_fmt("%d", state->pid) : NULL;
	cleanup_free char *exit_code = state->status == STATE_EXITED ? str_fmt("%d", state->exit_code) : NULL;
	listing_add(listing, (const char *[]){ short_id, state->id, state->image, command, age, created, status, state_status_text(state->status),
					 pid, exit_code, state->name });
}

static int print(const struct place *place, const struct states *states, const struct wish *wish, struct err *err)
{
	static const struct column columns[] = {
		{ "CONTAINER ID", NULL }, { NULL, "id" }, { "IMAGE", "image" }, { "COMMAND", "command" }, { "CREATED", NULL },
		{ NULL, "created" }, { "STATUS", NULL }, { NULL, "status" }, { NULL, "pid" }, { NULL, "exitCode" }, { "NAMES", "name" }, { 0 },
	};
	cleanup_listing struct listing listing = { .columns = columns };
	for (size_t i = 0; i < states->count; i++) {
		const struct state *state = &states->items[i];
		bool shown = wish->all || asks_for_status(&wish->filters) || state->status == STATE_RUNNING || state->status == STATE_PAUSED;
		if (!shown || !passes(state, &wish->filters))
			continue;
		if (wish->quiet)
			printf("%.*s\n", wish->no_trunc ? STATE_ID_LENGTH : STATE_SHORT_ID_LENGTH, state->id);
		else
			add(place, state, wish, &listing);
	}
	return wish->quiet ? 0 : listing_print(&listing, wish->format, err);
}

static int run(const struct globals *globals, const struct wish *wish, struct err *err)
{
	cleanup_place struct place place = PLACE_CLOSED;
	cleanup_states struct states states = { 0 };
	int r = check_filters(&wish->filters, err);
	if (r == 0)
		r = listing_check_format(wish->format, err);
	if (r == 0)
		r = place_open(&place, globals, err);
	if (r == 0)
		r = state_list(place.containers_fd, &states, err);
	return r < 0 ? r : print(&place, &states, wish, err);
}

int command_ps(const struct globals *globals, int argc, char **argv, struct err *err)
{
	struct wish wish = { 0 };
	cleanup_strv struct strv operands = { 0 };
	int r = options_parse(ps_options, &wish, argc, argv, false, &operands, err);
	if (r == 0 && wish.help)
		r = cli_print_help("ps");
	else if (r == 0 && operands.len)
		r = err_set(err, -EINVAL, "ps takes no argument: %s", operands.items[0]);
	else if (r == 0)
		r = run(globals, &wish, err);
	strv_done(&wish.filters);
	return r;
}
