/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fetch.c owns starting xrun-fetch, the program that pulls images (docs/design.md, "Two programs"). */
#include "src/cli/cli.h"

#include "registry/reference.h"
#include "src/base/fd.h"
#include "src/base/self.h"
#include "src/runtime/userns.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

extern char **environ;

struct start {
	const struct fetch *fetch;
	bool single_id;
	int program_fd, store_dir_fd, error_fd, creds_fd;
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
	const struct platform_text platform = platform_text(&start->fetch->platform);
	char *argv[8] = { "xrun-fetch", "pull", (char *)start->fetch->image, start->fetch->all_platforms ? "all" : (char *)platform.text };
	int argc = 4;
	if (!start->fetch->tls_verify)
		argv[argc++] = "--tls-verify=false";
	if (start->single_id)
		argv[argc++] = "--single-id";
	argv[argc++] = start->fetch->quiet ? "--progress=none" : isatty(2) ? "--progress=bars" : "--progress=lines";
	/* Away from 0, 3 and 4 first, so that no move overwrites what is still to be moved. */
	int store_fd = fcntl(start->store_dir_fd, F_DUPFD_CLOEXEC, 10);
	int error_fd = fcntl(start->error_fd, F_DUPFD_CLOEXEC, 10);
	int program_fd = fcntl(start->program_fd, F_DUPFD_CLOEXEC, 10);
	if (store_fd < 0 || error_fd < 0 || program_fd < 0 || dup2(start->creds_fd, 0) < 0 || dup2(store_fd, 3) < 0 ||
		dup2(error_fd, 4) < 0)
		return err_sys(err, "cannot pass descriptors to xrun-fetch");
	syscall(SYS_execveat, program_fd, "", argv, environ, AT_EMPTY_PATH);
	return err_sys(err, "cannot execute xrun-fetch");
}

/* By pipe, not argv: other users can read a process' arguments. */
static int pipe_credentials(const char *creds, struct err *err)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(err, "cannot make a pipe");
	int r = 0;
	if (creds) {
		const char *colon = strchr(creds, ':');
		cleanup_free char *text = colon ? str_fmt("%.*s\n%s\n", (int)(colon - creds), creds, colon + 1) : NULL;
		r = !text || strlen(text) > 4000 || strchr(creds, '\n') ?
			    err_set(err, -EINVAL, "--creds: write it as USER:PASSWORD") :
			    fd_write_all(ends[1], text, strlen(text));
	}
	close(ends[1]);
	if (r < 0)
		close(ends[0]);
	return r < 0 ? r : ends[0];
}

static int take_error(int fd, int status, struct err *err)
{
	struct err reported;
	cleanup_buf struct buf data = { 0 };
	if (fd_read_all(fd, sizeof reported, &data) == 0 && data.len == sizeof reported) {
		memcpy(&reported, data.data, sizeof reported);
		reported.text[sizeof reported.text - 1] = 0;
		return err_set(err, reported.code < 0 ? reported.code : -EIO, "%s", reported.text);
	}
	return err_set(err, -EIO, "xrun-fetch ended with status %d and said no reason", status);
}

int cli_fetch(const struct fetch *fetch, const struct idmap *map, int store_dir_fd, struct err *err)
{
	struct start start = { .fetch = fetch, .single_id = map->single, .store_dir_fd = store_dir_fd };
	int ends[2];
	cleanup_fd int program_fd = start.program_fd = open_program(err);
	cleanup_fd int creds_fd = start.creds_fd = program_fd < 0 ? program_fd : pipe_credentials(fetch->creds, err);
	if (creds_fd < 0)
		return creds_fd;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(err, "cannot make a pipe");
	cleanup_fd int read_fd = ends[0];
	start.error_fd = ends[1];
	int status = userns_call(map, &start.store_dir_fd, execute, &start, err);
	close(ends[1]);
	if (status != 0)
		return status > 0 ? take_error(read_fd, status, err) : status;
	struct reference reference;
	int r = reference_parse(fetch->image, &reference, err);
	cleanup_free char *name = r < 0 ? NULL : reference_text(&reference);
	return r < 0 ? r : cli_check_programs(name, fetch->all_platforms ? NULL : &fetch->platform, map, store_dir_fd, err);
}
