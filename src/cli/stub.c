/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stub.c owns talking to the gdb stub of an emulator that runs a program, so that debuggers can come and go. */
#include "src/cli/stub.h"

#include "src/base/fd.h"
#include "src/base/unix.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SO_PEERPIDFD /* Linux 6.5, younger than the headers of Debian 12, and older than private tables of handlers */
#define SO_PEERPIDFD 77
#endif

enum { INTERRUPT = 3, TRAP = 5, PACKET_LIMIT = 1 << 16, GOODBYE_MS = 1000 };

/* By a descriptor: a container may have its socket made by a process that has ended, whose number is somebody's on the host by now. */
int stub_connect(const char *directory, const char *name, struct stub *ret_stub)
{
	int process_fd;
	socklen_t len = sizeof process_fd;
	cleanup_fd int fd = unix_connect_in(directory, name, SOCK_STREAM);
	if (fd < 0)
		return fd;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERPIDFD, &process_fd, &len) < 0)
		return -errno;
	*ret_stub = (struct stub){ .fd = fd_take(&fd), .process_fd = process_fd };
	return 0;
}

/* Of what comes first: a packet with its checksum, "$...#xx", or one byte; 0 while it is not whole. */
static size_t first_unit(const struct buf *bytes)
{
	if (bytes->len == 0 || bytes->data[0] != '$')
		return bytes->len > 0;
	const char *end = memchr(bytes->data, '#', bytes->len);
	size_t len = end ? (size_t)(end - bytes->data) + 3 : 0;
	return len <= bytes->len ? len : 0;
}

static void drop(struct buf *bytes, size_t len)
{
	memmove(bytes->data, bytes->data + len, bytes->len - len);
	bytes->len -= len;
}

/* Adds what can be read now. False at the end, and for a packet that nobody sends. */
static bool fill(int fd, struct buf *bytes)
{
	char block[4096];
	ssize_t n = read(fd, block, sizeof block);
	if (n > 0)
		buf_add(bytes, block, n);
	return (n > 0 && bytes->len < PACKET_LIMIT) || (n < 0 && errno == EINTR);
}

static bool send_packet(const struct stub *stub, const char *text)
{
	unsigned sum = 0;
	for (const char *at = text; *at; at++)
		sum += (unsigned char)*at;
	cleanup_free char *packet = str_fmt("$%s#%02x", text, sum & 255);
	return fd_write_all(stub->fd, packet, strlen(packet)) == 0;
}

/* "T05thread:..." or "S05": it has stopped by that signal; W and X: it has ended. */
static int stop_signal(const char *packet)
{
	unsigned number;
	return (packet[1] == 'T' || packet[1] == 'S') && sscanf(packet + 2, "%2x", &number) == 1 ? (int)number : 0;
}

/* Takes a packet out of what was read, and acknowledges it; what is no packet is passed over. *ret_signal: of a stop, else 0. */
static bool next_packet(struct stub *stub, int *ret_signal)
{
	for (size_t len; (len = first_unit(&stub->unread));) {
		*ret_signal = len > 1 ? stop_signal(stub->unread.data) : 0;
		drop(&stub->unread, len);
		if (len > 1)
			return fd_write_all(stub->fd, "+", 1) == 0;
	}
	return false;
}

bool stub_resume(struct stub *stub, int signal_number)
{
	char text[8];
	snprintf(text, sizeof text, signal_number ? "C%02x" : "c", signal_number);
	stub->running = true;
	return send_packet(stub, text);
}

static void trap(struct stub *stub)
{
	if (stub->traps == 0 && syscall(SYS_pidfd_send_signal, stub->process_fd, SIGTRAP, NULL, 0) == 0)
		stub->traps++;
}

/* Whether it was we who stopped it. */
static bool take_trap(struct stub *stub, int signal_number)
{
	bool ours = signal_number == TRAP && stub->traps > 0;
	stub->traps -= ours;
	return ours;
}

bool stub_pass_signal(struct stub *stub)
{
	int signal_number;
	bool alive = fill(stub->fd, &stub->unread);
	while (alive && next_packet(stub, &signal_number))
		if (signal_number)
			alive = stub_resume(stub, take_trap(stub, signal_number) ? 0 : signal_number);
	return alive;
}

