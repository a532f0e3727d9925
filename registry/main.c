/* SPDX-License-Identifier: GPL-2.0-or-later */
/* main.c owns xrun-fetch, the program that xrun starts for what needs a registry or reads tar archives. */
/*
 *   xrun-fetch pull REFERENCE PLATFORM|all [--single-id] [--progress=none|lines|bars|json]
 *   xrun-fetch login
 *   xrun-fetch load FORM PLATFORM|all [--wanted=NAME] [--name=NAME] [--replace] [--single-id] [--progress=...] [--brief]
 *   xrun-fetch import NAME PLATFORM [--replace] [--single-id] [--change=INSTRUCTION]... [--progress=...]
 *   xrun-fetch save FORM (NAME PLATFORM)...
 *   xrun-fetch push NAME (NAME PLATFORM)... [--progress=...]
 *   xrun-fetch commit CONTAINER BASE NAME [--single-id] [--change=INSTRUCTION]... [--skip=PATH]... [--author=TEXT]
 *       [--comment=TEXT] [--created-by=TEXT]
 *   xrun-fetch unpack MANIFEST NAME SUFFIX [--progress=...]
 *   xrun-fetch verify repair|look [--single-id] [--suffix=SUFFIX]
 *
 * Started as root of a user namespace with its own mount namespace. Descriptor 3 is the store's directory, 4 takes one
 * struct err when it fails (status 125), standard input holds endpoints (endpoint.h). What load reads is descriptor 5, an
 * archive, or an image layout's directory; import reads a directory tree there; save writes there.
 */
#include "registry/commit.h"
#include "registry/import.h"
#include "registry/install.h"
#include "registry/load.h"
#include "registry/pull.h"
#include "registry/push.h"
#include "registry/save.h"
#include "registry/verify.h"

#include "src/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { STORE_FD = 3, ERROR_FD = 4, SOURCE_FD = 5, ENDPOINTS_LIMIT = 4 << 20 };

/* A command line as every command takes it. */
struct request {
	struct strv operands;
	struct pull_options options;
	const char *wanted, *name; /* of load */
	const char *suffix;        /* of verify */
	bool replace, brief;
	struct commit_options commit;
};

/* The options of commit alone: "--NAME=TEXT". */
static bool take_commit(const char *option, struct commit_options *commit)
{
	const struct {
		const char *name;
		const char **text;
		struct strv *list;
	} options[] = {
		{ "--author=", &commit->author, NULL },
		{ "--comment=", &commit->comment, NULL },
		{ "--created-by=", &commit->created_by, NULL },
		{ "--change=", NULL, &commit->changes },
		{ "--skip=", NULL, &commit->skip },
	};
	for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
		const char *value = option + strlen(options[i].name);
		if (!str_starts(option, options[i].name))
			continue;
		if (options[i].text)
			*options[i].text = value;
		else
			strv_add(options[i].list, value);
		return true;
	}
	return false;
}

