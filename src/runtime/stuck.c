/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stuck.c owns noticing an emulated first process that died of a signal and cannot end. */
#include "src/runtime/stuck.h"

#include "src/base/fd.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { STATUS_LIMIT = 16384, INTERVAL_MS = 250 };

static uint64_t bit(int signal_number)
{
	return UINT64_C(1) << (signal_number - 1);
}

/* A line of proc_pid_status(5) as a number. */
static uint64_t number(const char *status, const char *name, int base)
{
	const char *at = strstr(status, name);
	return at ? strtoull(at + strlen(name), NULL, base) : 0;
}

/* The one signal that the thread does not block, if its default action would end the process; else 0. */
static int awaited(const char *status)
{
	uint64_t real_time = ~UINT64_C(0) << (32 - 1); /* glibc keeps two of them from being blocked */
	uint64_t free_bits = ~number(status, "\nSigBlk:", 16) & ~(bit(SIGKILL) | bit(SIGSTOP) | real_time);
	uint64_t handled = number(status, "\nSigCgt:", 16) | number(status, "\nSigIgn:", 16);
	if (!strstr(status, "\nState:\tS") || !free_bits || (free_bits & (free_bits - 1)) || (free_bits & handled))
		return 0;
	return __builtin_ctzll(free_bits) + 1;
}

/* Where we may not see the system call, the rest must do. */
static bool is_suspended(int tasks_fd, const char *thread)
{
	struct err ignored;
	cleanup_buf struct buf text = { 0 };
	cleanup_free char *path = str_fmt("%s/syscall", thread);
	if (fd_read_file(tasks_fd, path, STATUS_LIMIT, &text, &ignored) < 0 || !text.len)
		return true;
	return strtol(text.data, NULL, 10) == SYS_rt_sigsuspend;
}

int stuck_timeout(const struct stuck *stuck)
{
	return stuck->watch && !stuck->died_of ? INTERVAL_MS : -1;
}

/* The signal that a thread of the process waits for, which is noted in *ret_stuck; else 0. */
static int find_thread(pid_t pid, struct stuck *ret_stuck)
{
	struct err ignored;
	cleanup_free char *tasks = str_fmt("/proc/%d/task", pid);
	cleanup_fd int tasks_fd = open(tasks, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int copy = tasks_fd < 0 ? -1 : dup(tasks_fd);
	cleanup_dir DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	for (struct dirent *entry; dir && (entry = readdir(dir));) {
		cleanup_buf struct buf status = { 0 };
		cleanup_free char *path = str_fmt("%s/status", entry->d_name);
		if (entry->d_name[0] == '.' || fd_read_file(tasks_fd, path, STATUS_LIMIT, &status, &ignored) < 0 || !status.len)
			continue;
		int signal_number = awaited(status.data);
		if (!signal_number || !is_suspended(tasks_fd, entry->d_name))
			continue;
		ret_stuck->switches = 1 + number(status.data, "\nvoluntary_ctxt_switches:", 10);
		ret_stuck->thread = atoi(entry->d_name);
		return signal_number;
	}
	return 0;
}

void stuck_check(struct stuck *stuck, pid_t pid)
{
	struct stuck now = { .watch = stuck->watch };
	if (!stuck->watch || stuck->died_of)
		return;
	int signal_number = find_thread(pid, &now);
	if (signal_number && now.thread == stuck->thread && now.switches == stuck->switches && kill(pid, SIGKILL) == 0)
		now.died_of = signal_number;
	*stuck = now;
}
