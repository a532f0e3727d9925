/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ps.c owns `xrun ps`. */
#include "src/cli/ps.h"

#include "src/cli/describe.h"
#include "src/cli/listing.h"
#include "src/cli/when.h"
#include "src/plan/network.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct wish {
	struct ps_choice choice;
	const char *format;
	bool quiet, no_trunc, no_heading, help;
};

const struct option ps_options[] = {
	{ "all", 'a', OPTION_SWITCH, offsetof(struct wish, choice.all), NULL, "those that do not run, too" },
	{ "latest", 'l', OPTION_SWITCH, offsetof(struct wish, choice.latest), NULL, "the youngest alone, whether it runs or not" },
	{ "last", 'n', OPTION_TEXT, offsetof(struct wish, choice.last), "NUMBER", "so many of the youngest" },
	{ "quiet", 'q', OPTION_SWITCH, offsetof(struct wish, quiet), NULL, "ids only" },
	{ "filter", 'f', OPTION_LIST, offsetof(struct wish, choice.filters), "KEY=VALUE", "id, name, status, ancestor (an image's name), label, health, exited" },
	{ "size", 's', OPTION_SWITCH, offsetof(struct wish, choice.size), NULL, "and how much it has written, without its image and volumes" },
	{ "sort", 0, OPTION_TEXT, offsetof(struct wish, choice.sort), "FIELD", "by command, created, id, image, names, runningfor, size or status" },
	{ "noheading", 0, OPTION_SWITCH, offsetof(struct wish, no_heading), NULL, "no line of titles" },
	{ "no-trunc", 0, OPTION_SWITCH, offsetof(struct wish, no_trunc), NULL, "whole ids and commands" },
	{ "format", 0, OPTION_TEXT, offsetof(struct wish, format), "json|TEMPLATE", "for programs: json, or like '{{.ID}} {{.Names}}'" },
	{ "help", 'h', OPTION_SWITCH, offsetof(struct wish, help), NULL, "show this" },
	{ 0 },
};

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

/* As docker-ps(1) writes them, for scripts that look for "->": 0.0.0.0:8000-8001->80-81/tcp. */
static char *ports_text(const struct spec *spec)
{
	cleanup_buf struct buf text = { 0 };
	for (size_t i = 0; i < spec->network.port_count; i++) {
		const struct spec_port *port = &spec->network.ports[i];
		cleanup_free char *host = network_host_text(port);
		buf_fmt(&text, "%s%s:%u", i ? ", " : "", host, port->host);
		if (port->count > 1)
			buf_fmt(&text, "-%u->%u-%u", port->host + port->count - 1u, port->container, port->container + port->count - 1u);
		else
			buf_fmt(&text, "->%u", port->container);
		buf_str(&text, port->udp ? "/udp" : "/tcp");
	}
	return buf_take(&text);
}

static char *mounts_text(const struct spec *spec)
{
	cleanup_buf struct buf text = { 0 };
	for (size_t i = 0; i < spec->mount_count; i++)
		buf_fmt(&text, "%s%s", i ? "," : "", spec->mounts[i].source ? spec->mounts[i].source : spec->mounts[i].target);
	return buf_take(&text);
}

static void add(const struct ps_row *row, const struct wish *wish, struct listing *listing)
{
	const struct state *state = &row->subject.state;
	const struct spec *spec = &row->subject.spec;
	const struct strv *labels = &spec->life.labels;
	cleanup_free char *short_id = wish->no_trunc ? str_dup(state->id) : str_ndup(state->id, STATE_SHORT_ID_LENGTH);
	cleanup_free char *command = command_text(spec, wish->no_trunc || wish->format);
	cleanup_free char *ago = when_ago(state->created);
	cleanup_free char *age = str_fmt("%s ago", ago);
	cleanup_free char *status = status_for_people(state);
	cleanup_free char *created = when_text(state->created), *started = when_text(state->started), *finished = when_text(state->finished);
	cleanup_free char *pid = state->status == STATE_RUNNING ? str_fmt("%d", state->pid) : NULL;
	cleanup_free char *exit_code = state->status == STATE_EXITED ? str_fmt("%d", state->exit_code) : NULL;
	cleanup_free char *ports = ports_text(spec), *mounts = mounts_text(spec), *network = describe_network_mode(spec);
	cleanup_free char *label_text = labels->len ? strv_join(labels, ",") : NULL, *label_json = describe_labels(spec);
	cleanup_free char *restarts = str_fmt("%d", state->restarts);
	cleanup_free char *size = wish->choice.size ? str_fmt("%llu", (unsigned long long)row->bytes) : NULL;
	listing_add(listing, (const char *[]){ short_id, state->id, state->image, command, age, created, started, finished, status,
					 state_status_text(state->status), pid, exit_code, restarts, ports, mounts, network, label_text, label_json,
					 size, state->name });
}

static int print(const struct ps_rows *rows, const struct wish *wish, struct err *err)
{
	const struct column columns[] = {
		{ "CONTAINER ID", NULL, .field = "ID" }, { NULL, "id", .field = "FullID" }, { "IMAGE", "image" }, { "COMMAND", "command" },
		{ "CREATED", NULL, .field = "RunningFor" }, { NULL, "created", .field = "CreatedAt" }, { NULL, "started", .field = "StartedAt" },
		{ NULL, "finished", .field = "ExitedAt" }, { "STATUS", NULL }, { NULL, "status", .field = "State" }, { NULL, "pid" },
		{ NULL, "exitCode" }, { NULL, "restarts" }, { "PORTS", "ports" }, { NULL, NULL, .field = "Mounts" }, { NULL, NULL, .field = "Networks" },
		{ NULL, "labels" }, { NULL, NULL, .field = "Label", .is_json = true }, { wish->choice.size ? "SIZE" : NULL, "size", true, .field = "Size" },
		{ "NAMES", "name", .field = "Names" }, { 0 },
	};
	cleanup_listing struct listing listing = { .columns = columns, .no_heading = wish->no_heading };
	for (size_t i = 0; i < rows->count; i++)
		if (wish->quiet)
			printf("%.*s\n", wish->no_trunc ? STATE_ID_LENGTH : STATE_SHORT_ID_LENGTH, rows->items[i].subject.state.id);
		else
			add(&rows->items[i], wish, &listing);
	return wish->quiet ? 0 : listing_print(&listing, wish->format, err);
}

static int run(const struct globals *globals, struct wish *wish, struct err *err)
{
	cleanup_place struct place place = PLACE_CLOSED;
	cleanup_ps_rows struct ps_rows rows = { 0 };
	int r = ps_check(&wish->choice, err);
	wish->choice.size = wish->choice.size || (wish->format && strcasestr(wish->format, ".size"));
	if (r == 0)
		r = listing_check_format(wish->format, err);
	if (r == 0)
		r = place_open(&place, globals, err);
	if (r == 0)
		r = ps_collect(&place, &wish->choice, &rows, err);
	return r < 0 ? r : print(&rows, wish, err);
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
	strv_done(&wish.choice.filters);
	return r;
}