static int read_options(int argc, char **argv, struct request *request, struct err *err)
{
	struct pull_options *options = &request->options;
	for (int i = 2; i < argc; i++) {
		if (str_eq(argv[i], "--single-id"))
			options->single_id = true;
		else if (str_starts(argv[i], "--wanted="))
			request->wanted = argv[i] + strlen("--wanted=");
		else if (str_starts(argv[i], "--name="))
			request->name = argv[i] + strlen("--name=");
		else if (str_starts(argv[i], "--suffix="))
			request->suffix = argv[i] + strlen("--suffix=");
		else if (str_eq(argv[i], "--replace"))
			request->replace = true;
		else if (str_eq(argv[i], "--brief"))
			request->brief = true;
		else if (str_starts(argv[i], "--progress=") && progress_parse_style(argv[i] + strlen("--progress="), &options->progress))
			continue;
		else if (take_commit(argv[i], &request->commit))
			continue;
		else if (str_starts(argv[i], "--"))
			return err_set(err, -EINVAL, "xrun-fetch: unknown option %s", argv[i]);
		else
			strv_add(&request->operands, argv[i]);
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

static int read_platform(const char *text, struct platform *ret_platform, bool *ret_all, struct err *err)
{
	*ret_all = str_eq(text, "all");
	return *ret_all || platform_parse(text, ret_platform) ? 0 : err_set(err, -EINVAL, "%s: not a platform", text);
}

static int run_pull(const struct store *store, struct request *request, struct err *err)
{
	struct pull_options *options = &request->options;
	if (!options->endpoints.count)
		return err_set(err, -EINVAL, "there is no saying where to get the image");
	int r = reference_parse(request->operands.items[0], &options->reference, err);
	if (r == 0)
		r = read_platform(request->operands.items[1], &options->platform, &options->all_platforms, err);
	return r < 0 ? r : pull_image(store, options, err);
}

static int run_load(const struct store *store, struct request *request, struct err *err)
{
	struct load_options options = { .fd = SOURCE_FD, .wanted = request->wanted, .name = request->name, .replace = request->replace,
		.single_id = request->options.single_id, .progress = request->options.progress,
		.brief = request->brief };
	if (!source_kind_by_form(request->operands.items[0], &options.kind))
		return err_set(err, -EINVAL, "%s: not a form of images", request->operands.items[0]);
	int r = read_platform(request->operands.items[1], &options.platform, &options.all_platforms, err);
	return r < 0 ? r : load_images(store, &options, err);
}

static int run_import(const struct store *store, struct request *request, struct err *err)
{
	struct import_options options = { .fd = SOURCE_FD, .name = request->operands.items[0], .changes = request->commit.changes,
		.replace = request->replace, .single_id = request->options.single_id, .progress = request->options.progress };
	if (!platform_parse(request->operands.items[1], &options.platform))
		return err_set(err, -EINVAL, "%s: not a platform", request->operands.items[1]);
	return import_tree(store, &options, err);
}

/* Pairs of a name and its platform, after the first word. */
static int read_images(const struct strv *words, struct save_image **ret_images, size_t *ret_count, struct err *err)
{
	size_t count = (words->len - 1) / 2;
	cleanup_free struct save_image *images = mem_new((count + 1) * sizeof *images);
	for (size_t i = 0; i < count; i++) {
		images[i].name = words->items[1 + 2 * i];
		if (!platform_parse(words->items[2 + 2 * i], &images[i].platform))
			return err_set(err, -EINVAL, "%s: not a platform", words->items[2 + 2 * i]);
	}
	*ret_images = images;
	*ret_count = count;
	images = NULL;
	return 0;
}

static int run_save(const struct store *store, struct request *request, struct err *err)
{
	cleanup_free struct save_image *images = NULL;
	size_t count = 0;
	enum source_kind kind;
	if (!source_kind_by_form(request->operands.items[0], &kind))
		return err_set(err, -EINVAL, "%s: not a form of images", request->operands.items[0]);
	int r = read_images(&request->operands, &images, &count, err);
	return r < 0 ? r : save_images(store, kind, images, count, SOURCE_FD, err);
}

static int run_push(const struct store *store, struct request *request, struct err *err)
{
	cleanup_free struct save_image *images = NULL;
	size_t count = 0;
	struct push_options options = { .endpoints = &request->options.endpoints, .progress = request->options.progress };
	if (!request->options.endpoints.count)
		return err_set(err, -EINVAL, "there is no saying where to push the image");
	int r = reference_parse(request->operands.items[0], &options.target, err);
	if (r == 0)
		r = read_images(&request->operands, &images, &count, err);
	return r < 0 ? r : push_images(store, &options, images, count, err);
}

/* Says the new image's id. */
static int run_commit(const struct store *store, struct request *request, struct err *err)
{
	struct digest id;
	struct commit_options *commit = &request->commit;
	commit->container = request->operands.items[0];
	commit->base = request->operands.items[1];
	commit->name = request->operands.items[2];
	commit->single_id = request->options.single_id;
	int r = commit_container(store, commit, &id, err);
	return r == 0 && puts(id.text) < 0 ? err_sys(err, "cannot say the image's id") : r;
}

static int run_login(const struct store *store, struct request *request, struct err *err)
{
	(void)store;
	if (!request->options.endpoints.count)
		return err_set(err, -EINVAL, "there is no saying where to log in");
	return pull_try_login(&request->options.endpoints, err);
}

/* The layers of an image of the store once more, with other ids: we are root of another id map. */
static int run_unpack(const struct store *store, struct request *request, struct err *err)
{
	char **words = request->operands.items;
	struct install_options options = { .suffix = words[2], .progress = request->options.progress };
	struct incoming in = { 0 };
	struct digest manifest;
	if (!digest_parse(words[0], &manifest))
		return err_set(err, -EINVAL, "%s: not a digest", words[0]);
	int r = store_reclaim_staging(store, err);
	if (r == 0)
		r = incoming_recall(store, &manifest, words[1], &in, err);
	if (r == 0)
		r = install_image(store, &in, &options, err);
	incoming_done(&in);
	return r;
}

/* "repair" or "look". Findings go to standard output, images that have lost a blob to descriptor 5, two lines each. */
static int run_verify(const struct store *store, struct request *request, struct err *err)
{
	struct verify_options options = { str_eq(request->operands.items[0], "repair"), request->options.single_id, request->suffix };
	struct verify_report report = { 0 };
	cleanup_buf struct buf lost = { 0 };
	int r = verify_store(store, &options, &report, err);
	for (size_t i = 0; i < report.findings.len; i++)
		puts(report.findings.items[i]);
	for (size_t i = 0; i < report.lost.len; i++)
		buf_fmt(&lost, "%s\n", report.lost.items[i]);
	if (r == 0 && request->suffix)
		printf("%zu layers of --userns keep-id (%s): %zu damaged, %zu mended\n", report.layers, request->suffix + 1, report.damaged,
			report.repaired);
	else if (r == 0)
		printf("%zu images, %zu blobs, %zu layers: %zu damaged, %zu mended\n", report.images, report.blobs, report.layers,
			report.damaged, report.repaired);
	if (r == 0 && lost.len && fd_write_all(SOURCE_FD, lost.data, lost.len) < 0)
		r = err_sys(err, "cannot say what is lost");
	if (r == 0 && !lost.len && report.damaged > report.repaired)
		r = err_set(err, -EBADMSG, "the store is damaged");
	verify_report_done(&report);
	return r;
}

static const struct {
	const char *name;
	size_t operands; /* at least */
	bool store;      /* needs it */
	bool reads;      /* and no more: it may be read-only */
	int (*run)(const struct store *store, struct request *request, struct err *err);
} commands[] = {
	{ "pull", 2, true, false, run_pull },
	{ "login", 0, false, false, run_login },
	{ "load", 2, true, false, run_load },
	{ "import", 2, true, false, run_import },
	{ "save", 3, true, true, run_save },
	{ "push", 3, true, true, run_push },
	{ "unpack", 3, true, false, run_unpack },
	{ "commit", 3, true, false, run_commit },
	{ "verify", 1, true, false, run_verify },
};

/* Before anything is fetched that could not be named. */
static int check_index(const struct store *store, struct err *err)
{
	struct index index = { 0 };
	int r = store_read_index(store, &index, err);
	index_done(&index);
	return r;
}

static int dispatch(int argc, char **argv, struct request *request, struct err *err)
{
	cleanup_store struct store store = STORE_CLOSED;
	for (size_t i = 0; argc > 1 && i < sizeof commands / sizeof *commands; i++) {
		if (!str_eq(commands[i].name, argv[1]) || commands[i].operands > request->operands.len)
			continue;
		int r = commands[i].store ? store_open(&store, STORE_FD, !commands[i].reads, err) : 0;
		if (r == 0 && commands[i].store && commands[i].run != run_verify)
			r = check_index(&store, err);
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
	strv_done(&request.operands);
	strv_done(&request.commit.changes);
	strv_done(&request.commit.skip);
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
