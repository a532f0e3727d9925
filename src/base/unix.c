/* SPDX-License-Identifier: GPL-2.0-or-later */
/* unix.c owns sockets that are files. */
#include "src/base/unix.h"

#include "src/base/fd.h"
#include "src/base/str.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

static int set_path(struct sockaddr_un *address, const char *path)
{
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	size_t len = strlen(path);
	if (len >= sizeof address->sun_path)
		return -ENAMETOOLONG;
	memcpy(address->sun_path, path, len + 1);
	return 0;
}

int unix_listen(const char *path, int type, int backlog)
{
	struct sockaddr_un address;
	int r = set_path(&address, path);
	cleanup_fd int fd = r < 0 ? -1 : socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	if (r < 0)
		return r;
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, backlog) < 0)
		return -errno;
	return fd_take(&fd);
}

int unix_connect(const char *path, int type)
{
	struct sockaddr_un address;
	int r = set_path(&address, path);
	cleanup_fd int fd = r < 0 ? -1 : socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	if (r < 0)
		return r;
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
		return -errno;
	return fd_take(&fd);
}

char *unix_below(int dir_fd, const char *name)
{
	return str_fmt("/proc/self/fd/%d/%s", dir_fd, name);
}
