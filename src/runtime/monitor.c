/* SPDX-License-Identifier: GPL-2.0-or-later */
/* monitor.c owns the time while a detached container's program runs: its output goes to the log and to who is attached. */
/*
 * Theory of operation. One chunk of output is under way at a time: read, logged, and sent to every client; nothing more is
 * read until all have it, as a pipe would have it. So memory is bounded whatever the program writes and whoever stalls;
 * a client that goes away is forgotten. Nothing here blocks.
 */
#include "src/runtime/attach.h"
#include "src/runtime/health.h"
#include "src/runtime/logfile.h"
#include "src/runtime/run.h"

#include "src/base/fd.h"
#include "src/base/process.h"
#include "src/runtime/signal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_CLIENTS = 16 };

struct client {
	int fd;
	bool owed;   /* the chunk under way */
};

struct monitor {
	struct run *run;
	struct logfile log;
	int listen_fd;
	struct client clients[MAX_CLIENTS];
	int client_count;
	struct attach_message chunk; /* under way while chunk_len > 0 */
	size_t chunk_len;
	struct attach_message input;
	size_t input_at, input_len;
	struct health health;
	bool exited;
	int status;
	bool told; /* its stacks */
};

static int input_fd(const struct monitor *m)
{
	return m->run->terminal_fd >= 0 ? m->run->terminal_fd : m->run->stream_fds[0];
}

static void drop_client(struct monitor *m, int i)
{
	fd_close(&m->clients[i].fd);
	m->clients[i] = m->clients[--m->client_count];
}

/* What can be sent is; the rest when poll says so. */
static void give_chunk(struct monitor *m)
{
	bool owed = false;
	for (int i = m->client_count; i-- > 0;) {
		struct client *client = &m->clients[i];
		if (!client->owed)
			continue;
		if (send(client->fd, &m->chunk, 1 + m->chunk_len, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0)
			client->owed = false;
		else if (errno != EAGAIN && errno != EINTR && errno != ENOBUFS)
			drop_client(m, i);
		else
			owed = true;
	}
	if (!owed)
		m->chunk_len = 0;
}

static bool take_output(struct monitor *m, int *fd, int stream)
{
	ssize_t n = read(*fd, m->chunk.data, sizeof m->chunk.data);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0) {
		fd_close(fd);
		return false;
	}
	logfile_add(&m->log, stream, m->chunk.data, n);
	m->chunk.kind = stream == 1 ? ATTACH_OUTPUT : ATTACH_ERRORS;
	m->chunk_len = n;
	for (int i = 0; i < m->client_count; i++)
		m->clients[i].owed = true;
	give_chunk(m);
	return true;
}

static void take_signals(struct monitor *m)
{
	struct signalfd_siginfo info;
	while (read(m->run->signal_fd, &info, sizeof info) == sizeof info) {
		if (m->exited)
			continue;
		if (info.ssi_signo != SIGCHLD)
			signal_first(m->run->pid, info.ssi_signo);
		else
			m->exited = process_ended(m->run->pid, &m->status);
		if (m->exited)
			m->status = watch_status(&m->run->watch, m->status);
	}
}

static void take_client(struct monitor *m)
{
	struct ucred peer;
	socklen_t len = sizeof peer;
	cleanup_fd int fd = accept4(m->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0 || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0 || (peer.uid != geteuid() && peer.uid != 0))
		return;
	if (m->client_count == MAX_CLIENTS) {
		send(fd, &(char){ ATTACH_FULL }, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
		return;
	}
	m->clients[m->client_count++] = (struct client){ .fd = fd_take(&fd) };
}

/* The end of a client's input is the program's only where it has no terminal, whose end-of-file character stands for it. */
static void end_input(struct monitor *m)
{
	if (m->run->terminal_fd < 0) {
		fd_close(&m->run->stream_fds[0]);
		return;
	}
	m->input.data[0] = 4;
	m->input_at = 0;
	m->input_len = 1;
}

static void take_message(struct monitor *m, int i)
{
	struct winsize size;
	ssize_t n = recv(m->clients[i].fd, &m->input, sizeof m->input, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		drop_client(m, i);
	} else if (m->input.kind == ATTACH_INPUT) {
		m->input_at = 0;
		m->input_len = input_fd(m) >= 0 ? n - 1 : 0;
	} else if (m->input.kind == ATTACH_END) {
		end_input(m);
	} else if (m->input.kind == ATTACH_WINDOW && n == 1 + sizeof size && m->run->terminal_fd >= 0) {
		memcpy(&size, m->input.data, sizeof size);
		ioctl(m->run->terminal_fd, TIOCSWINSZ, &size);
	}
}

static void give_input(struct monitor *m)
{
	ssize_t n = write(input_fd(m), m->input.data + m->input_at, m->input_len);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0) {
		m->input_at += n;
		m->input_len -= n;
		return;
	}
	m->input_len = 0;
	if (m->run->terminal_fd < 0)
		fd_close(&m->run->stream_fds[0]);
}

enum { SIGNALS, LISTEN, STDOUT, STDERR, INPUT, FIRST_CLIENT };

