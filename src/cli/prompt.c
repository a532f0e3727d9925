/* SPDX-License-Identifier: GPL-2.0-or-later */
/* prompt.c owns asking a person something at the terminal. */
#include "src/cli/prompt.h"

#include "src/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP };
enum { SIGNALS = sizeof signals / sizeof *signals, LINE_ROOM = 4096 };

/* A line that comes together with the signal would be read instead of EINTR. */
static volatile sig_atomic_t interrupted;

static void interrupt(int number)
{
	interrupted = number;
}

static void catch(struct sigaction *old)
{
	struct sigaction action = { .sa_handler = interrupt }; /* without SA_RESTART */
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < SIGNALS; i++)
		sigaction(signals[i], &action, &old[i]);
}

/* In canonical mode a read is a line, without its end if that is Ctrl-D. */
static int read_line(int fd, char **ret_line, struct err *err)
{
	char line[LINE_ROOM];
	ssize_t n = read(fd, line, sizeof line);
	if (n < 0 || interrupted)
		return err_set(err, interrupted ? -EINTR : -errno, "nothing was entered");
	size_t len = n;
	bool whole = len && line[len - 1] == '\n';
	if (!whole)
		return err_set(err, -ENODATA, "nothing was entered");
	*ret_line = str_ndup(line, len - 1);
	explicit_bzero(line, sizeof line);
	return 0;
}

static int ask(int fd, const char *question, bool echo, char **ret_line, struct err *err)
{
	struct termios before, quiet;
	struct sigaction old[SIGNALS];
	if (tcgetattr(fd, &before) < 0)
		return err_sys(err, "cannot set the terminal up");
	quiet = before;
	interrupted = 0;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	catch(old);
	bool hidden = echo || tcsetattr(fd, TCSAFLUSH, &quiet) == 0;
	int r = hidden ? fd_write_all(fd, question, strlen(question)) : -errno;
	r = r < 0 ? err_code(err, r, "cannot ask at the terminal") : read_line(fd, ret_line, err);
	if (!echo) {
		tcsetattr(fd, TCSADRAIN, &before);
		fd_write_all(fd, "\n", 1); /* the line's own end was not shown */
	}
	for (size_t i = 0; i < SIGNALS; i++)
		sigaction(signals[i], &old[i], NULL);
	return r;
}

int prompt_line(const char *question, bool echo, char **ret_line, struct err *err)
{
	cleanup_fd int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return err_set(err, -ENOTTY, "there is no terminal to ask at: use --username USER --password-stdin");
	return ask(fd, question, echo, ret_line, err);
}
