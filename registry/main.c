/* SPDX-License-Identifier: GPL-2.0-or-later */
/* main.c owns xrun-fetch, the program that xrun starts for what needs a registry or reads tar archives. */
/*
 *   xrun-fetch pull REFERENCE PLATFORM|all [--single-id] [--progress=none|lines|bars|json]
 *   xrun-fetch login
 *
 * Started as root of a user namespace with its own mount namespace. Descriptor 3 is the store's directory, 4 takes one
 * struct err when it fails (status 125), standard input holds endpoints (endpoint.h).
 */
#include "registry/pull.h"

#include "src/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { STORE_FD = 3, ERROR_FD = 4, ENDPOINTS_LIMIT = 4 << 20 };

/* A command line as every command takes it. */
struct request {
	const char *operands[4];
	size_t count;
	struct pull_options options;
};

static int read_options(int argc, char **argv, struct request *request, struct err *err)
{
	struct pull_options *options = &request->options;
	for (int i = 2; i < argc; i++) {
		if (str_eq(argv[i], "--single-id"))
			options->single_id = true;
		else if (str_starts(argv[i], "--progress=") && progress_parse_style(argv[i] + strlen("--progress="), &options->progress))
			continue;
		else if (str_starts(argv[i], "--"))
			return err_set(err, -EINVAL, "xrun-fetch: unknown option %s", argv[i]);
		else if (request->count < sizeof request->operands / sizeof *request->operands)
			request->operands[request->count++] = argv[i];
	}
	return 0;
}

static int read_endpoints(struct pull_options *options, struct err *err)
{
	cleanup_buf struct buf text = { 0 };
	int r = fd_read_all(0, ENDPOINTS_LIMIT, &text);
	if (r < 0)
		return err_code(err, r, "cannot read where to get the image");
	if (!text.len)
		return 0;
	r = endpoints_read(text.data, text.len, &options->endpoints, err);
	explicit_bzero(text.data, text.len);
	return r;
}

static int run_pull(const struct store *store, struct request *request, struct err *err)
{
	if (!request->options.endpoints.count)
		return err_set(err, -EINVAL, "there is no saying where to get the image");
	int r = reference_parse(request->operands[0], &request->options.reference, err);
	request->options.all_platforms = str_eq(request->operands[1], "all");
	if (r == 0 && !request->options.all_platforms && !platform_parse(request->operands[1], &request->options.platform))
		r = err_set(err, -EINVAL, "%s: not a platform", request->operands[1]);
	return r < 0 ? r : pull_image(store, &request->options, err);
}

static int run_login(const struct store *store, struct request *request, struct err *err)
{
	(void)store;
	if (!request->options.endpoints.count)
		return err_set(err, -EINVAL, "there is no saying where to log in");
	return pull_try_login(&request->options.endpoints, err);
}

static const struct {
	const char *name;
	size_t operands;
	bool store; /* needs it */
	int (*run)(const struct store *store, struct request *request, struct err *err);
} commands[] = {
	{ "pull", 2, true, run_pull },
	{ "login", 0, false, run_login },
};

static int dispatch(int argc, char **argv, struct request *request, struct err *err)
{
	cleanup_store struct store store = STORE_CLOSED;
	for (size_t i = 0; argc > 1 && i < sizeof commands / sizeof *commands; i++) {
		if (!str_eq(commands[i].name, argv[1]) || commands[i].operands != request->count)
			continue;
		int r = commands[i].store ? store_open(&store, STORE_FD, true, err) : 0;
		return r < 0 ? r : commands[i].run(&store, request, err);
	}
	return err_set(err, -EINVAL, "xrun-fetch is started by xrun: use xrun pull");
}

static int run(int argc, char **argv, struct err *err)
{
	struct request request = { .options = { .progress = PROGRESS_LINES } };
	signal(SIGPIPE, SIG_IGN);
	fcntl(STORE_FD, F_SETFD, FD_CLOEXEC);
	fcntl(ERROR_FD, F_SETFD, FD_CLOEXEC);
	int r = read_options(argc, argv, &request, err);
	if (r == 0)
		r = read_endpoints(&request.options, err);
	if (r == 0)
		r = dispatch(argc, argv, &request, err);
	endpoints_done(&request.options.endpoints);
	return r;
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
