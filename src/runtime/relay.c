/* SPDX-License-Identifier: GPL-2.0-or-later */
/* relay.c owns the time while the program runs. */
#include "src/runtime/relay.h"

#include "src/base/fd.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
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

struct relay {
	pid_t pid;
	int signal_fd, terminal_fd;
	bool stdin_open, stdout_open, exited;
	int status;
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

static void take_signals(struct relay *relay)
{
	struct signalfd_siginfo info;
	while (read(relay->signal_fd, &info, sizeof info) == sizeof info) {
		int status;
		if (info.ssi_signo == SIGWINCH)
			follow_window(relay);
		else if (info.ssi_signo != SIGCHLD)
			kill(relay->pid, info.ssi_signo);
		else if (!relay->exited && waitpid(relay->pid, &status, WNOHANG) == relay->pid) {
			relay->exited = true;
			relay->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
		}
	}
}

/* Our input's end is the terminal's end-of-file character for the program. */
static void copy_in(struct relay *relay)
{
	char data[8192];
	ssize_t n = read(0, data, sizeof data);
	if (n <= 0) {
		relay->stdin_open = false;
		n = 1;
		data[0] = 4;
	}
	fd_write_all(relay->terminal_fd, data, n);
}

static bool copy_out(struct relay *relay)
{
	char data[8192];
	ssize_t n = read(relay->terminal_fd, data, sizeof data);
	if (n <= 0)
		return n < 0 && errno == EINTR;
	if (relay->stdout_open && fd_write_all(1, data, n) < 0) {
		relay->stdout_open = false; /* nobody reads any more: as a terminal that was closed */
		kill(relay->pid, SIGHUP);
	}
	return true;
}

static void step(struct relay *relay)
{
	struct pollfd polls[] = {
		{ .fd = relay->signal_fd, .events = POLLIN },
		{ .fd = relay->terminal_fd, .events = POLLIN },
		{ .fd = relay->stdin_open ? 0 : -1, .events = POLLIN },
	};
	if (poll(polls, 3, -1) < 0)
		return;
	if (polls[1].revents && !copy_out(relay))
		relay->terminal_fd = -1;
	if (polls[2].revents && relay->terminal_fd >= 0)
		copy_in(relay);
	if (polls[0].revents)
		take_signals(relay);
}

/* What the program wrote last is still in the pty. */
static void drain(struct relay *relay)
{
	struct pollfd ready = { .fd = relay->terminal_fd, .events = POLLIN };
	while (relay->terminal_fd >= 0 && poll(&ready, 1, 0) > 0)
		if (!copy_out(relay))
			break;
}

int relay_until_exit(pid_t pid, int signal_fd, int terminal_fd, bool interactive, struct err *err)
{
	(void)err;
	struct relay relay = { .pid = pid, .signal_fd = signal_fd, .terminal_fd = terminal_fd, .stdout_open = true };
	relay.stdin_open = interactive && terminal_fd >= 0;
	if (relay.stdin_open)
		make_raw(&relay);
	follow_window(&relay);
	kill(getpid(), SIGCHLD); /* it may have ended before we looked */
	while (!relay.exited)
		step(&relay);
	drain(&relay);
	if (relay.is_raw)
		tcsetattr(0, TCSANOW, &relay.saved);
	return relay.status;
}
