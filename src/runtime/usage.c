/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usage.c owns what a running container uses. */
#include "src/base/now.h"
#include "src/runtime/usage.h"

#include "src/base/fd.h"
#include "src/runtime/members.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct sum {
	uint64_t memory, ticks, threads;
};

/* proc_pid_stat(5), fields 14 to 17, 20 and 24; the name before them may hold anything. */
static void add_process(const char *pid, struct sum *sum)
{
	struct err ignored;
	cleanup_buf struct buf text = { 0 };
	unsigned long long own, system, children, children_system, threads, resident;
	cleanup_free char *path = str_fmt("/proc/%s/stat", pid);
	if (fd_read_file(AT_FDCWD, path, 4096, &text, &ignored) < 0 || !text.len)
		return;
	const char *tail = strrchr(text.data, ')');
	if (!tail || sscanf(tail + 1, " %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu %llu %llu %llu %*s %*s %llu %*s %*s %*s %llu", &own,
				&system, &children, &children_system, &threads, &resident) != 6)
		return;
	sum->memory += resident * sysconf(_SC_PAGESIZE);
	sum->ticks += own + system + children + children_system;
	sum->threads += threads;
}

static void add_processes(pid_t first, struct sum *sum)
{
	struct err ignored;
	cleanup_members struct members members = { 0 };
	const char *pid;
	if (members_open(first, &members, &ignored) < 0)
		return;
	while ((pid = members_next(&members)))
		add_process(pid, sum);
}

/* proc_pid_net(5), dev: the kernel's counters of each interface; lo does not count, nor what shapes eth0. */
static void take_network(pid_t pid, struct usage *usage)
{
	char path[64], line[512], name[32];
	snprintf(path, sizeof path, "/proc/%d/net/dev", pid);
	cleanup_file FILE *file = fopen(path, "re");
	usage->received = usage->sent = 0;
	while (file && fgets(line, sizeof line, file)) {
		unsigned long long received, sent;
		if (sscanf(line, " %31[^:]: %llu %*u %*u %*u %*u %*u %*u %*u %llu", name, &received, &sent) != 3 || str_eq(name, "lo") ||
			str_eq(name, "rate0"))
			continue;
		usage->received += received;
		usage->sent += sent;
	}
}

void usage_take(const struct state *state, const struct spec *spec, struct usage *ret_usage)
{
	struct sum sum = { 0 };
	cleanup_cgroup struct cgroup cgroup = { 0 };
	struct usage usage = { .received = UINT64_MAX, .sent = UINT64_MAX };
	cgroup_of_process(&cgroup, state->id, state->pid);
	cgroup_usage(&cgroup, &usage.used);
	usage.taken = now_ns();
	if (usage.used.memory == UINT64_MAX || usage.used.cpu_ns == UINT64_MAX || usage.used.pids == UINT64_MAX)
		add_processes(state->pid, &sum);
	if (usage.used.memory == UINT64_MAX)
		usage.used.memory = sum.memory;
	if (usage.used.cpu_ns == UINT64_MAX)
		usage.used.cpu_ns = sum.ticks * (1000000000ull / sysconf(_SC_CLK_TCK));
	if (usage.used.pids == UINT64_MAX)
		usage.used.pids = sum.threads;
	if (spec->network.mode != NETWORK_HOST)
		take_network(state->pid, &usage);
	*ret_usage = usage;
}
