/* SPDX-License-Identifier: GPL-2.0-or-later */
/* top.c owns `xrun top` and `xrun port`: what a running container's processes and ports are. */
#include "src/cli/place.h"

#include "src/base/fd.h"
#include "src/cli/listing.h"
#include "src/cli/top_field.h"
#include "src/plan/network.h"
#include "src/runtime/members.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

struct wish {
	const char *format;
	bool help;
};

const struct option top_options[] = {
	{ "format", 0, OPTION_TEXT, offsetof(struct wish, format), "json|TEMPLATE", "for programs" },
	{ "help", 'h', OPTION_SWITCH, offsetof(struct wish, help), NULL, "show this" },
	{ 0 },
};

const struct option port_options[] = {
	{ "help", 'h', OPTION_SWITCH, offsetof(struct wish, help), NULL, "show this" },
	{ 0 },
};

enum { MAX_FIELDS = 32 };

/* What is shown of each process; the columns' end is {0}. */
struct table {
	const struct top_field *fields[MAX_FIELDS];
	struct column columns[MAX_FIELDS + 1];
	size_t count;
};

static void choose_usual(struct table *table)
{
	static const struct {
		const char *field;
		struct column column;
	} usual[] = {
		{ "user", { "USER", "user" } }, { "pid", { "PID", "pid" } }, { "hpid", { "HOST PID", "hostPid", .field = "HostPID" } },
		{ "hppid", { NULL, "hostParent" } }, { "stat", { "STATE", "state" } }, { "rss", { "MEMORY", "memory", true } },
		{ "args", { "COMMAND", "command" } },
	};
	for (; table->count < sizeof usual / sizeof *usual; table->count++) {
		table->fields[table->count] = top_field_find(usual[table->count].field);
		table->columns[table->count] = usual[table->count].column;
	}
}

static int add_field(struct table *table, const char *name, struct err *err)
{
	cleanup_buf struct buf known = { 0 };
	const struct top_field *field = top_field_find(name);
	for (const struct top_field *f = top_fields; f->name; f++)
		buf_fmt(&known, "%s%s", f == top_fields ? "" : " ", f->name);
	if (!field)
		return err_set(err, -EINVAL, "top: %s is no field; there are %s", name, known.data);
	if (table->count == MAX_FIELDS)
		return err_set(err, -EINVAL, "top: more than %d fields", MAX_FIELDS);
	table->fields[table->count] = field;
	table->columns[table->count++] = (struct column){ field->title, field->name, field->is_bytes, .field = field->name };
	return 0;
}

static int add_fields(struct table *table, const char *names, struct err *err)
{
	cleanup_free char *copy = str_dup(names);
	int r = 0;
	for (char *rest = copy, *name; r == 0 && (name = strsep(&rest, ", "));)
		if (*name)
			r = add_field(table, name, err);
	return r;
}

/* podman-top(1)'s names, and what of ps(1)'s options is used with docker-top(1): aux, -ef, and -o or -eo with names. */
static int choose(struct table *table, char *const *words, struct err *err)
{
	int r = 0;
	if (!*words)
		choose_usual(table);
	for (; r == 0 && *words; words++) {
		const char *word = *words, *list = NULL;
		for (const char *o = "-o\0-eo\0-Ao\0o\0"; *o && !list; o += strlen(o) + 1)
			if (str_eq(word, o))
				list = words[1] ? *++words : "";
		if (list && !*list)
			r = err_set(err, -EINVAL, "top %s needs names of fields, as in top CONTAINER -o pid,comm", word);
		else if (list)
			r = add_fields(table, list, err);
		else if (str_eq(word, "aux") || str_eq(word, "-aux"))
			r = add_fields(table, "user,pid,pcpu,vsz,rss,stat,etime,time,args", err);
		else if (str_eq(word, "-ef") || str_eq(word, "-e") || str_eq(word, "-A"))
			r = add_fields(table, "user,pid,ppid,pcpu,etime,time,args", err);
		else if (*word == '-')
			r = err_set(err, -EINVAL, "top %s: of ps's options there are aux, -ef and -o NAME,...", word);
		else
			r = add_fields(table, word, err);
	}
	return r;
}

