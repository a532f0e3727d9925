/* SPDX-License-Identifier: GPL-2.0-or-later */
/* shortage.c owns which limit of the machine kept xrun from having another process or namespace. */
/*
 * Theory of operation. clone(2) answers EAGAIN for several limits alike. Those that can be compared with what there is are: the
 * cgroup's and the machine's. The user's own (RLIMIT_NPROC) counts the processes of his containers, too, wherever their ids are; so
 * what /proc shows may be fewer, and then it is only said what there is to look at.
 */
#include "src/runtime/shortage.h"

#include "src/base/fd.h"
#include "src/runtime/cgroup_place.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { ENOUGH = 15000 };
#define THREADS_FILE "/proc/sys/kernel/threads-max"

/* The number in a file, ULLONG_MAX for none: there is no limit. */
static unsigned long long number_in(const char *path)
{
	struct err ignored;
	cleanup_buf struct buf text = { 0 };
	bool any = fd_read_file(AT_FDCWD, path, 64, &text, &ignored) == 0 && text.len && text.data[0] >= '0' && text.data[0] <= '9';
	return any ? strtoull(text.data, NULL, 10) : ULLONG_MAX;
}

/* A container's directory is named by its id. */
static bool is_container(const char *name)
{
	return strlen(name) == 64 && strspn(name, "0123456789abcdef") == 64;
}

/* The process' own, and those above it, which count as well. */
static bool is_cgroup_full(pid_t pid, struct err *err)
{
	struct cgroup_directory at = { 0 };
	cleanup_free char *directory = at.path = cgroup_place_of(CGROUP_PIDS, pid, &at.v2);
	for (char *slash; directory && (slash = strrchr(directory, '/')); *slash = 0) {
		uint64_t limit = cgroup_place_number(&at, "pids.max", "pids.max", NULL), count = cgroup_place_number(&at, "pids.current", "pids.current", NULL);
		if (limit == UINT64_MAX || count == UINT64_MAX || count < limit)
			continue;
		if (is_container(slash + 1))
			err_append(err, "; the container has as many processes as it may, %llu (--pids-limit)", (unsigned long long)limit);
		else
			err_append(err, "; the cgroup %s has as many processes as it may, %llu: end some, or write a higher limit to its pids.max",
				directory, (unsigned long long)limit);
		return true;
	}
	return false;
}

/* proc_loadavg(5): "0.1 0.2 0.3 RUNNING/ALL LAST". */
static bool is_machine_full(struct err *err)
{
	struct err ignored;
	cleanup_buf struct buf text = { 0 };
	const char *slash = fd_read_file(AT_FDCWD, "/proc/loadavg", 128, &text, &ignored) == 0 && text.len ? strchr(text.data, '/') : NULL;
	unsigned long long limit = number_in(THREADS_FILE), count = slash ? strtoull(slash + 1, NULL, 10) : 0;
	if (count < limit)
		return false;
	err_append(err, "; of processes and threads the machine may have %llu, and has %llu: sudo sysctl kernel.threads-max=%llu", limit, count, 2 * count);
	return true;
}

/* A process' threads, if it is ours; proc_pid_status(5). */
static unsigned long long threads_of(int proc_fd, const char *pid, uid_t uid)
{
	struct err ignored;
	cleanup_buf struct buf text = { 0 };
	cleanup_free char *path = str_fmt("%s/status", pid);
	if (fd_read_file(proc_fd, path, 8192, &text, &ignored) < 0 || !text.len)
		return 0;
	const char *owner = strstr(text.data, "\nUid:"), *threads = strstr(text.data, "\nThreads:");
	if (!owner || !threads || strtoul(owner + strlen("\nUid:"), NULL, 10) != uid)
		return 0;
	return strtoull(threads + strlen("\nThreads:"), NULL, 10);
}

static unsigned long long count_ours(void)
{
	struct err ignored;
	unsigned long long count = 0;
	cleanup_strv struct strv names = { 0 };
	cleanup_fd int proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (proc_fd < 0 || fd_list(proc_fd, "/proc", &names, &ignored) < 0)
		return 0;
	for (size_t i = 0; i < names.len; i++)
		if (names.items[i][0] >= '1' && names.items[i][0] <= '9')
			count += threads_of(proc_fd, names.items[i], getuid());
	return count;
}

static void explain_processes(pid_t pid, struct err *err)
{
	struct rlimit limit = { 0 };
	if (is_cgroup_full(pid, err) || is_machine_full(err))
		return;
	getrlimit(RLIMIT_NPROC, &limit);
	unsigned long long count = limit.rlim_cur == RLIM_INFINITY ? 0 : count_ours();
	if (count && count >= limit.rlim_cur)
		err_append(err, "; of processes and threads user %u may have %llu, and has %llu: end some, or raise the limit (ulimit -u; limits.conf(5))", getuid(),
			(unsigned long long)limit.rlim_cur, count);
	else if (limit.rlim_cur != RLIM_INFINITY)
		err_append(err, "; see ulimit -u, which is %llu and counts the processes in the user's containers, too, and pids.max of the cgroup",
			(unsigned long long)limit.rlim_cur);
	else
		err_append(err, "; see kernel.pid_max, and pids.max of the cgroup");
}

static void explain_namespaces(struct err *err)
{
	static const char *const kinds[] = { "user", "mnt", "pid", "net", "ipc", "uts", "cgroup", "time" };
	unsigned long long lowest = ULLONG_MAX, highest = 0;
	const char *kind = NULL;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		cleanup_free char *path = str_fmt("/proc/sys/user/max_%s_namespaces", kinds[i]);
		unsigned long long most = number_in(path);
		if (most == ULLONG_MAX)
			continue;
		kind = most < lowest ? kinds[i] : kind;
		lowest = most < lowest ? most : lowest;
		highest = most > highest ? most : highest;
	}
	if (kind && lowest < highest)
		err_append(err, "; of the limits in /proc/sys/user the lowest is that of %s namespaces, %llu: sudo sysctl user.max_%s_namespaces=%llu",
			kind, lowest, kind, lowest < ENOUGH / 2 ? ENOUGH : 2 * lowest);
	else
		err_append(err, "; see /proc/sys/user/max_*_namespaces%s", kind ? "; or user namespaces are nested 32 deep" : "");
}

int shortage_explain(pid_t pid, struct err *err)
{
	if (err->code == -EAGAIN)
		explain_processes(pid, err);
	else if (err->code == -EUSERS)
		explain_namespaces(err);
	return err->code;
}

int shortage_of_namespaces(const char *what, struct err *err)
{
	if (errno == ENOSPC || errno == EUSERS) /* "No space left on device" would mislead */
		return err_set(err, -EUSERS, "%s: no more may be made", what);
	int r = err_sys(err, "%s", what);
	return r == -EAGAIN ? shortage_explain(getpid(), err) : err_append(err, "; xrun doctor says what does not allow them");
}

int shortage_of_processes(struct err *err)
{
	err_sys(err, "cannot start a process");
	return shortage_explain(getpid(), err);
}
