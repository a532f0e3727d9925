/* SPDX-License-Identifier: GPL-2.0-or-later */
/* calls.c owns what takes the place of system calls that a kernel, or a filter around us, answers with ENOSYS. */
#include "src/base/calls.h"

#include "src/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/magic.h>
#include <linux/sched.h>
#include <sched.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

static int close_one(int fd, int flags)
{
	return flags & CLOSE_RANGE_CLOEXEC ? fcntl(fd, F_SETFD, FD_CLOEXEC) : close(fd);
}

/* A list that is not the kernel's, or a part of it, would leave some open that nobody knows of. */
static int close_listed(unsigned first, unsigned last, int flags)
{
	struct statfs fs;
	cleanup_dir DIR *dir = opendir("/proc/self/fd");
	if (!dir || fstatfs(dirfd(dir), &fs) < 0)
		return -1;
	if (fs.f_type != PROC_SUPER_MAGIC) {
		errno = ENOSYS;
		return -1;
	}
	errno = 0;
	for (struct dirent *entry; (entry = readdir(dir));) {
		unsigned long long fd;
		if (!str_to_u64(entry->d_name, last, &fd) || fd < first || (int)fd == dirfd(dir))
			continue;
		if (close_one((int)fd, flags) < 0)
			return -1;
		errno = 0;
	}
	return errno ? -1 : 0;
}

int calls_close_range(unsigned first, unsigned last, int flags)
{
	if (first > last || close_range(first, last, flags) == 0)
		return 0;
	return errno == ENOSYS ? close_listed(first, last, flags) : -1;
}

pid_t calls_clone(uint64_t flags)
{
	struct clone_args args = { .flags = flags };
	pid_t pid = (pid_t)syscall(SYS_clone3, &args, sizeof args);
	if (pid >= 0 || errno != ENOSYS)
		return pid;
	if (flags & CLONE_NEWTIME && unshare(CLONE_NEWTIME) < 0)
		return -1;
	unsigned long old = flags & ~(uint64_t)CLONE_NEWTIME;
#ifdef __s390__
	return (pid_t)syscall(SYS_clone, NULL, old, NULL, NULL, NULL); /* clone(2): the stack comes first there */
#else
	return (pid_t)syscall(SYS_clone, old, NULL, NULL, NULL, NULL);
#endif
}
