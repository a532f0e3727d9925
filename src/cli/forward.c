/* SPDX-License-Identifier: GPL-2.0-or-later */
/* forward.c owns the places at which gdb finds an emulator's stub. */
#include "src/cli/forward.h"

#include "src/base/fd.h"
#include "src/base/unix.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int listen_on(unsigned long long port, struct err *err)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int yes = 1;
	cleanup_fd int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, 1) < 0)
		return err_sys(err, "--gdb=%llu: cannot listen on 127.0.0.1", port);
	return fd_take(&fd);
}

int forward_prepare(const char *wish, const char *socket_path, struct forward *ret_forward, struct err *err)
{
	unsigned long long port;
	struct forward forward = FORWARD_NONE;
	bool is_path = strchr(wish, '/'), is_port = *wish && !is_path;
	if (is_port && (!str_to_u64(wish, 65535, &port) || !port))
		return err_set(err, -EINVAL, "--gdb=%s: neither a port nor a socket's path, which has a slash", wish);
	if (is_path && symlink(socket_path, wish) < 0)
		return err_sys(err, "--gdb=%s", wish);
	forward.link = is_path ? str_dup(wish) : NULL;
	forward.target = is_port ? str_fmt("127.0.0.1:%llu", port) : str_dup(is_path ? wish : socket_path);
	int r = forward.listen_fd = is_port ? listen_on(port, err) : unix_listen(socket_path, SOCK_STREAM, 1);
	*ret_forward = forward;
	return r >= 0 ? 0 : err->code ? err->code : err_code(err, r, "--gdb: cannot listen at %s", socket_path);
}

/* One direction of a connection. False at its end. */
static bool pass(int from_fd, int to_fd)
{
	char data[4096];
	ssize_t n = read(from_fd, data, sizeof data);
	return (n < 0 && errno == EINTR) || (n > 0 && fd_write_all(to_fd, data, n) == 0);
}

void forward_run(const struct forward *forward, const char *directory, const char *name)
{
	cleanup_fd int client_fd = accept4(forward->listen_fd, NULL, NULL, SOCK_CLOEXEC);
	cleanup_fd int stub_fd = client_fd < 0 ? -1 : unix_connect_in(directory, name, SOCK_STREAM);
	if (stub_fd < 0)
		return;
	for (bool open = true; open;) {
		struct pollfd polls[] = { { .fd = client_fd, .events = POLLIN }, { .fd = stub_fd, .events = POLLIN } };
		if (poll(polls, 2, -1) < 0 && errno != EINTR)
			return;
		if (polls[0].revents)
			open = pass(client_fd, stub_fd);
		if (open && polls[1].revents)
			open = pass(stub_fd, client_fd);
	}
}

void forward_done(struct forward *forward)
{
	if (forward->link)
		unlink(forward->link);
	free(forward->link);
	free(forward->target);
	fd_close(&forward->listen_fd);
	*forward = (struct forward)FORWARD_NONE;
}
