/* SPDX-License-Identifier: GPL-2.0-or-later */
/* attach.c owns the client's side of attaching to a detached container, and the socket. */
#include "src/runtime/attach.h"

#include "src/base/fd.h"
#include "src/base/unix.h"
#include "src/base/str.h"
#include "src/runtime/keys.h"
#include "src/runtime/relay.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

int attach_listen(int container_fd, struct err *err)
{
	cleanup_free char *path = unix_below(container_fd, "attach");
	unlinkat(container_fd, "attach", 0);
	int fd = unix_listen(path, SOCK_SEQPACKET | SOCK_NONBLOCK, 16);
	return fd < 0 ? err_code(err, fd, "cannot make the container's socket for attach") : fd;
}

int attach_connect(int container_fd, struct err *err)
{
	cleanup_free char *path = unix_below(container_fd, "attach");
	int fd = unix_connect(path, SOCK_SEQPACKET);
	if (fd == -ENOENT || fd == -ECONNREFUSED)
		return err_set(err, -ENOTCONN, "its input and output are those of the xrun that started it: only a detached container can be attached to");
	return fd < 0 ? err_code(err, fd, "cannot connect to the container") : fd;
}

struct attachment {
	int fd, signal_fd;
	const struct attach_wish *wish;
	struct keys keys;
	bool input_open, is_raw, detached, ended, refused;
	int status;
	struct termios saved;
};

static int send_message(const struct attachment *a, enum attach_kind kind, const void *data, size_t len)
{
	struct attach_message message = { .kind = (char)kind };
	if (len)
		memcpy(message.data, data, len);
	return send(a->fd, &message, 1 + len, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static void follow_window(const struct attachment *a)
{
	struct winsize size;
	if (a->wish->terminal && ioctl(0, TIOCGWINSZ, &size) == 0)
		send_message(a, ATTACH_WINDOW, &size, sizeof size);
}

static void pass_keys(struct attachment *a, const char *data, size_t len)
{
	char out[ATTACH_CHUNK];
	size_t count;
	a->detached = keys_filter(&a->keys, data, len, out, &count);
	if (count)
		send_message(a, ATTACH_INPUT, out, count);
}

static void take_input(struct attachment *a)
{
	char data[ATTACH_CHUNK - KEYS_MAX];
	ssize_t n = read(0, data, sizeof data);
	if (n < 0 && errno == EINTR)
		return;
	if (n <= 0) {
		a->input_open = false;
		send_message(a, ATTACH_END, NULL, 0);
	} else if (a->is_raw) {
		pass_keys(a, data, n);
	} else {
		send_message(a, ATTACH_INPUT, data, n);
	}
}

static void take_message(struct attachment *a)
{
	struct attach_message message;
	ssize_t n = recv(a->fd, &message, sizeof message, 0);
	if (n < 0 && errno == EINTR)
		return;
	if (n <= 0) {
		a->ended = true; /* the supervisor was killed, and the program with it */
		a->status = 128 + SIGKILL;
	} else if (message.kind == ATTACH_FULL) {
		a->ended = a->refused = true;
	} else if (message.kind == ATTACH_EXIT && n == 1 + sizeof a->status) {
		memcpy(&a->status, message.data, sizeof a->status);
		a->ended = true;
	} else if (fd_write_all(message.kind == ATTACH_ERRORS ? 2 : 1, message.data, n - 1) < 0) {
		a->detached = true; /* nobody reads what we write */
	}
}

static void take_signals(struct attachment *a)
{
	struct signalfd_siginfo info;
	while (read(a->signal_fd, &info, sizeof info) == sizeof info) {
		if (info.ssi_signo == SIGWINCH)
			follow_window(a);
		else if (info.ssi_signo == SIGHUP || (!a->wish->pass_signals && info.ssi_signo != SIGCHLD && info.ssi_signo != SIGCONT))
			a->detached = true;
		else if (info.ssi_signo != SIGCHLD && a->wish->pid > 0)
			kill(a->wish->pid, info.ssi_signo);
	}
}

static void make_raw(struct attachment *a)
{
	if (!a->wish->terminal || !a->wish->input || tcgetattr(0, &a->saved) < 0)
		return;
	struct termios raw = a->saved;
	cfmakeraw(&raw);
	a->is_raw = tcsetattr(0, TCSANOW, &raw) == 0;
}

static void relay(struct attachment *a)
{
	follow_window(a);
	while (!a->ended && !a->detached) {
		struct pollfd polls[] = { { .fd = a->signal_fd, .events = POLLIN }, { .fd = a->fd, .events = POLLIN },
			{ .fd = a->input_open ? 0 : -1, .events = POLLIN } };
		if (poll(polls, 3, -1) < 0)
			continue;
		if (polls[1].revents)
			take_message(a);
		if (polls[2].revents && !a->ended)
			take_input(a);
		if (polls[0].revents && !a->ended)
			take_signals(a);
	}
}

int attach_run(int connection_fd, const struct attach_wish *wish, bool *ret_detached, struct err *err)
{
	cleanup_fd int owned_fd = connection_fd, signal_fd = relay_block_signals(err);
	struct attachment a = { .fd = owned_fd, .signal_fd = signal_fd, .wish = wish, .input_open = wish->input };
	int r = signal_fd < 0 ? signal_fd : keys_parse(wish->detach_keys, &a.keys, err);
	if (r < 0)
		return r;
	make_raw(&a);
	relay(&a);
	if (a.is_raw)
		tcsetattr(0, TCSANOW, &a.saved);
	*ret_detached = a.detached;
	if (a.refused)
		return err_set(err, -EUSERS, "so many are attached to it that one more cannot be");
	return a.detached ? 0 : a.status;
}
