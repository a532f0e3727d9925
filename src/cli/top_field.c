/* SPDX-License-Identifier: GPL-2.0-or-later */
/* top_field.c owns what `xrun top` can tell of a process in a container. */
#include "src/cli/top_field.h"

#include "src/base/fd.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

bool top_process_open(const struct idmap *map, int proc_fd, const char *host_pid, struct top_process *ret_process)
{
	struct err ignored;
	struct top_process process = { .map = map, .proc_fd = proc_fd, .host_pid = host_pid };
	process.process_fd = openat(proc_fd, host_pid, O_PATH | O_DIRECTORY | O_CLOEXEC);
	bool there = process.process_fd >= 0 && fd_read_file(process.process_fd, "status", 65536, &process.status, &ignored) >= 0 &&
		     fd_read_file(process.process_fd, "stat", 4096, &process.stat, &ignored) >= 0 && process.status.len && process.stat.len;
	if (there)
		*ret_process = process;
	else
		top_process_close(&process);
	return there;
}

void top_process_close(struct top_process *process)
{
	fd_close(&process->process_fd);
	buf_done(&process->status);
	buf_done(&process->stat);
}

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

/* proc_pid_stat(5)'s field of this number, 3 and more: those behind the name, which may hold anything. */
static unsigned long long stat_number(const struct top_process *process, int number)
{
	const char *at = strrchr(process->stat.data, ')');
	for (int field = 2; at && field < number; field++)
		at = strchr(at + 1, ' ');
	return at ? strtoull(at, NULL, 10) : 0;
}

/* The last word of NSpid is the number in the innermost namespace. */
static char *number_inside(const char *status, int *ret_depth)
{
	char *found = NULL;
	for (int at = 0;; at++) {
		char *word = status_word(status, "\nNSpid:", at);
		if (!word || !isdigit((unsigned char)*word)) {
			free(word);
			*ret_depth = at;
			return found;
		}
		free(found);
		found = word;
	}
}

static int depth_of(const char *status)
{
	int depth;
	free(number_inside(status, &depth));
	return depth;
}

static char *get_pid(const struct top_process *process)
{
	int depth;
	return number_inside(process->status.data, &depth);
}

static char *get_host_pid(const struct top_process *process)
{
	return str_dup(process->host_pid);
}

static char *get_host_parent(const struct top_process *process)
{
	return status_word(process->status.data, "\nPPid:", 0);
}

/* 0 for one whose parent is in no namespace of the container's. */
static char *get_parent(const struct top_process *process)
{
	int depth;
	struct top_process parent;
	cleanup_free char *number = get_host_parent(process);
	if (!number || !top_process_open(process->map, process->proc_fd, number, &parent))
		return str_dup("0");
	char *inside = number_inside(parent.status.data, &depth);
	top_process_close(&parent);
	if (inside && depth >= depth_of(process->status.data))
		return inside;
	free(inside);
	return str_dup("0");
}

/* An id as the container knows it: its ids are those of its root's map. */
static char *id_inside(const struct idmap_range *range, const char *status, const char *key)
{
	cleanup_free char *outside = status_word(status, key, 1);
	unsigned long long id;
	if (!outside || !str_to_u64(outside, UINT32_MAX, &id))
		return NULL;
	if (id == range->root_outside)
		return str_fmt("%u", range->kept);
	if (id < range->rest_outside)
		return str_dup(outside);
	unsigned long long at = id - range->rest_outside;
	return str_fmt("%llu", at < range->kept ? at : at + 1);
}

static char *get_user(const struct top_process *process)
{
	return id_inside(&process->map->uids, process->status.data, "\nUid:");
}

static char *get_group(const struct top_process *process)
{
	return id_inside(&process->map->gids, process->status.data, "\nGid:");
}

static char *get_host_user(const struct top_process *process)
{
	return status_word(process->status.data, "\nUid:", 1);
}

static char *get_host_group(const struct top_process *process)
{
	return status_word(process->status.data, "\nGid:", 1);
}

static char *get_name(const struct top_process *process)
{
	char *name = status_word(process->status.data, "Name:", 0);
	for (char *c = name; c && *c; c++)
		*c = (char)(iscntrl((unsigned char)*c) ? '?' : *c);
	return name;
}

