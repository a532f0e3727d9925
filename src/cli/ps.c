/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ps.c owns `xrun ps`. */
#include "src/cli/place.h"

#include "src/cli/listing.h"
#include "src/cli/when.h"
#include "src/plan/network.h"

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
	{ "filter", 'f', OPTION_LIST, offsetof(struct wish, filters), "KEY=VALUE", "id, name, status, ancestor (an image's name), label, health, exited" },
	{ "no-trunc", 0, OPTION_SWITCH, offsetof(struct wish, no_trunc), NULL, "whole ids and commands" },
	{ "format", 0, OPTION_TEXT, offsetof(struct wish, format), "json|TEMPLATE", "for programs: json, or like '{{.ID}} {{.Names}}'" },
	{ "help", 'h', OPTION_SWITCH, offsetof(struct wish, help), NULL, "show this" },
	{ 0 },
};

static bool has_name(const struct subject *subject, const char *value)
{
	return strstr(subject->state.name, value);
}

static bool has_id(const struct subject *subject, const char *value)
{
	return str_starts(subject->state.id, value);
}

static bool has_status(const struct subject *subject, const char *value)
{
	return str_eq(state_status_text(subject->state.status), value);
}

/* A part of the full reference, as "debian:12" is of docker.io/library/debian:12. */
static bool has_image(const struct subject *subject, const char *value)
{
	const char *image = subject->state.image, *at = strstr(image, value);
	return at && (at == image || at[-1] == '/') && (at[strlen(value)] == 0 || strchr(":@", at[strlen(value)]));
}

/* KEY, or KEY=VALUE. */
static bool has_label(const struct subject *subject, const char *value)
{
	const char *equals = strchr(value, '=');
	cleanup_free char *key = equals ? str_ndup(value, equals - value) : str_dup(value);
	const char *found = strv_env_get(&subject->spec.life.labels, key);
	return found && (!equals || str_eq(found, equals + 1));
}

static bool has_health(const struct subject *subject, const char *value)
{
	return str_eq(state_health_text(subject->state.health), value);
}

static bool has_exit_code(const struct subject *subject, const char *value)
{
	unsigned long long code;
	return subject->state.status == STATE_EXITED && str_to_u64(value, 255, &code) && (int)code == subject->state.exit_code;
}

static const struct filter {
	const char *key;
	bool (*matches)(const struct subject *subject, const char *value);
} filters[] = {
	{ "id", has_id }, { "name", has_name }, { "status", has_status }, { "ancestor", has_image },
	{ "label", has_label }, { "health", has_health }, { "exited", has_exit_code }, { 0 },
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
			return err_set(err, -EINVAL, "--filter %s: there are id=, name=, status=, ancestor=, label=, health= and exited=", text);
	}
	return 0;
}

/* docker-ps(1): filters of one key are alternatives, those of different keys must all hold. */
static bool passes(const struct subject *subject, const struct strv *wanted)
{
	for (const struct filter *f = filters; f->key; f++) {
		bool asked = false, found = false;
		for (size_t i = 0; i < wanted->len; i++) {
			const char *equals = strchr(wanted->items[i], '=');
			if (find_filter(wanted->items[i], equals - wanted->items[i]) != f)
				continue;
			asked = true;
			found = found || f->matches(subject, equals + 1);
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
		return state->health == HEALTH_NONE ? str_fmt("Up %s", since) : str_fmt("Up %s (%s)", since, state_health_text(state->health));
	}
}

static char *command_text(const struct spec *spec, bool whole)
{
	cleanup_free char *text = spec->args.len ? strv_join(&spec->args, " ") : str_dup("");
	return whole || strlen(text) <= 20 ? str_dup(text) : str_fmt("%.17s...", text);
}

static char *ports_text(const struct spec *spec)
{
	cleanup_buf struct buf text = { 0 };
	for (size_t i = 0; i < spec->network.port_count; i++) {
		cleanup_free char *port = network_port_text(&spec->network.ports[i]);
		buf_fmt(&text, "%s%s", i ? ", " : "", port);
	}
	return buf_take(&text);
}

static void add(const struct subject *subject, const struct wish *wish, struct listing *listing)
{
	const struct state *state = &subject->state;
	const struct strv *labels = &subject->spec.life.labels;
	cleanup_free char *short_id = wish->no_trunc ? str_dup(state->id) : str_ndup(state->id, STATE_SHORT_ID_LENGTH);
	cleanup_free char *command = command_text(&subject->spec, wish->no_trunc || wish->format);
	cleanup_free char *ago = when_ago(state->created);
	cleanup_free char *age = str_fmt("%s ago", ago);
	cleanup_free char *status = status_for_people(state);
	cleanup_free char *created = when_text(state->created);
	cleanup_free char *pid = state->status == STATE_RUNNING ? str_fmt("%d", state->pid) : NULL;
	cleanup_free char *exit_code = state->status == STATE_EXITED ? str_fmt("%d", state->exit_code) : NULL;
	cleanup_free char *ports = ports_text(&subject->spec);
	cleanup_free char *label_text = labels->len ? strv_join(labels, ",") : NULL;
	listing_add(listing, (const char *[]){ short_id, state->id, state->image, command, age, created, status, state_status_text(state->status),
					 pid, exit_code, ports, label_text, state->name });
}

/* One that the power went away from when it was new may have empty files; the others are listed all the same. */
static bool find(const struct place *place, const char *id, struct subject *ret_subject)
{
	struct err err = { 0 };
	int r = subject_find(place, id, ret_subject, &err);
	if (r < 0 && r != -ENOENT)
		fprintf(stderr, "xrun: warning: container %.12s: %s\n", id, err.text);
	return r == 0;
}

static int print(const struct place *place, const struct states *states, const struct wish *wish, struct err *err)
{
	static const struct column columns[] = {
		{ "CONTAINER ID", NULL, .field = "ID" }, { NULL, "id", .field = "FullID" }, { "IMAGE", "image" }, { "COMMAND", "command" },
		{ "CREATED", NULL, .field = "RunningFor" }, { NULL, "created", .field = "CreatedAt" }, { "STATUS", NULL },
		{ NULL, "status", .field = "State" }, { NULL, "pid" }, { NULL, "exitCode" }, { "PORTS", "ports" }, { NULL, "labels" },
		{ "NAMES", "name", .field = "Names" }, { 0 },
	};
	cleanup_listing struct listing listing = { .columns = columns };
	for (size_t i = 0; i < states->count; i++) {
		cleanup_subject struct subject subject = SUBJECT_NONE;
		enum state_status status = states->items[i].status;
		bool shown = wish->all || asks_for_status(&wish->filters) || (status != STATE_CREATED && status != STATE_EXITED);
		if (!shown || !find(place, states->items[i].id, &subject) || !passes(&subject, &wish->filters))
			continue;
		if (wish->quiet)
			printf("%.*s\n", wish->no_trunc ? STATE_ID_LENGTH : STATE_SHORT_ID_LENGTH, subject.state.id);
		else
			add(&subject, wish, &listing);
	}
	for (size_t i = 0; wish->all && i < states->unreadable.len; i++) {
		cleanup_subject struct subject subject = SUBJECT_NONE;
		find(place, states->unreadable.items[i], &subject);
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
