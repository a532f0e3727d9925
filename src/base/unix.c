/* SPDX-License-Identifier: GPL-2.0-or-later */
/* unix.c owns sockets that are files. */
#include "src/base/unix.h"

#include "src/base/fd.h"
#include "src/base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
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

int unix_bind(const char *path, int type)
{
	struct sockaddr_un address;
	int r = set_path(&address, path);
	cleanup_fd int fd = r < 0 ? -1 : socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	if (r < 0)
		return r;
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0)
		return -errno;
	return fd_take(&fd);
}

int unix_listen(const char *path, int type, int backlog)
{
	cleanup_fd int fd = unix_bind(path, type);
	if (fd >= 0 && listen(fd, backlog) < 0)
		return -errno;
	return fd_take(&fd);
}

static int connect_to(const struct sockaddr_un *address, socklen_t len, int type)
{
	cleanup_fd int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (const struct sockaddr *)address, len) < 0)
		return -errno;
	return fd_take(&fd);
}

int unix_connect(const char *path, int type)
{
	struct sockaddr_un address;
	int r = set_path(&address, path);
	return r < 0 ? r : connect_to(&address, sizeof address, type);
}

int unix_connect_in(const char *directory, const char *name, int type)
{
	struct stat st;
	cleanup_fd int dir_fd = open(directory, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	cleanup_fd int fd = dir_fd < 0 ? -1 : openat(dir_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	cleanup_free char *path = str_fmt("/proc/self/fd/%d", fd);
	return S_ISSOCK(st.st_mode) ? unix_connect(path, type) : -ENOTSOCK;
}

int unix_connect_named(const char *name, int type)
{
	struct sockaddr_un address;
	if (*name != '@')
		return unix_connect(name, type);
	int r = set_path(&address, name);
	address.sun_path[0] = 0;
	return r < 0 ? r : connect_to(&address, offsetof(struct sockaddr_un, sun_path) + strlen(name), type);
}

char *unix_below(int dir_fd, const char *name)
{
	return str_fmt("/proc/self/fd/%d/%s", dir_fd, name);
}
