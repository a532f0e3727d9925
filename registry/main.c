/* SPDX-License-Identifier: GPL-2.0-or-later */
/* main.c owns xrun-fetch, the program that xrun starts to pull an image. */
/*
 *   xrun-fetch REFERENCE PLATFORM [--tls-verify=false] [--single-id] [--progress=none|lines|bars]
 *
 * Started as root of a user namespace with its own mount namespace. Descriptor 3 is the store's directory, 4 takes one
 * struct err when it fails (status 125), standard input holds the user's name and password, a line each, or nothing.
 */
#include "registry/pull.h"

#include "src/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { STORE_FD = 3, ERROR_FD = 4, CREDENTIALS_LIMIT = 8192 };

static int read_options(int argc, char **argv, struct pull_options *options, struct err *err)
{
	*options = (struct pull_options){ .tls_verify = true, .progress = PROGRESS_LINES };
	if (argc < 3)
		return err_set(err, -EINVAL, "xrun-fetch is started by xrun: use xrun pull");
	if (!platform_parse(argv[2], &options->platform))
		return err_set(err, -EINVAL, "%s: not a platform", argv[2]);
	for (int i = 3; i < argc; i++) {
		if (str_eq(argv[i], "--tls-verify=false"))
			options->tls_verify = false;
		else if (str_eq(argv[i], "--single-id"))
			options->single_id = true;
		else if (str_eq(argv[i], "--progress=none"))
			options->progress = PROGRESS_NONE;
		else if (str_eq(argv[i], "--progress=bars"))
			options->progress = PROGRESS_BARS;
		else if (!str_eq(argv[i], "--progress=lines"))
			return err_set(err, -EINVAL, "xrun-fetch: unknown option %s", argv[i]);
	}
	return reference_parse(argv[1], &options->reference, err);
}

static int read_credentials(struct buf *text, struct pull_options *options, struct err *err)
{
	int r = fd_read_all(0, CREDENTIALS_LIMIT, text);
	if (r < 0)
		return err_code(err, r, "cannot read the credentials");
	if (!text->len)
		return 0;
	char *at = text->data;
	options->username = strsep(&at, "\n");
	options->password = at ? strsep(&at, "\n") : "";
	return 0;
}

static int run(int argc, char **argv, struct err *err)
{
	struct pull_options options;
	cleanup_buf struct buf credentials = { 0 };
	cleanup_store struct store store = STORE_CLOSED;
	signal(SIGPIPE, SIG_IGN);
	fcntl(STORE_FD, F_SETFD, FD_CLOEXEC);
	fcntl(ERROR_FD, F_SETFD, FD_CLOEXEC);
	int r = read_options(argc, argv, &options, err);
	if (r == 0)
		r = read_credentials(&credentials, &options, err);
	if (r == 0)
		r = store_open(&store, STORE_FD, true, err);
	return r < 0 ? r : pull_image(&store, &options, err);
}

int main(int argc, char **argv)
{
	struct err err = { 0 };
	int r = run(argc, argv, &err);
	if (r >= 0)
		return 0;
	if (fd_write_all(ERROR_FD, &err, sizeof err) < 0)
		fprintf(stderr, "xrun-fetch: %s\n", err.text);
	return STATUS_FAILED;
}
