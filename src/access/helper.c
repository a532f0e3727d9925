/* SPDX-License-Identifier: GPL-2.0-or-later */
/* helper.c owns talking to credential helpers. */
#include "src/access/helper.h"

#include "src/base/fd.h"
#include "src/base/now.h"
#include "src/base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { TIMEOUT_MS = 60000, ANSWER_LIMIT = 64 << 10 };

/* A file in memory, not a pipe: a helper that does not read it makes nobody wait. */
static int make_question(const char *text, struct err *err)
{
	cleanup_fd int fd = memfd_create("question", MFD_CLOEXEC);
	if (fd < 0 || fd_write_all(fd, text, strlen(text)) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return err_sys(err, "cannot make a file in memory");
	return fd_take(&fd);
}

static int start(const char *program, const char *command, int question_fd, pid_t *ret_pid, struct err *err)
{
	int ends[2];
	char *argv[] = { (char *)program, (char *)command, NULL };
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(err, "cannot make a pipe for %s", program);
	cleanup_fd int read_fd = ends[0], write_fd = ends[1];
	posix_spawn_file_actions_t actions;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, question_fd, 0);
	posix_spawn_file_actions_adddup2(&actions, write_fd, 1);
	int failed = posix_spawnp(ret_pid, program, &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	return failed ? err_code(err, -failed, "cannot start the credential helper %s", program) : fd_take(&read_fd);
}

/* All that it says until it closes its output. */
static int listen_to(const char *program, int fd, struct buf *answer, struct err *err)
{
	int64_t end = now_ms() + TIMEOUT_MS;
	char piece[4096];
	for (;;) {
		struct pollfd poller = { .fd = fd, .events = POLLIN };
		int64_t left = end - now_ms();
		int r = left > 0 ? poll(&poller, 1, (int)left) : 0;
		if (r == 0)
			return err_set(err, -ETIMEDOUT, "the credential helper %s said nothing for a minute", program);
		ssize_t n = r < 0 ? r : read(fd, piece, sizeof piece);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? err_sys(err, "cannot listen to the credential helper %s", program) : 0;
		buf_add(answer, piece, n);
		if (answer->len > ANSWER_LIMIT)
			return err_set(err, -EFBIG, "the credential helper %s said more than 64 KiB", program);
	}
}

/* Its exit status, and what it said. */
static int ask(const char *program, const char *command, const char *question, struct buf *answer, struct err *err)
{
	pid_t pid = -1;
	cleanup_fd int question_fd = make_question(question, err);
	cleanup_fd int output_fd = question_fd < 0 ? question_fd : start(program, command, question_fd, &pid, err);
	if (output_fd < 0)
		return output_fd;
	int r = listen_to(program, output_fd, answer, err);
	if (r < 0)
		kill(pid, SIGKILL);
	int status = process_wait(pid);
	if (r == 0 && status < 0)
		r = err_code(err, status, "cannot wait for the credential helper %s", program);
	return r < 0 ? r : status;
}

/* How helpers say that there is nothing: "credentials not found in native keychain" (docker-credential-helpers, credentials/error.go). */
static bool says_unknown(const struct buf *answer)
{
	return answer->len && strstr(answer->data, "credentials not found");
}

static int failed(const char *program, int status, const struct buf *answer, struct err *err)
{
	return err_set(err, -EIO, "the credential helper %s failed (status %d): %.200s", program, status,
		answer->len ? answer->data : "it said nothing");
}

/* The caller's; NULL, with err set, if the name is a path. */
static char *name_program(const char *name, struct err *err)
{
	if (!strchr(name, '/') && *name)
		return str_fmt("docker-credential-%s", name);
	err_set(err, -EINVAL, "\"%s\" cannot be a credential helper's name", name);
	return NULL;
}

int helper_get(const char *name, const char *server, struct login *ret_login, struct err *err)
{
	cleanup_free char *program = name_program(name, err);
	cleanup_buf struct buf answer = { 0 };
	int r = !program ? err->code : ask(program, "get", server, &answer, err);
	if (r > 0)
		return says_unknown(&answer) ? 0 : failed(program, r, &answer, err);
	if (r < 0)
		return r;
	r = authfile_read_helper(answer.len ? answer.data : "", answer.len, ret_login, err);
	if (answer.len)
		explicit_bzero(answer.data, answer.len);
	return r < 0 ? err_prefix(err, "the answer of the credential helper %s", program) : 1;
}

int helper_store(const char *name, const char *server, const struct login *login, struct err *err)
{
	cleanup_free char *program = name_program(name, err), *question = authfile_write_helper(server, login);
	cleanup_buf struct buf answer = { 0 };
	if (!question)
		return err_set(err, -EINVAL, "the user's name or the password is not UTF-8");
	int r = !program ? err->code : ask(program, "store", question, &answer, err);
	explicit_bzero(question, strlen(question));
	return r > 0 ? failed(program, r, &answer, err) : r;
}

int helper_erase(const char *name, const char *server, struct err *err)
{
	cleanup_free char *program = name_program(name, err);
	cleanup_buf struct buf answer = { 0 };
	int r = !program ? err->code : ask(program, "erase", server, &answer, err);
	return r > 0 && !says_unknown(&answer) ? failed(program, r, &answer, err) : r < 0 ? r : 0;
}

int helper_list(const char *name, struct strv *servers, struct err *err)
{
	cleanup_free char *program = name_program(name, err);
	cleanup_buf struct buf answer = { 0 };
	int r = !program ? err->code : ask(program, "list", "", &answer, err);
	if (r > 0)
		return failed(program, r, &answer, err);
	if (r == 0)
		r = authfile_read_list(answer.len ? answer.data : "", answer.len, servers, err);
	return r < 0 ? err_prefix(err, "the credential helper %s", program ? program : name) : 0;
}
