/* SPDX-License-Identifier: GPL-2.0-or-later */
/* noflush.c: preloaded, it makes flushes succeed and do nothing. */
#include <unistd.h>

int fsync(int fd)
{
	(void)fd;
	return 0;
}

int fdatasync(int fd)
{
	(void)fd;
	return 0;
}

int syncfs(int fd)
{
	(void)fd;
	return 0;
}
