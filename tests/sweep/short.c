/* SPDX-License-Identifier: GPL-2.0-or-later */
/* short.c: preloaded, it cuts writes in half: the one that SHORT_AT counts from 1, or with SHORT_AT=0 each of them. */
#include <linux/magic.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Files of /proc take a write whole or not at all. */
static size_t shorten(int fd, size_t len)
{
	struct statfs fs;
	static atomic_int count;
	const char *at = getenv("SHORT_AT");
	int number = ++count, wanted = at ? atoi(at) : -1;
	if (fstatfs(fd, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC)
		return len;
	return len > 1 && (wanted == 0 || wanted == number) ? len / 2 : len;
}

ssize_t write(int fd, const void *data, size_t len)
{
	return syscall(SYS_write, fd, data, shorten(fd, len));
}

ssize_t pwrite64(int fd, const void *data, size_t len, off_t offset)
{
	return syscall(SYS_pwrite64, fd, data, shorten(fd, len), offset);
}

ssize_t pwrite(int fd, const void *data, size_t len, off_t offset)
{
	return pwrite64(fd, data, len, offset);
}
