/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fetch.c owns starting xrun-fetch, the program that pulls images (docs/design.md, "Two programs"). */
#include "src/cli/cli.h"

#include "registry/reference.h"
#include "src/access/access.h"
#include "src/base/fd.h"
#include "src/base/self.h"
#include "src/base/split.h"
#include "src/runtime/userns.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

struct start {
	char **argv;
	int program_fd, store_dir_fd, error_fd, endpoints_fd, source_fd;
};

/* Beside xrun in the build tree, in ../libexec/xrun when installed. Opened before the user namespace is entered. */
static int open_program(struct err *err)
{
	cleanup_free char *self = self_path();
	if (!self || !strchr(self, '/'))
		return err_sys(err, "cannot find out where xrun is");
	*strrchr(self, '/') = 0;
	static const char *const places[] = { "xrun-fetch", "../libexec/xrun/xrun-fetch" };
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		cleanup_free char *path = str_fmt("%s/%s", self, places[i]);
		int fd = open(path, O_PATH | O_CLOEXEC);
		if (fd >= 0)
			return fd;
	}
	return err_set(err, -ENOENT, "xrun-fetch is neither in %s nor in ../libexec/xrun: is the installation whole?", self);
}

static int execute(void *context, struct err *err)
{
	const struct start *start = context;
	/* Away from 0 and 3 to 5 first, so that no move overwrites what is still to be moved. */
	const int wanted[] = { 0, 3, 4, 5 };
	int fds[] = { start->endpoints_fd, start->store_dir_fd, start->error_fd, start->source_fd };
	int program_fd = fcntl(start->program_fd, F_DUPFD_CLOEXEC, 10);
	bool moved = program_fd >= 0;
	for (size_t i = 0; i < 4; i++)
		moved = moved && (fds[i] < 0 || (fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, 10)) >= 0);
	for (size_t i = 0; i < 4; i++)
		moved = moved && (fds[i] < 0 || dup2(fds[i], wanted[i]) >= 0);
	if (!moved)
		return err_sys(err, "cannot pass descriptors to xrun-fetch");
	syscall(SYS_execveat, program_fd, "", start->argv, environ, AT_EMPTY_PATH);
	return err_sys(err, "cannot execute xrun-fetch");
}

/*
 * Passwords are among them: not in argv, which other users can read, nor in a pipe, which would have to be written while
 * it is read.
 */