/* Whether it stands still; it does not where the client left meanwhile: a program may block our signal for long. */
static bool halt(struct stub *stub, int client_fd, bool *ret_halted)
{
	bool alive = true;
	if (stub->running)
		trap(stub);
	while (alive && stub->running) {
		int signal_number;
		struct pollfd polls[] = { { .fd = stub->fd, .events = POLLIN }, { .fd = client_fd, .events = POLLRDHUP } };
		if (poll(polls, 2, -1) < 0 && errno != EINTR)
			return false;
		if (polls[1].revents)
			break;
		alive = !polls[0].revents || fill(stub->fd, &stub->unread);
		while (alive && stub->running && next_packet(stub, &signal_number)) {
			if (take_trap(stub, signal_number))
				stub->running = false;
			else if (signal_number)
				alive = stub_resume(stub, signal_number);
		}
	}
	*ret_halted = !stub->running;
	return alive;
}

/* It still wants to acknowledge. */
static bool say_goodbye(int client_fd)
{
	struct pollfd polled = { .fd = client_fd, .events = POLLIN };
	if (fd_write_all(client_fd, "+$OK#9a", 7) == 0)
		poll(&polled, 1, GOODBYE_MS);
	return false;
}

/* One thing that the debugger says. False: it lets the program go. */
static bool take_from_client(struct stub *stub, int client_fd, const char *unit, size_t len, bool *ret_alive)
{
	if (*unit == INTERRUPT) { /* the stub itself does not listen while the program runs */
		if (stub->running)
			trap(stub);
		return true;
	}
	if (len > 1 && unit[1] == 'D') /* not for the stub, which would hear nobody any more */
		return say_goodbye(client_fd);
	if (str_starts(unit, "$qAttached")) /* the stub denies it, and gdb would kill the program when it quits */
		return fd_write_all(client_fd, "+$1#31", 6) == 0;
	if (len > 1 && (strchr("cCsS", unit[1]) || str_starts(unit + 1, "vCont;")))
		stub->running = true;
	*ret_alive = fd_write_all(stub->fd, unit, len) == 0;
	return *ret_alive;
}

static bool take_from_stub(struct stub *stub, int client_fd, size_t len)
{
	const char *unit = stub->unread.data;
	int signal_number = len > 1 && stub->running ? stop_signal(unit) : 0;
	if (signal_number) {
		stub->running = false;
		take_trap(stub, signal_number);
	}
	bool sent = fd_write_all(client_fd, unit, len) == 0;
	drop(&stub->unread, len);
	return sent;
}

/* Until one of them is gone, or the debugger detaches. False: the emulator is gone. */
static bool converse(struct stub *stub, int client_fd)
{
	cleanup_buf struct buf said = { 0 };
	bool alive = true, attached = true;
	while (attached && alive) {
		struct pollfd polls[] = { { .fd = client_fd, .events = POLLIN }, { .fd = stub->fd, .events = POLLIN } };
		if (poll(polls, 2, -1) < 0 && errno != EINTR)
			return false;
		if (polls[0].revents)
			attached = fill(client_fd, &said);
		for (size_t len; attached && alive && (len = first_unit(&said)); drop(&said, len))
			attached = take_from_client(stub, client_fd, said.data, len, &alive);
		if (alive && polls[1].revents)
			alive = fill(stub->fd, &stub->unread);
		for (size_t len; attached && (len = first_unit(&stub->unread));)
			attached = take_from_stub(stub, client_fd, len);
	}
	return alive;
}

/* The last packet may not have been acknowledged; "?" makes the stub forget breakpoints (handle_target_halt). */
static bool let_go(struct stub *stub)
{
	int ignored;
	bool halted = false;
	if (fd_write_all(stub->fd, "+", 1) < 0 || !halt(stub, -1, &halted) || !halted || !send_packet(stub, "?"))
		return false;
	while (!next_packet(stub, &ignored))
		if (!fill(stub->fd, &stub->unread))
			return false;
	return stub_resume(stub, 0);
}

bool stub_serve(struct stub *stub, int client_fd)
{
	bool halted = false;
	if (!halt(stub, client_fd, &halted))
		return false;
	return !halted || (converse(stub, client_fd) && let_go(stub));
}