/* Of a line that is longer its beginning: thousands of processes may share one of megabytes, which would be ours thousands of times. */
static char *get_arguments(const struct top_process *process)
{
	enum { SHOWN = 4096 };
	char text[SHOWN + 1];
	cleanup_free char *name = get_name(process);
	cleanup_fd int fd = openat(process->process_fd, "cmdline", O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? -1 : read(fd, text, SHOWN);
	if (len <= 0)
		return str_fmt("[%s]", name ? name : "");
	bool is_whole = text[len - 1] == 0 || len < SHOWN;
	text[len] = 0;
	for (ssize_t i = 0; i + 1 < len; i++)
		if (!text[i] || iscntrl((unsigned char)text[i]))
			text[i] = ' ';
	return str_fmt("%s%s", text, is_whole ? "" : "...");
}

static char *get_state(const struct top_process *process)
{
	return status_word(process->status.data, "\nState:", 0);
}

static char *get_letter(const struct top_process *process)
{
	cleanup_free char *state = get_state(process);
	return state ? str_ndup(state, 1) : NULL;
}

static char *get_resident(const struct top_process *process)
{
	cleanup_free char *kib = status_word(process->status.data, "\nVmRSS:", 0);
	return kib ? str_fmt("%lld", strtoll(kib, NULL, 10) * 1024) : NULL;
}

static char *get_virtual(const struct top_process *process)
{
	return str_fmt("%llu", stat_number(process, 23));
}

static char *get_nice(const struct top_process *process)
{
	return str_fmt("%lld", (long long)stat_number(process, 19));
}

static double used_seconds(const struct top_process *process)
{
	return (double)(stat_number(process, 14) + stat_number(process, 15)) / (double)sysconf(_SC_CLK_TCK);
}

static double age_seconds(const struct top_process *process)
{
	struct timespec now;
	clock_gettime(CLOCK_BOOTTIME, &now);
	double age = (double)now.tv_sec + (double)now.tv_nsec / 1e9 - (double)stat_number(process, 22) / (double)sysconf(_SC_CLK_TCK);
	return age > 0 ? age : 0;
}

/* ps(1): [[DAYS-]HOURS:]MINUTES:SECONDS. */
static char *get_age(const struct top_process *process)
{
	unsigned long long s = (unsigned long long)age_seconds(process), minutes = s / 60 % 60, hours = s / 3600 % 24, days = s / 86400;
	if (days)
		return str_fmt("%llu-%02llu:%02llu:%02llu", days, hours, minutes, s % 60);
	return hours ? str_fmt("%02llu:%02llu:%02llu", hours, minutes, s % 60) : str_fmt("%02llu:%02llu", minutes, s % 60);
}

static char *get_used(const struct top_process *process)
{
	unsigned long long s = (unsigned long long)used_seconds(process);
	return str_fmt("%02llu:%02llu:%02llu", s / 3600, s / 60 % 60, s % 60);
}

/* As ps(1) has it: of the time since it was started. */
static char *get_share(const struct top_process *process)
{
	double age = age_seconds(process);
	return str_fmt("%.1f", age > 0 ? 100 * used_seconds(process) / age : 0.0);
}

const struct top_field top_fields[] = {
	{ "user", "uid", "USER", false, get_user }, { "group", "gid", "GROUP", false, get_group }, { "huser", NULL, "HUSER", false, get_host_user },
	{ "hgroup", NULL, "HGROUP", false, get_host_group }, { "pid", NULL, "PID", false, get_pid }, { "hpid", NULL, "HPID", false, get_host_pid },
	{ "ppid", NULL, "PPID", false, get_parent }, { "hppid", NULL, "HPPID", false, get_host_parent }, { "comm", "ucmd", "COMMAND", false, get_name },
	{ "args", "cmd", "COMMAND", false, get_arguments }, { "state", "s", "STATE", false, get_letter }, { "stat", NULL, "STAT", false, get_state },
	{ "rss", "rsz", "RSS", true, get_resident }, { "vsz", "vsize", "VSZ", true, get_virtual }, { "nice", "ni", "NI", false, get_nice },
	{ "etime", NULL, "ELAPSED", false, get_age }, { "time", "cputime", "TIME", false, get_used }, { "pcpu", "%cpu", "%CPU", false, get_share }, { 0 },
};

const struct top_field *top_field_find(const char *name)
{
	const struct top_field *field = top_fields;
	while (field->name && strcasecmp(field->name, name) != 0 && !(field->alias && strcasecmp(field->alias, name) == 0))
		field++;
	return field->name ? field : NULL;
}
