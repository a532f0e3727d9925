/* SPDX-License-Identifier: GPL-2.0-or-later */
/* matrix.c owns the processes of a matrix and the loop that listens to them. */
/*
 * Theory of operation. Each row is a child of ours that runs a container as `xrun run` does, with two pipes for its output
 * and a third, the report, on which it says in the end how it went. The children are process groups of their own, so
 * that Ctrl-C reaches us alone and once. One loop reads what comes and writes it on; while our own output does not take
 * it, nothing is read, so that a child waits rather than our memory fills.
 */
#include "src/cli/matrix.h"

#include "src/base/calls.h"
#include "src/base/fd.h"
#include "src/base/now.h"
#include "src/cli/matrix_output.h"
#include "src/runtime/relay.h"
#include "src/runtime/shortage.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { REPORT_FD = 3, CHUNK = 65536, PATIENCE_MS = 2000, MAX_ROWS = 64 };

struct report {
	int64_t started_ms;
	struct err err;
};

struct child {
	pid_t pid;              /* 0: none yet, or no more */
	int fds[3];             /* reading ends: report, output, error output */
	bool printed;
	struct matrix_text text;
};

struct execution {
	struct matrix *matrix;
	const struct matrix_options *options;
	struct matrix_printer printer;
	struct child *children; /* one for each row */
	sigset_t old_mask;
	int signal_fd;
	bool closed[3];         /* nobody reads our standard output, or error */
	int ended_by;           /* the first signal that ends us */
	int kills;              /* how far we have gone: 1 told them, 2 killed the containers, 3 killed them all */
	int64_t next_kill_ms;
};

/* proc(5), Linux 3.5. */
static void list_children(pid_t pid, struct strv *ret_numbers)
{
	struct err ignored;
	cleanup_buf struct buf list = { 0 };
	cleanup_free char *path = str_fmt("/proc/%d/task/%d/children", pid, pid);
	if (fd_read_file(AT_FDCWD, path, CHUNK, &list, &ignored) < 0)
		return;
	for (char *at = list.data, *word; (word = strsep(&at, " \n"));)
		if (*word)
			strv_add(ret_numbers, word);
}

/*
 * The processes below a supervisor of ours: the container's first, or what pulls its image. Each is listed still when we have a hold of it:
 * a number alone may be somebody else's by then.
 */
static void kill_below(pid_t pid)
{
	cleanup_strv struct strv numbers = { 0 };
	list_children(pid, &numbers);
	for (size_t i = 0; i < numbers.len; i++) {
		cleanup_strv struct strv still = { 0 };
		cleanup_fd int pid_fd = (int)syscall(SYS_pidfd_open, atoi(numbers.items[i]), 0);
		list_children(pid, &still);
		if (pid_fd >= 0 && strv_has(&still, numbers.items[i]))
			syscall(SYS_pidfd_send_signal, pid_fd, SIGKILL, NULL, 0);
	}
}

/* The next step of ending everything. */
static void press_on(struct execution *e, int signal_number)
{
	e->kills++;
	e->next_kill_ms = now_ms() + PATIENCE_MS;
	for (size_t i = 0; i < e->matrix->count; i++) {
		pid_t pid = e->children[i].pid;
		if (pid > 0 && e->kills == 1)
			kill(pid, signal_number);
		else if (pid > 0 && e->kills == 2)
			kill_below(pid);
		else if (pid > 0)
			kill(pid, SIGKILL);
	}
}

static void pass_on(const struct execution *e, int signal_number)
{
	for (size_t i = 0; i < e->matrix->count; i++)
		if (e->children[i].pid > 0)
			kill(e->children[i].pid, signal_number);
}