static void fill_polls(const struct monitor *m, struct pollfd *polls)
{
	const struct run *run = m->run;
	bool idle = m->chunk_len == 0;
	polls[SIGNALS] = (struct pollfd){ .fd = run->signal_fd, .events = POLLIN };
	polls[LISTEN] = (struct pollfd){ .fd = m->listen_fd, .events = POLLIN };
	polls[STDOUT] = (struct pollfd){ .fd = !idle ? -1 : run->terminal_fd >= 0 ? run->terminal_fd : run->stream_fds[1], .events = POLLIN };
	polls[STDERR] = (struct pollfd){ .fd = idle ? run->stream_fds[2] : -1, .events = POLLIN };
	polls[INPUT] = (struct pollfd){ .fd = m->input_len ? input_fd(m) : -1, .events = POLLOUT };
	for (int i = 0; i < m->client_count; i++)
		polls[FIRST_CLIENT + i] = (struct pollfd){ .fd = m->clients[i].fd,
			.events = (m->input_len ? 0 : POLLIN) | (m->clients[i].owed ? POLLOUT : 0) };
}

/* Nobody else is there to be told. */
static void tell_stacks(struct monitor *m)
{
	const struct buf *stacks = &m->run->watch.stacks;
	for (size_t at = 0; !m->told && at < stacks->len;) {
		size_t len = strcspn(stacks->data + at, "\n") + 1;
		logfile_add(&m->log, 2, stacks->data + at, len);
		at += len;
	}
	m->told = m->told || stacks->len;
}

/* Of two times for poll(2), where -1 is never. */
static int sooner(int a, int b)
{
	return a < 0 || (b >= 0 && b < a) ? b : a;
}

static void step(struct monitor *m)
{
	struct pollfd polls[FIRST_CLIENT + MAX_CLIENTS];
	struct run *run = m->run;
	fill_polls(m, polls);
	int ready_count = poll(polls, FIRST_CLIENT + m->client_count, sooner(watch_timeout(&run->watch), health_due_ms(&m->health, run)));
	health_step(&m->health, run);
	watch_check(&run->watch, run->pid);
	tell_stacks(m);
	if (ready_count <= 0)
		return;
	for (int i = m->client_count; i-- > 0;) { /* from the last, since a dropped one's place is taken by it */
		short ready = polls[FIRST_CLIENT + i].revents;
		if ((ready & POLLIN) && !m->input_len)
			take_message(m, i);
		else if (ready & (POLLERR | POLLHUP))
			drop_client(m, i);
	}
	if (m->chunk_len)
		give_chunk(m);
	if (polls[INPUT].revents && input_fd(m) >= 0)
		give_input(m);
	if (polls[STDOUT].revents && !m->chunk_len)
		take_output(m, run->terminal_fd >= 0 ? &run->terminal_fd : &run->stream_fds[1], 1);
	if (polls[STDERR].revents && !m->chunk_len)
		take_output(m, &run->stream_fds[2], 2);
	if (polls[LISTEN].revents)
		take_client(m);
	if (polls[SIGNALS].revents)
		take_signals(m);
}

/* All that the program wrote is in the pipes, and its descendants have ended with it. Who does not read now gets no more. */
static void drain(struct monitor *m)
{
	struct run *run = m->run;
	for (int i = m->client_count; i-- > 0;) {
		int flags = fcntl(m->clients[i].fd, F_GETFL);
		struct timeval limit = { .tv_sec = 5 };
		fcntl(m->clients[i].fd, F_SETFL, flags & ~O_NONBLOCK);
		setsockopt(m->clients[i].fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
	}
	for (int stream = 1; stream <= 2; stream++) {
		int *fd = stream == 1 && run->terminal_fd >= 0 ? &run->terminal_fd : &run->stream_fds[stream];
		do {
			for (int i = m->client_count; i-- > 0;)
				if (m->clients[i].owed && send(m->clients[i].fd, &m->chunk, 1 + m->chunk_len, MSG_NOSIGNAL) < 0)
					drop_client(m, i);
			for (int i = 0; i < m->client_count; i++)
				m->clients[i].owed = false;
			m->chunk_len = 0;
		} while (*fd >= 0 && take_output(m, fd, stream));
	}
}

static void say_goodbye(struct monitor *m)
{
	struct attach_message message = { .kind = ATTACH_EXIT };
	memcpy(message.data, &m->status, sizeof m->status);
	while (m->client_count) {
		send(m->clients[m->client_count - 1].fd, &message, 1 + sizeof m->status, MSG_NOSIGNAL);
		drop_client(m, m->client_count - 1);
	}
}

int run_monitor(struct run *run, struct err *err)
{
	struct monitor m = { .run = run, .listen_fd = -1 };
	const struct spec_life *life = &run->spec->life;
	int r = logfile_open(&m.log, run->container_fd, life->log_size, life->log_files, err);
	if (r < 0)
		return r;
	m.listen_fd = attach_listen(run->container_fd, err);
	r = m.listen_fd < 0 ? m.listen_fd : 0;
	if (run->terminal_fd >= 0)
		fcntl(run->terminal_fd, F_SETFL, O_RDWR | O_NONBLOCK);
	if (r == 0)
		run_report(run, NULL);
	health_begin(&m.health, run);
	if (r == 0)
		kill(getpid(), SIGCHLD); /* it may have ended before we looked */
	while (r == 0 && !m.exited)
		step(&m);
	health_end(&m.health);
	if (r == 0)
		drain(&m);
	say_goodbye(&m);
	fd_close(&m.listen_fd);
	unlinkat(run->container_fd, "attach", 0);
	logfile_close(&m.log);
	return r < 0 ? r : m.status;
}
