/* SPDX-License-Identifier: GPL-2.0-or-later */
/* top.c owns `xrun top` and `xrun port`: what a running container's processes and ports are. */
#include "src/cli/place.h"

#include "src/base/fd.h"
#include "src/cli/listing.h"
#include "src/plan/network.h"
#include "src/runtime/members.h"

#include <ctype.h>
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

/* proc_pid_status(5): the line KEY, its words separated by tabs; `at` counts them from 0. */
static char *status_word(const char *status, const char *key, int at)
{
	const char *line = strstr(status, key);
	if (!line)
		return NULL;
	line += strlen(key);
	line += strspn(line, "\t");
	for (; at > 0 && *line && *line != '\n'; at--) {
		line += strcspn(line, "\t\n");
		line += *line == '\t';
	}
	size_t len = strcspn(line, "\t\n");
	return len ? str_ndup(line, len) : NULL;
}

/* The last word of NSpid is the number in the innermost namespace. */
static char *number_inside(const char *status)
{
	char *found = NULL;
	for (int at = 0;; at++) {
		char *word = status_word(status, "\nNSpid:", at);
		if (!word || !isdigit((unsigned char)*word)) {
			free(word);
			return found;
		}
		free(found);
		found = word;
	}
}

static char *command_line(int process_fd)
{
	struct err ignored;
	cleanup_buf struct buf text = { 0 };
	if (fd_read_file(process_fd, "cmdline", 1 << 20, &text, &ignored) < 0 || !text.len)
		return NULL;
	for (size_t i = 0; i + 1 < text.len; i++)
		if (!text.data[i] || iscntrl((unsigned char)text.data[i]))
			text.data[i] = ' ';
	return buf_take(&text);
}

/* The user as the container knows him: its ids are those of its root's map. */
static char *user_inside(const struct idmap_range *range, const char *status)
{
	cleanup_free char *outside = status_word(status, "\nUid:", 1);
	unsigned long long uid;
	if (!outside || !str_to_u64(outside, UINT32_MAX, &uid))
		return NULL;
	if (uid == range->root_outside)
		return str_fmt("%u", range->kept);
	if (uid < range->rest_outside)
		return str_dup(outside);
	unsigned long long at = uid - range->rest_outside;
	return str_fmt("%llu", at < range->kept ? at : at + 1);
}

static void add_process(const struct idmap_range *range, int proc_fd, const char *name, struct listing *listing)
{
	struct err ignored;
	cleanup_buf struct buf status = { 0 };
	cleanup_fd int process_fd = openat(proc_fd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (process_fd < 0 || fd_read_file(process_fd, "status", 65536, &status, &ignored) < 0 || !status.len)
		return;
	cleanup_free char *inside = number_inside(status.data);
	cleanup_free char *user = user_inside(range, status.data);
	cleanup_free char *parent = status_word(status.data, "\nPPid:", 0);
	cleanup_free char *state = status_word(status.data, "\nState:", 0);
	cleanup_free char *memory = status_word(status.data, "\nVmRSS:", 0);
	cleanup_free char *command = command_line(process_fd);
	cleanup_free char *comm = command ? NULL : status_word(status.data, "Name:", 0);
	cleanup_free char *bytes = memory ? str_fmt("%lld", strtoll(memory, NULL, 10) * 1024) : NULL;
	cleanup_free char *shown = command ? NULL : str_fmt("[%s]", comm ? comm : "");
	listing_add(listing, (const char *[]){ user, inside, name, parent, state, bytes, command ? command : shown });
}

static int list_processes(const struct idmap_range *range, const struct state *state, struct listing *listing, struct err *err)
{
	const char *pid;
	cleanup_members struct members members = { 0 };
	cleanup_fd int pid_fd = state_open_process(state, err), proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r = pid_fd < 0 ? pid_fd : members_open(state->pid, &members, err);
	while (r == 0 && (pid = members_next(&members)))
		add_process(range, proc_fd, pid, listing);
	return r < 0 ? err_prefix(err, "container %s", state->name) : 0;
}

int command_top(const struct globals *globals, int argc, char **argv, struct err *err)
{
	static const struct column columns[] = { { "USER", "user" }, { "PID", "pid" }, { "HOST PID", "hostPid", .field = "HostPID" }, { NULL, "hostParent" },
		{ "STATE", "state" }, { "MEMORY", "memory", true }, { "COMMAND", "command" }, { 0 } };
	struct wish wish = { 0 };
	cleanup_strv struct strv operands = { 0 };
	cleanup_place struct place place = PLACE_CLOSED;
	cleanup_subject struct subject subject = SUBJECT_NONE;
	cleanup_listing struct listing listing = { .columns = columns };
	int r = options_parse(top_options, &wish, argc, argv, false, &operands, err);
	if (r == 0 && wish.help)
		return cli_print_help("top");
	if (r == 0 && operands.len != 1)
		return err_set(err, -EINVAL, "which container? see xrun top --help");
	if (r == 0)
		r = listing_check_format(wish.format, err);
	if (r == 0)
		r = place_open(&place, globals, err);
	if (r == 0)
		r = subject_find_running(&place, operands.items[0], &subject, err);
	const struct idmap map = idmap_keep(&place.map, subject.spec.kept_uid, subject.spec.kept_gid);
	if (r == 0)
		r = list_processes(&map.uids, &subject.state, &listing, err);
	return r < 0 ? r : listing_print(&listing, wish.format, err);
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
	if (r == 0 && operands.len != 1)
		return err_set(err, -EINVAL, "which container? see xrun port --help");
	if (r == 0)
		r = place_open(&place, globals, err);
	if (r == 0)
		r = subject_find(&place, operands.items[0], &subject, err);
	const struct spec_network *network = &subject.spec.network;
	for (size_t i = 0; r == 0 && i < network->port_count; i++) {
		const struct spec_port *port = &network->ports[i];
		for (unsigned at = 0; at < port->count; at++)
			printf("%u/%s -> %s:%u\n", port->container + at, port->udp ? "udp" : "tcp", *port->address ? port->address : "0.0.0.0", port->host + at);
	}
	return r;
}
