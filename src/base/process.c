/* SPDX-License-Identifier: GPL-2.0-or-later */
/* process.c owns starting a helper program, waiting for it, what a process is, and telling its number in a file. */
#include "src/base/process.h"

#include "src/base/fd.h"
#include "src/base/now.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

int process_start(char *const argv[], pid_t *ret_pid, int *ret_output_fd, struct err *err)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(err, "cannot make a pipe for %s", argv[0]);
	cleanup_fd int read_end = ends[0], write_end = ends[1];
	posix_spawn_file_actions_t actions;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, write_end, 1);
	posix_spawn_file_actions_adddup2(&actions, write_end, 2);
	pid_t pid;
	int failed = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (failed)
		return err_code(err, -failed, "cannot start %s", argv[0]);
	*ret_pid = pid;
	*ret_output_fd = fd_take(&read_end);
	return 0;
}

int process_wait(pid_t pid)
{
	int status;
	pid_t r;
	do
		r = waitpid(pid, &status, 0);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return -errno;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

bool process_ended(pid_t pid, int *ret_status)
{
	int status;
	pid_t r;
	do
		r = waitpid(pid, &status, WNOHANG);
	while (r < 0 && errno == EINTR);
	if (r == pid)
		*ret_status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	return r == pid;
}

int process_ends_within(pid_t pid, uint64_t ms)
{
	cleanup_fd int pid_fd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd ended = { .fd = pid_fd, .events = POLLIN };
	int64_t left = ms > INT64_MAX / 2 ? INT64_MAX / 2 : (int64_t)ms, deadline = now_ms() + left;
	int ready;
	if (pid_fd < 0)
		return -errno;
	do {
		ready = poll(&ended, 1, left > INT_MAX ? INT_MAX : (int)left);
		left = deadline - now_ms();
	} while (left > 0 && (ready == 0 || (ready < 0 && errno == EINTR)));
	return ready < 0 && errno != EINTR ? -errno : ready > 0;
}

int process_finish(pid_t pid, int output_fd, struct buf *output, struct err *err)
{
	cleanup_buf struct buf ignored = { 0 };
	fd_read_all(output_fd, 65536, output ? output : &ignored);
	close(output_fd);
	int r = process_wait(pid);
	return r < 0 ? err_code(err, r, "cannot wait for a helper program") : r;
}

bool process_status(pid_t pid, struct buf *ret_status)
{
	enum { LIMIT = 1 << 20 };
	struct err ignored;
	cleanup_free char *path = str_fmt("/proc/%d/status", pid);
	return fd_read_file(AT_FDCWD, path, LIMIT, ret_status, &ignored) == 0 && ret_status->len;
}

/* proc_pid_status(5), NSpid: the last number is the one in the innermost namespace. */
bool process_is_first(pid_t pid)
{
	cleanup_buf struct buf status = { 0 };
	char *line = process_status(pid, &status) ? strstr(status.data, "\nNSpid:") : NULL;
	if (!line)
		return false;
	line[1 + strcspn(line + 1, "\n")] = 0;
	const char *last = strrchr(line, '\t');
	return last && str_eq(last, "\t1");
}

int process_write_pid(const char *path, pid_t pid)
{
	struct stat st;
	char number[16];
	int len = snprintf(number, sizeof number, "%d", pid);
	bool through = lstat(path, &st) == 0 && !S_ISREG(st.st_mode);
	cleanup_free char *temporary = str_fmt("%s.%d", path, getpid());
	if (!through)
		unlink(temporary);
	cleanup_fd int fd = through ? open(path, O_WRONLY | O_TRUNC | O_CLOEXEC) : open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	int r = fd < 0 ? -errno : fd_write_all(fd, number, len);
	if (r == 0 && !through && rename(temporary, path) < 0)
		r = -errno;
	if (r < 0 && fd >= 0 && !through)
		unlink(temporary);
	return r;
}