static void take_signals(struct execution *e)
{
	static const int ending[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	struct signalfd_siginfo info;
	while (read(e->signal_fd, &info, sizeof info) == sizeof info) {
		bool ends = false;
		for (size_t i = 0; i < sizeof ending / sizeof *ending; i++)
			ends = ends || (int)info.ssi_signo == ending[i];
		if (ends) {
			e->ended_by = e->ended_by ? e->ended_by : (int)info.ssi_signo;
			press_on(e, (int)info.ssi_signo);
		} else if (info.ssi_signo != SIGCHLD) {
			pass_on(e, (int)info.ssi_signo);
		}
	}
}

/* How long a poll may take, and what is due by now. */
static int patience(struct execution *e)
{
	if (!e->ended_by)
		return -1;
	int64_t left = e->next_kill_ms - now_ms();
	if (left <= 0) {
		press_on(e, SIGKILL);
		left = PATIENCE_MS;
	}
	return (int)left;
}

/* Never blocks with signals unseen: poll promises room for PIPE_BUF bytes. */
static int put(void *context, int to, const char *data, size_t len, struct err *err)
{
	struct execution *e = context;
	while (len && !e->closed[to]) {
		struct pollfd polls[] = { { .fd = to, .events = POLLOUT }, { .fd = e->signal_fd, .events = POLLIN } };
		int ready = poll(polls, 2, patience(e));
		if (ready > 0 && polls[1].revents)
			take_signals(e);
		if (e->kills > 2)
			e->closed[to] = true; /* whoever should read it does not */
		if (ready <= 0 || !polls[0].revents)
			continue;
		ssize_t n = write(to, data, len < PIPE_BUF ? len : PIPE_BUF);
		if (n < 0 && errno != EINTR && errno != EAGAIN) {
			e->closed[to] = true;
			return errno == EPIPE ? 0 : err_sys(err, "cannot write standard %s", to == 1 ? "output" : "error");
		}
		data += n > 0 ? n : 0;
		len -= n > 0 ? n : 0;
	}
	return 0;
}

static int connect_input(int input_fd)
{
	cleanup_free char *path = input_fd < 0 ? str_dup("/dev/null") : str_fmt("/proc/self/fd/%d", input_fd);
	cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -1 : dup2(fd, 0);
}

static void run_child(struct execution *e, const struct matrix_row *row, const int *ends)
{
	const struct matrix_options *options = e->options;
	struct report report = { 0 };
	int status = 0;
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (connect_input(options->input_fd) < 0 || dup2(ends[1], 1) < 0 || dup2(ends[2], 2) < 0)
		status = err_sys(&report.err, "cannot connect the output of %s", row->arch->name);
	int report_fd = fcntl(ends[0], F_DUPFD, 10); /* away from what dup2 is about to replace */
	dup2(report_fd, REPORT_FD);
	fcntl(REPORT_FD, F_SETFD, FD_CLOEXEC);
	calls_close_range(REPORT_FD + 1, ~0u, 0);
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, &e->old_mask, NULL);
	if (status == 0)
		status = options->call(options->context, row->arch, &report.started_ms, &report.err);
	fflush(stdout);
	if (status < 0)
		status = report.err.status ? report.err.status : STATUS_FAILED;
	fd_write_all(REPORT_FD, &report, sizeof report);
	_exit(status);
}

static int start_row(struct execution *e, size_t at, struct err *err)
{
	struct child *child = &e->children[at];
	struct matrix_row *row = &e->matrix->rows[at];
	int ends[3] = { -1, -1, -1 };
	int r = matrix_text_init(&child->text, &e->printer, row->arch->name, at, err);
	for (int i = 0; r == 0 && i < 3; i++) {
		int both[2];
		r = pipe2(both, O_CLOEXEC) < 0 ? err_sys(err, "cannot make a pipe") : 0;
		if (r == 0 && fcntl(both[0], F_SETFL, O_RDONLY | O_NONBLOCK) < 0)
			r = err_sys(err, "cannot make a pipe");
		if (r == 0) {
			child->fds[i] = both[0];
			ends[i] = both[1];
		}
	}
	if (r == 0) {
		child->pid = fork();
		if (child->pid == 0)
			run_child(e, row, ends);
		r = child->pid < 0 ? shortage_of_processes(err) : 0;
	}
	for (int i = 0; i < 3; i++)
		fd_close(&ends[i]);
	row->state = r == 0 ? MATRIX_RUNNING : row->state;
	return r;
}

static int start_rows(struct execution *e, struct err *err)
{
	size_t running = 0;
	int r = 0;
	for (size_t i = 0; i < e->matrix->count; i++)
		running += e->matrix->rows[i].state == MATRIX_RUNNING;
	for (size_t i = 0; r == 0 && i < e->matrix->count && running < e->options->jobs && !e->ended_by; i++) {
		if (e->matrix->rows[i].state != MATRIX_WAITING)
			continue;
		r = start_row(e, i, err);
		running++;
	}
	return r;
}

/* 1: there may be more; 0: not now, or never. */
static int take_output(struct execution *e, size_t at, int which, struct err *err)
{
	static char data[CHUNK];
	struct child *child = &e->children[at];
	struct matrix_row *row = &e->matrix->rows[at];
	ssize_t n = child->fds[which] < 0 ? 0 : read(child->fds[which], data, sizeof data);
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		fd_close(&child->fds[which]);
	if (n <= 0)
		return 0;
	matrix_output_add(which == 1 ? &row->out : &row->error_out, data, n);
	int r = matrix_text_add(&child->text, &e->printer, which, data, n, err);
	if (e->closed[which] && !e->printer.grouped)
		fd_close(&child->fds[which]); /* as if nobody read the program's own pipe, which is so */
	return r < 0 ? r : 1;
}

static void take_report(struct child *child, struct matrix_row *row, int status)
{
	struct report report;
	bool reported = read(child->fds[0], &report, sizeof report) == sizeof report;
	row->state = MATRIX_ENDED;
	row->ended_ms = now_ms();
	row->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	if (reported) {
		row->err = report.err;
		row->started_ms = report.started_ms;
	} else {
		err_set(&row->err, -EINTR, "ended before its container did");
	}
}

