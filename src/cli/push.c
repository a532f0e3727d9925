/* SPDX-License-Identifier: GPL-2.0-or-later */
/* push.c owns `xrun push`. */
#include "src/cli/cli.h"

#include "registry/reference.h"
#include "registry/source.h"
#include "src/cli/selection.h"

#include <errno.h>
#include <string.h>

struct wish {
	const char *arch, *platform, *creds, *authfile, *progress;
	bool tls_verify, quiet, help;
};

const struct option push_options[] = {
	{ "arch", 0, OPTION_TEXT, offsetof(struct wish, arch), "ARCH|all", "the image for this architecture; all: every platform that is here" },
	{ "platform", 0, OPTION_TEXT, offsetof(struct wish, platform), "OS/ARCH", "the same as docker writes it" },
	{ "creds", 0, OPTION_TEXT, offsetof(struct wish, creds), "USER:PASSWORD", "log in to the registry" },
	{ "authfile", 0, OPTION_TEXT, offsetof(struct wish, authfile), "FILE", "the file with credentials, instead of those of docker and podman" },
	{ "tls-verify", 0, OPTION_SWITCH, offsetof(struct wish, tls_verify), NULL, "=false: accept plain HTTP and unknown certificates" },
	{ "progress", 0, OPTION_TEXT, offsetof(struct wish, progress), "STYLE", "auto, plain, json or none" },
	{ "quiet", 'q', OPTION_SWITCH, offsetof(struct wish, quiet), NULL, "show no progress" },
	{ "help", 'h', OPTION_SWITCH, offsetof(struct wish, help), NULL, "show this" },
	{ 0 },
};

/* What is a name and what is not: files and directories are not pushed to. */
static int check_target(const struct strv *words, struct err *err)
{
	cleanup_source struct source source = { 0 };
	const char *text = words->items[words->len - 1];
	int r = source_parse(text, &source, err);
	if (r < 0 || source.kind == SOURCE_REGISTRY)
		return r;
	if (words->len == 1)
		return err_set(err, -EINVAL, "push %s: where to? xrun push %s HOST/NAME:TAG", text, text);
	return err_set(err, -EINVAL, "push goes to a registry, and %s is none; xrun save --format oci-archive -o FILE %s writes a file", text, words->items[0]);
}

/* podman's second argument, with or without its "docker://"; by default the image's own name. */
static int read_target(const struct strv *words, struct reference *ret_target, struct err *err)
{
	const char *text = words->items[words->len - 1];
	int r = reference_parse(str_starts(text, "docker://") ? text + strlen("docker://") : text, ret_target, err);
	if (r == 0 && *ret_target->digest.text)
		r = err_set(err, -EINVAL, "%s: the registry computes the digest; name a tag", text);
	return r;
}

static int push(const struct selection *s, const struct wish *wish, const struct strv *words, struct err *err)
{
	cleanup_strv struct strv argv = { 0 };
	struct reference target;
	struct fetch fetch = { .creds = wish->creds, .authfile = wish->authfile, .tls_verify = wish->tls_verify, .quiet = wish->quiet,
		.progress = wish->progress };
	char *progress = NULL;
	int r = read_target(words, &target, err);
	if (r == 0)
		r = cli_choose_progress(&fetch, &progress, err);
	if (r < 0)
		return r;
	cleanup_free char *name = reference_text(&target);
	fetch.image = name;
	strv_add(&argv, "xrun-fetch");
	strv_add(&argv, "push");
	strv_take(&argv, progress);
	strv_add(&argv, name);
	r = selection_add(s, words->items[0], wish->arch, wish->platform, &argv, err);
	return r < 0 ? r : cli_push(argv.items, &fetch, &s->map, s->dir_fd, err);
}

int command_push(const struct globals *globals, int argc, char **argv, struct err *err)
{
	struct wish wish = { .tls_verify = true };
	cleanup_strv struct strv words = { 0 };
	cleanup_selection struct selection selection = SELECTION_CLOSED;
	int r = options_parse(push_options, &wish, argc, argv, false, &words, err);
	if (r == 0 && wish.help)
		return cli_print_help("push");
	if (r == 0 && (words.len == 0 || words.len > 2))
		r = err_set(err, -EINVAL, "push takes an image, and perhaps where to; see xrun push --help");
	if (r == 0)
		r = check_target(&words, err);
	if (r == 0)
		r = selection_open(globals, &selection, err);
	return r < 0 ? r : push(&selection, &wish, &words, err);
}
