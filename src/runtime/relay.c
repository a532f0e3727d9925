/* SPDX-License-Identifier: GPL-2.0-or-later */
/* relay.c owns the time while the program runs. */
#include "src/runtime/relay.h"

#include "src/base/fd.h"
#include "src/runtime/signal.h"
#include "src/runtime/sigpipe.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

static const int forwarded[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM, SIGCONT, SIGWINCH, SIGTSTP };

int relay_block_signals(struct err *err)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	for (size_t i = 0; i < sizeof forwarded / sizeof *forwarded; i++)
		sigaddset(&set, forwarded[i]);
	signal(SIGCHLD, SIG_DFL); /* a caller that ignores it would have children reaped behind our back */
	signal(SIGPIPE, SIG_IGN);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return err_sys(err, "cannot block signals");
	int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? err_sys(err, "cannot watch signals") : fd;
}

/* What was read and is not yet written: no write may block, or signals and the other direction would wait with it. */
enum { CHUNK = 4096 }; /* PIPE_BUF: as much as poll promises for a pipe */
struct flow {
	char data[CHUNK + KEYS_MAX];
	size_t at, len;
};

struct relay {
	pid_t pid;
	int signal_fd, terminal_fd;
	bool stdin_open, stdout_open, exited, given_up, left;
	enum relay_whom whom;
	int ended_by;
	struct watch *watch;
	struct sigpipe sigpipe;
	struct keys *keys;
	int status;
	struct flow in, out;
	struct termios saved;
	bool is_raw;
};

static void follow_window(const struct relay *relay)
{
	struct winsize size;
	if (relay->terminal_fd >= 0 && ioctl(0, TIOCGWINSZ, &size) == 0)
		ioctl(relay->terminal_fd, TIOCSWINSZ, &size);
}

static void make_raw(struct relay *relay)
{
	struct termios raw;
	if (relay->terminal_fd < 0 || tcgetattr(0, &relay->saved) < 0)
		return;
	raw = relay->saved;
	cfmakeraw(&raw);
	relay->is_raw = tcsetattr(0, TCSANOW, &raw) == 0;
}

/* What has no handler is to end by it, as it would outside, and its status says so: Ctrl-C is 130. */
static void forward(struct relay *relay, int number)
{
	if (relay->whom == RELAY_PROGRAM)
		kill(relay->pid, number);
	else if (signal_first(relay->pid, number))
		relay->ended_by = number;
}

/* As the kernel sends what a terminal's keys stand for. */
static bool is_typed(const struct signalfd_siginfo *info)
{
	return info->ssi_code == SI_KERNEL && (info->ssi_signo == SIGINT || info->ssi_signo == SIGQUIT);
}

/*
 * Ctrl-C at our terminal is for all that runs in the foreground there, and would be so for the program's children without us: make ends
 * its compilers by it. They are the group of the program's terminal, or if it has none the program's own.
 */
static void forward_typed(struct relay *relay, int number)
{
	if (relay->whom != RELAY_PROGRAM && signal_is_lost(relay->pid, number))
		forward(relay, number);
	else if (relay->terminal_fd >= 0)
		ioctl(relay->terminal_fd, TIOCSIG, number);
	else if (relay->whom == RELAY_INIT)
		sigqueue(relay->pid, number, (union sigval){ 0 }); /* which tells it that this is for its child's group */
	else
		kill(getpgid(relay->pid) == relay->pid ? -relay->pid : relay->pid, number);
}

static void take_signals(struct relay *relay)
{
	struct signalfd_siginfo info;
	while (read(relay->signal_fd, &info, sizeof info) == sizeof info) {
		int status;
		if (info.ssi_signo == SIGWINCH)
			follow_window(relay);
		else if (relay->exited) /* the number may be another process' by now */
			relay->given_up = relay->given_up || info.ssi_signo != SIGCHLD;
		else if (is_typed(&info))
			forward_typed(relay, (int)info.ssi_signo);
		else if (info.ssi_signo != SIGCHLD)
			forward(relay, (int)info.ssi_signo);
		else if (sigpipe_ended(&relay->sigpipe, relay->pid, &status)) {
			relay->exited = true;
			relay->status = status;
			if (relay->ended_by && relay->status == 128 + SIGKILL)
				relay->status = 128 + relay->ended_by;
			else
				relay->status = watch_status(relay->watch, relay->status);
		}
	}
}

static bool is_passing(ssize_t n)
{
	return n < 0 && (errno == EINTR || errno == EAGAIN);
}

static bool fill(struct flow *flow, int fd)
{
	ssize_t n = read(fd, flow->data, CHUNK);
	flow->at = 0;
	flow->len = n > 0 ? n : 0;
	return n > 0 || is_passing(n);
}

static bool empty(struct flow *flow, int fd)
{
	ssize_t n = write(fd, flow->data + flow->at, flow->len);
	if (n > 0) {
		flow->at += n;
		flow->len -= n;
	}
	return n > 0 || is_passing(n);
}

static void take_keys(struct relay *relay)
{
	char typed[CHUNK];
	size_t len = relay->in.len;
	memcpy(typed, relay->in.data, len);
	relay->left = keys_filter(relay->keys, typed, len, relay->in.data, &relay->in.len);
	relay->stdin_open = !relay->left;
}