static void add_process(const struct table *table, const struct idmap *map, int proc_fd, const char *name, struct listing *listing)
{
	struct top_process process;
	char *cells[MAX_FIELDS];
	if (!top_process_open(map, proc_fd, name, &process))
		return;
	for (size_t i = 0; i < table->count; i++)
		cells[i] = table->fields[i]->get(&process);
	listing_add(listing, (const char *const *)cells);
	for (size_t i = 0; i < table->count; i++)
		free(cells[i]);
	top_process_close(&process);
}

static int list_processes(const struct table *table, const struct idmap *map, const struct state *state, struct listing *listing, struct err *err)
{
	const char *pid;
	cleanup_members struct members members = { 0 };
	cleanup_fd int pid_fd = state_open_process(state, err), proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r = pid_fd < 0 ? pid_fd : members_open(state->pid, &members, err);
	while (r == 0 && (pid = members_next(&members)))
		add_process(table, map, proc_fd, pid, listing);
	return r < 0 ? err_prefix(err, "container %s", state->name) : 0;
}

int command_top(const struct globals *globals, int argc, char **argv, struct err *err)
{
	struct wish wish = { 0 };
	struct table table = { 0 };
	cleanup_strv struct strv operands = { 0 };
	cleanup_place struct place place = PLACE_CLOSED;
	cleanup_subject struct subject subject = SUBJECT_NONE;
	cleanup_listing struct listing listing = { .columns = table.columns };
	int r = options_parse(top_options, &wish, argc, argv, true, &operands, err);
	if (r == 0 && wish.help)
		return cli_print_help("top");
	if (r == 0 && operands.len < 1)
		return err_set(err, -EINVAL, "which container? see xrun top --help");
	if (r == 0)
		r = choose(&table, operands.items + 1, err);
	if (r == 0)
		r = listing_check_format(wish.format, err);
	if (r == 0)
		r = place_open(&place, globals, err);
	if (r == 0)
		r = subject_find_running(&place, operands.items[0], &subject, err);
	const struct idmap map = idmap_keep(&place.map, subject.spec.kept_uid, subject.spec.kept_gid);
	if (r == 0)
		r = list_processes(&table, &map, &subject.state, &listing, err);
	return r < 0 ? r : listing_print(&listing, wish.format, err);
}

/* What of `network` leads to the port `only` (NULL: each), "80", "80/tcp" or "80/udp"; how many. */
static int print_ports(const struct spec_network *network, const char *only)
{
	int found = 0;
	for (size_t i = 0; i < network->port_count; i++) {
		const struct spec_port *port = &network->ports[i];
		for (unsigned at = 0; at < port->count; at++) {
			cleanup_free char *name = str_fmt("%u/%s", port->container + at, port->udp ? "udp" : "tcp");
			cleanup_free char *short_name = str_fmt("%u", port->container + at), *host = network_host_text(port);
			bool meant = !only || str_eq(only, name) || (!port->udp && str_eq(only, short_name));
			if (!meant)
				continue;
			found++;
			if (!only)
				printf("%s -> ", name);
			printf("%s:%u\n", host, port->host + at);
		}
	}
	return found;
}

int command_port(const struct globals *globals, int argc, char **argv, struct err *err)
{
	struct wish wish = { 0 };
	cleanup_strv struct strv operands = { 0 };
	cleanup_place struct place place = PLACE_CLOSED;
	cleanup_subject struct subject subject = SUBJECT_NONE;
	int r = options_parse(port_options, &wish, argc, argv, false, &operands, err);
	if (r == 0 && wish.help)
		return cli_print_help("port");
	if (r == 0 && (operands.len < 1 || operands.len > 2))
		return err_set(err, -EINVAL, "which container, and which of its ports? see xrun port --help");
	if (r == 0)
		r = place_open(&place, globals, err);
	if (r == 0)
		r = subject_find(&place, operands.items[0], &subject, err);
	const char *only = operands.len > 1 ? operands.items[1] : NULL;
	if (r == 0 && print_ports(&subject.spec.network, only) == 0 && only)
		r = err_set(err, -ENOENT, "container %s does not publish port %s; xrun port %s lists what it does", operands.items[0], only,
			operands.items[0]);
	return r;
}