/* The child is dead: what it left in the pipes, and what xrun itself has to say. */
static int finish_row(struct execution *e, size_t at, int status, struct err *err)
{
	struct child *child = &e->children[at];
	struct matrix_row *row = &e->matrix->rows[at];
	int r = 0;
	child->pid = 0;
	for (int which = 1; r >= 0 && which <= 2; which++)
		while ((r = take_output(e, at, which, err)) > 0)
			;
	take_report(child, row, status);
	if (r >= 0 && row->err.text[0]) {
		cleanup_free char *said = str_fmt("xrun: %s\n", row->err.text);
		r = matrix_text_add(&child->text, &e->printer, 2, said, strlen(said), err);
	}
	if (r >= 0 && !e->printer.grouped)
		r = matrix_text_end(&child->text, &e->printer, err);
	for (int i = 0; i < 3; i++)
		fd_close(&child->fds[i]);
	return r < 0 ? r : 0;
}

static int reap(struct execution *e, struct err *err)
{
	int r = 0;
	for (size_t i = 0; r == 0 && i < e->matrix->count; i++) {
		int status;
		if (e->children[i].pid > 0 && waitpid(e->children[i].pid, &status, WNOHANG) == e->children[i].pid)
			r = finish_row(e, i, status, err);
	}
	return r;
}

/* Groups come in the order of the rows: one waits for those before it. */
static int print_groups(struct execution *e, struct err *err)
{
	int r = 0;
	for (size_t i = 0; r == 0 && i < e->matrix->count && e->printer.grouped; i++) {
		struct child *child = &e->children[i];
		enum matrix_state state = e->matrix->rows[i].state;
		if (state == MATRIX_RUNNING || (state == MATRIX_WAITING && !e->ended_by))
			return 0;
		if (state != MATRIX_ENDED || child->printed)
			continue;
		child->printed = true;
		r = matrix_text_end(&child->text, &e->printer, err);
		matrix_text_done(&child->text);
	}
	return r;
}

static int step(struct execution *e, struct err *err)
{
	struct pollfd polls[1 + 2 * MAX_ROWS] = { { .fd = e->signal_fd, .events = POLLIN } };
	int r = 0;
	for (size_t i = 0; i < e->matrix->count; i++)
		for (int which = 1; which <= 2; which++)
			polls[2 * i + which] = (struct pollfd){ .fd = e->children[i].fds[which], .events = POLLIN };
	if (poll(polls, 1 + 2 * e->matrix->count, patience(e)) < 0)
		return errno == EINTR ? 0 : err_sys(err, "cannot wait for the containers");
	for (size_t i = 0; r >= 0 && i < 2 * e->matrix->count; i++)
		if (polls[1 + i].revents)
			r = take_output(e, i / 2, 1 + (int)(i % 2), err);
	if (polls[0].revents)
		take_signals(e);
	return r < 0 ? r : reap(e, err);
}

static bool has_work(const struct execution *e)
{
	for (size_t i = 0; i < e->matrix->count; i++) {
		enum matrix_state state = e->matrix->rows[i].state;
		if (state == MATRIX_RUNNING || (state == MATRIX_WAITING && !e->ended_by))
			return true;
	}
	return false;
}

/* Our own output failed: nobody could see what the rest does. */
static void abandon(struct execution *e)
{
	for (size_t i = 0; i < e->matrix->count; i++) {
		if (e->children[i].pid <= 0)
			continue;
		kill_below(e->children[i].pid);
		kill(e->children[i].pid, SIGTERM);
		waitpid(e->children[i].pid, NULL, 0);
	}
}

int matrix_execute(struct matrix *matrix, const struct matrix_options *options, struct err *err)
{
	struct execution e = { .matrix = matrix, .options = options, .printer = { .grouped = options->grouped, .put = put } };
	if (matrix->count > MAX_ROWS)
		return err_set(err, -E2BIG, "more than %d architectures", MAX_ROWS);
	sigprocmask(SIG_BLOCK, NULL, &e.old_mask);
	cleanup_fd int signal_fd = e.signal_fd = relay_block_signals(err);
	if (signal_fd < 0)
		return signal_fd;
	e.printer.context = &e;
	matrix_printer_init(&e.printer);
	e.children = mem_new((matrix->count + 1) * sizeof *e.children);
	for (size_t i = 0; i < matrix->count; i++) {
		size_t width = strlen(matrix->rows[i].arch->name);
		e.printer.width = width > e.printer.width ? width : e.printer.width;
		memset(e.children[i].fds, -1, sizeof e.children[i].fds);
		e.children[i].text.spool_fd = -1;
	}
	int r = 0;
	while (r == 0 && has_work(&e)) {
		r = start_rows(&e, err);
		if (r == 0)
			r = step(&e, err);
		if (r == 0)
			r = print_groups(&e, err);
	}
	if (r < 0)
		abandon(&e);
	for (size_t i = 0; i < matrix->count; i++) {
		for (int fd = 0; fd < 3; fd++)
			fd_close(&e.children[i].fds[fd]);
		matrix_text_done(&e.children[i].text);
	}
	free(e.children);
	return r < 0 ? r : e.ended_by;
}