/* The kernel keeps from a first process without a handler what is typed at its own terminal, too. */
static void take_interrupts(struct relay *relay)
{
	static const struct { int key, number; } keys[] = { { VINTR, SIGINT }, { VQUIT, SIGQUIT } };
	struct termios its;
	if (relay->whom == RELAY_PROGRAM || relay->exited || tcgetattr(relay->terminal_fd, &its) < 0 || !(its.c_lflag & ISIG))
		return;
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		cc_t key = its.c_cc[keys[i].key];
		bool typed = key != _POSIX_VDISABLE && memchr(relay->in.data, key, relay->in.len);
		if (typed && tcgetpgrp(relay->terminal_fd) == relay->pid && signal_is_lost(relay->pid, keys[i].number))
			forward(relay, keys[i].number);
	}
}

/* Our input's end is the terminal's end-of-file character for the program. A raw terminal has no other end than to hang up. */
static void take_input(struct relay *relay)
{
	if (fill(&relay->in, 0)) {
		if (relay->keys && relay->is_raw)
			take_keys(relay);
		take_interrupts(relay);
		return;
	}
	relay->stdin_open = false;
	if (!relay->is_raw)
		relay->in = (struct flow){ .data = { 4 }, .len = 1 };
	else if (!relay->exited)
		forward(relay, SIGHUP);
}

static void give_input(struct relay *relay)
{
	if (empty(&relay->in, relay->terminal_fd))
		return;
	relay->stdin_open = false;
	relay->in.len = 0;
}

static void give_output(struct relay *relay)
{
	if (relay->stdout_open && empty(&relay->out, 1))
		return;
	relay->out.len = 0;
	if (relay->stdout_open && !relay->exited)
		forward(relay, SIGHUP); /* nobody reads any more: as a terminal that was closed */
	relay->stdout_open = false;
}

static void take_output(struct relay *relay)
{
	if (!fill(&relay->out, relay->terminal_fd))
		relay->terminal_fd = -1;
	else if (!relay->stdout_open)
		relay->out.len = 0;
}

static void step(struct relay *relay)
{
	short terminal = (relay->out.len ? 0 : POLLIN) | (relay->in.len ? POLLOUT : 0);
	struct pollfd polls[] = {
		{ .fd = relay->signal_fd, .events = POLLIN },
		{ .fd = terminal ? relay->terminal_fd : -1, .events = terminal },
		{ .fd = relay->stdin_open && !relay->in.len ? 0 : -1, .events = POLLIN },
		{ .fd = relay->out.len ? 1 : -1, .events = POLLOUT },
		relay->exited ? (struct pollfd){ .fd = -1 } : watch_poll(relay->watch),
		{ .fd = -1 }, { .fd = -1 }, /* sigpipe's */
	};
	if (!relay->exited)
		sigpipe_polls(&relay->sigpipe, &polls[5]);
	int ready = poll(polls, sizeof polls / sizeof *polls, relay->exited ? -1 : watch_timeout(relay->watch));
	if (!relay->exited)
		watch_check(relay->watch, relay->pid);
	if (ready > 0 && !relay->exited)
		sigpipe_check(&relay->sigpipe, &polls[5], relay->pid);
	if (ready <= 0)
		return;
	if (polls[3].revents)
		give_output(relay);
	if ((terminal & POLLIN) && (polls[1].revents & ~POLLOUT))
		take_output(relay);
	if (relay->in.len && polls[1].revents && relay->terminal_fd >= 0)
		give_input(relay);
	if (polls[2].revents)
		take_input(relay);
	if (polls[0].revents)
		take_signals(relay);
}

/* What the program wrote last is still in the pty. */
static bool has_output(const struct relay *relay)
{
	struct pollfd ready = { .fd = relay->terminal_fd, .events = POLLIN };
	return relay->out.len || (relay->terminal_fd >= 0 && poll(&ready, 1, 0) > 0);
}

/* Left, and both ways are clear. */
static bool is_left(const struct relay *relay)
{
	return relay->left && !relay->in.len && !relay->out.len;
}

int relay_until_exit(pid_t pid, enum relay_whom whom, struct watch *watch, int signal_fd, int terminal_fd, bool interactive, struct keys *keys)
{
	struct relay relay = { .pid = pid, .whom = whom, .watch = watch, .signal_fd = signal_fd, .terminal_fd = terminal_fd, .stdout_open = true,
		.keys = keys };
	relay.sigpipe.watch[0] = relay.sigpipe.watch[1] = whom == RELAY_FIRST && terminal_fd < 0 && !(watch && watch->stuck.watch);
	relay.stdin_open = interactive && terminal_fd >= 0;
	if (terminal_fd >= 0) /* the description is ours alone */
		fcntl(terminal_fd, F_SETFL, O_RDWR | O_NONBLOCK);
	if (relay.stdin_open)
		make_raw(&relay);
	follow_window(&relay);
	kill(getpid(), SIGCHLD); /* it may have ended before we looked */
	while (!is_left(&relay) && (!relay.exited || (has_output(&relay) && !relay.given_up)))
		step(&relay);
	if (relay.is_raw)
		tcsetattr(0, TCSANOW, &relay.saved);
	return relay.left && !relay.exited ? RELAY_LEFT : relay.status;
}

int relay_leave_caller(struct err *err)
{
	cleanup_fd int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	prctl(PR_SET_PDEATHSIG, 0);
	if (setsid() < 0 || chdir("/") < 0 || null_fd < 0)
		return err_sys(err, "cannot leave the terminal");
	for (int fd = 0; fd < 3; fd++)
		if (dup2(null_fd, fd) < 0)
			return err_sys(err, "cannot leave the terminal");
	return 0;
}
