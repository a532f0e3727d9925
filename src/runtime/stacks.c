/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stacks.c owns saying what a container's processes are waiting in. */
#include "src/runtime/stacks.h"

#include "src/base/fd.h"
#include "src/base/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { FILE_LIMIT = 65536, ASK_MS = 20000, TEXT_LIMIT = 256 << 10, DEEPEST = 64 };

/* The calls that programs wait in. Others are told by number. */
static const struct {
	long number;
	const char *name;
} calls[] = {
	{ SYS_read, "read" }, { SYS_write, "write" }, { SYS_wait4, "wait4" }, { SYS_waitid, "waitid" }, { SYS_futex, "futex" },
	{ SYS_ppoll, "ppoll" }, { SYS_pselect6, "pselect6" }, { SYS_epoll_pwait, "epoll_pwait" }, { SYS_nanosleep, "nanosleep" },
	{ SYS_clock_nanosleep, "clock_nanosleep" }, { SYS_accept4, "accept4" }, { SYS_accept, "accept" }, { SYS_connect, "connect" },
	{ SYS_recvfrom, "recvfrom" }, { SYS_recvmsg, "recvmsg" }, { SYS_sendto, "sendto" }, { SYS_rt_sigsuspend, "rt_sigsuspend" },
	{ SYS_rt_sigtimedwait, "rt_sigtimedwait" }, { SYS_fcntl, "fcntl" }, { SYS_flock, "flock" }, { SYS_fsync, "fsync" },
#ifdef SYS_poll
	{ SYS_poll, "poll" }, { SYS_select, "select" }, { SYS_epoll_wait, "epoll_wait" }, { SYS_pause, "pause" },
#endif
};

static void read_text(pid_t pid, const char *name, struct buf *ret_text)
{
	struct err ignored;
	cleanup_free char *path = str_fmt("/proc/%d/%s", pid, name);
	fd_read_file(AT_FDCWD, path, FILE_LIMIT, ret_text, &ignored);
	buf_str(ret_text, "");
}

/* Control characters of a command line must not reach a terminal. */
static void add_printable(struct buf *b, const char *text, size_t len)
{
	for (size_t i = 0; i < len && i < 500; i++) {
		char c = text[i] == 0 ? ' ' : (unsigned char)text[i] < 0x20 || text[i] == 0x7f ? '?' : text[i];
		buf_add(b, &c, 1);
	}
}

/* A field of proc_pid_status(5), up to the line's end. */
static void add_field(struct buf *b, const char *status, const char *name)
{
	const char *at = strstr(status, name);
	if (at)
		add_printable(b, at + strlen(name), strcspn(at + strlen(name), "\n"));
	else
		buf_str(b, "?");
}

/* The last number of the list is that of the innermost namespace. */
static void add_inner_pid(struct buf *b, const char *status)
{
	const char *line = strstr(status, "\nNSpid:\t");
	size_t len = line ? strcspn(line + 1, "\n") : 0;
	const char *number = line ? memrchr(line + 1, '\t', len) : NULL;
	buf_fmt(b, "%.*s", number ? (int)(line + 1 + len - number - 1) : 1, number ? number + 1 : "?");
}

static void add_call(struct buf *b, const char *text)
{
	char *end;
	long number = strtol(text, &end, 10);
	if (end == text || number < 0) {
		buf_str(b, str_starts(text, "running") ? "running on a processor" : "not in a system call, or not ours to see");
		return;
	}
	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
		if (calls[i].number == number) {
			buf_fmt(b, "in %s(%.*s)", calls[i].name, (int)strcspn(end + strspn(end, " "), "\n"), end + strspn(end, " "));
			return;
		}
	}
	buf_fmt(b, "in system call %ld", number);
}

static void add_thread(pid_t pid, const char *thread, struct buf *b)
{
	cleanup_buf struct buf status = { 0 }, call = { 0 }, stack = { 0 };
	cleanup_free char *status_name = str_fmt("task/%s/status", thread), *call_name = str_fmt("task/%s/syscall", thread),
			  *stack_name = str_fmt("task/%s/stack", thread);
	read_text(pid, status_name, &status);
	read_text(pid, call_name, &call);
	read_text(pid, stack_name, &stack);
	buf_fmt(b, "  thread %s: ", thread);
	add_field(b, status.data, "\nState:\t");
	buf_str(b, ", ");
	add_call(b, call.data);
	buf_str(b, "\n");
	char *rest = stack.data;
	for (char *line; (line = strsep(&rest, "\n"));)
		if (*line)
			buf_fmt(b, "    %s\n", line);
}

static void add_process(pid_t pid, struct buf *b)
{
	cleanup_buf struct buf status = { 0 }, command = { 0 };
	cleanup_free char *tasks = str_fmt("/proc/%d/task", pid);
	cleanup_dir DIR *dir = opendir(tasks);
	read_text(pid, "status", &status);
	read_text(pid, "cmdline", &command);
	buf_str(b, "process ");
	add_inner_pid(b, status.data);
	buf_str(b, ": ");
	add_printable(b, command.data, command.len);
	buf_str(b, "\n");
	for (struct dirent *entry; dir && (entry = readdir(dir));)
		if (entry->d_name[0] != '.')
			add_thread(pid, entry->d_name, b);
}

/* Depth first: a parent before its children (proc_pid_task(5), children). */
static void add_below(pid_t pid, int depth, struct buf *b)
{
	cleanup_buf struct buf children = { 0 };
	cleanup_free char *name = str_fmt("task/%d/children", pid);
	add_process(pid, b);
	if (depth == DEEPEST)
		return;
	read_text(pid, name, &children);
	char *rest = children.data;
	for (char *word; b->len < TEXT_LIMIT && (word = strsep(&rest, " "));)
		if (*word)
			add_below(atoi(word), depth + 1, b);
}

void stacks_describe(pid_t first, struct buf *ret_text)
{
	buf_str(ret_text, "What the container's processes are waiting in, as the host's kernel sees it (an emulated program's calls are the emulator's):\n");
	add_below(first, 0, ret_text);
	if (ret_text->len >= TEXT_LIMIT)
		buf_str(ret_text, "and more\n");
}

/* Until its end, or until it has taken too long. */
static void listen_to(int output_fd, struct buf *said)
{
	char block[4096];
	struct pollfd polled = { .fd = output_fd, .events = POLLIN };
	for (ssize_t n = 1; n > 0 && said->len < TEXT_LIMIT && poll(&polled, 1, ASK_MS) > 0;) {
		n = read(output_fd, block, sizeof block);
		if (n > 0)
			buf_add(said, block, n);
	}
	buf_str(said, "");
}

void stacks_ask(const char *command, struct buf *ret_text)
{
	int output_fd;
	pid_t pid;
	struct err err = { 0 };
	cleanup_buf struct buf said = { 0 };
	cleanup_free char *line = str_fmt("exec %s", command);
	if (process_start((char *[]){ "/bin/sh", "-c", line, NULL }, &pid, &output_fd, &err) < 0)
		return;
	listen_to(output_fd, &said);
	close(output_fd);
	kill(pid, SIGKILL);
	process_wait(pid);
	const char *stacks = strstr(said.data, "\nThread ");
	buf_str(ret_text, stacks ? "The stacks of the container's first program, as gdb sees it:" : "gdb has shown no stacks of the program\n");
	for (const char *at = stacks; at && *at; at++) /* control characters of a program's strings reach no terminal */
		buf_add(ret_text, (unsigned char)*at >= 0x20 || *at == '\n' ? at : "?", 1);
}