static int pass_endpoints(const struct endpoints *endpoints, struct err *err)
{
	cleanup_buf struct buf text = { 0 };
	endpoints_write(endpoints, &text);
	cleanup_fd int fd = memfd_create("endpoints", MFD_CLOEXEC);
	int r = fd < 0 ? -errno : fd_write_all(fd, text.data, text.len);
	if (text.data)
		explicit_bzero(text.data, text.len);
	if (r < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return err_code(err, r < 0 ? r : -errno, "cannot pass on where to get the image");
	return fd_take(&fd);
}

static int take_error(int fd, int status, struct err *err)
{
	struct err reported;
	cleanup_buf struct buf data = { 0 };
	if (fd_read_all(fd, sizeof reported, &data) == 0 && data.len == sizeof reported) {
		memcpy(&reported, data.data, sizeof reported);
		return err_take(err, &reported, "xrun-fetch failed, and said no reason");
	}
	return err_set(err, -EIO, "xrun-fetch ended with status %d and said no reason", status);
}

static int start(struct start *start, const struct endpoints *endpoints, const struct idmap *map, struct err *err)
{
	int ends[2];
	cleanup_fd int program_fd = start->program_fd = open_program(err);
	cleanup_fd int endpoints_fd = start->endpoints_fd = program_fd < 0 ? program_fd : pass_endpoints(endpoints, err);
	cleanup_fd int images_fd = endpoints_fd < 0 || start->store_dir_fd < 0 ? -1 : split_open_images(start->store_dir_fd, err);
	if (endpoints_fd < 0 || (start->store_dir_fd >= 0 && images_fd < 0))
		return err->code;
	start->store_dir_fd = images_fd;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(err, "cannot make a pipe");
	cleanup_fd int read_fd = ends[0];
	start->error_fd = ends[1];
	int status = userns_call(map, images_fd < 0 ? NULL : (int *[]){ &start->store_dir_fd, NULL }, execute, start, err);
	close(ends[1]);
	return status > 0 ? take_error(read_fd, status, err) : status;
}

int cli_check_progress(const char *progress, struct err *err)
{
	static const char *const words[] = { "auto", "plain", "json", "none" };
	for (size_t i = 0; progress && i < sizeof words / sizeof *words; i++)
		if (str_eq(words[i], progress))
			return 0;
	return progress ? err_set(err, -EINVAL, "--progress %s: there are auto, plain, json and none", progress) : 0;
}

/* Bars are for a terminal that can draw them. */
int cli_choose_progress(const struct fetch *fetch, char **ret_option, struct err *err)
{
	const char *terminal = getenv("TERM"), *wish = fetch->quiet ? "none" : fetch->progress ? fetch->progress : "auto";
	bool draws = isatty(2) && !str_eq(terminal, "dumb");
	int r = cli_check_progress(wish, err);
	if (r == 0)
		*ret_option = str_fmt("--progress=%s", str_eq(wish, "auto") ? draws ? "bars" : "lines" : str_eq(wish, "plain") ? "lines" : wish);
	return r;
}

static int find_endpoints(const struct fetch *fetch, struct reference *ret_reference, struct endpoints *ret_endpoints, struct err *err)
{
	const struct access_options access = { .creds = fetch->creds, .authfile = fetch->authfile, .tls_verify = fetch->tls_verify };
	int r = reference_parse(fetch->image, ret_reference, err);
	return r < 0 ? r : access_plan(fetch->image, ret_reference, &access, ret_endpoints, err);
}

int cli_fetch(const struct fetch *fetch, const struct idmap *map, int store_dir_fd, struct err *err)
{
	const struct platform_text platform = platform_text(&fetch->platform);
	char *argv[8] = { "xrun-fetch", "pull", (char *)fetch->image, fetch->all_platforms ? "all" : (char *)platform.text };
	int argc = 4;
	struct reference reference;
	cleanup_endpoints struct endpoints endpoints = { 0 };
	int r = find_endpoints(fetch, &reference, &endpoints, err);
	if (r < 0)
		return r;
	if (map->single)
		argv[argc++] = "--single-id";
	cleanup_free char *progress = NULL;
	r = cli_choose_progress(fetch, &progress, err);
	if (r < 0)
		return r;
	argv[argc++] = progress;
	r = start(&(struct start){ .argv = argv, .store_dir_fd = store_dir_fd, .source_fd = -1 }, &endpoints, map, err);
	cleanup_free char *name = reference_text(&reference);
	return r < 0 ? r : cli_check_programs(name, fetch->all_platforms ? NULL : &fetch->platform, map, store_dir_fd, err);
}

int cli_try_login(const struct endpoints *endpoints, const struct idmap *map, struct err *err)
{
	char *argv[] = { "xrun-fetch", "login", NULL };
	return start(&(struct start){ .argv = argv, .store_dir_fd = -1, .source_fd = -1 }, endpoints, map, err);
}

int cli_push(char **argv, const struct fetch *fetch, const struct idmap *map, int store_dir_fd, struct err *err)
{
	struct reference reference;
	cleanup_endpoints struct endpoints endpoints = { 0 };
	int r = find_endpoints(fetch, &reference, &endpoints, err);
	return r < 0 ? r : start(&(struct start){ .argv = argv, .store_dir_fd = store_dir_fd, .source_fd = -1 }, &endpoints, map, err);
}

int cli_helper(char **argv, int source_fd, const struct idmap *map, int store_dir_fd, struct err *err)
{
	const struct endpoints none = { 0 };
	return start(&(struct start){ .argv = argv, .store_dir_fd = store_dir_fd, .source_fd = source_fd }, &none, map, err);
}
