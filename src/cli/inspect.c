/* SPDX-License-Identifier: GPL-2.0-or-later */
/* inspect.c owns `xrun inspect`. */
#include "src/cli/cli.h"

#include "registry/describe.h"
#include "src/cli/listing.h"
#include "src/cli/selection.h"

#include <errno.h>
#include <stdio.h>

struct wish {
	const char *arch, *platform, *format;
	bool help;
};

const struct option inspect_options[] = {
	{ "arch", 0, OPTION_TEXT, offsetof(struct wish, arch), "ARCH", "only the one for this architecture" },
	{ "platform", 0, OPTION_TEXT, offsetof(struct wish, platform), "OS/ARCH", "the same as docker writes it" },
	{ "format", 0, OPTION_TEXT, offsetof(struct wish, format), "json", "what it prints anyhow" },
	{ "help", 'h', OPTION_SWITCH, offsetof(struct wish, help), NULL, "show this" },
	{ 0 },
};

static int describe(const struct selection *s, const struct image *image, struct strv *documents, struct err *err)
{
	cleanup_buf struct buf config = { 0 };
	cleanup_strv struct strv names = { 0 };
	int r = store_read_blob(&s->store, &image->config, JSON_LIMIT, &config, err);
	for (size_t i = 0; i < s->count; i++)
		if (digest_equal(&s->images[i].config, &image->config))
			strv_add(&names, s->images[i].reference);
	char *text = r < 0 ? NULL : describe_image(image, &names, config.data, config.len, err);
	if (!text)
		return r < 0 ? r : err->code;
	strv_take(documents, text);
	return 0;
}

static bool is_first(const struct image *const *found, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (digest_equal(&found[i]->config, &found[at]->config))
			return false;
	return true;
}

static int describe_word(const struct selection *s, const char *word, const struct platform *want, struct strv *documents,
	struct err *err)
{
	cleanup_free const struct image **found = NULL;
	int r = selection_find(s, word, want, &found, err);
	for (size_t i = 0; r == 0 && found[i]; i++)
		if (is_first(found, i))
			r = describe(s, found[i], documents, err);
	return r;
}

int command_inspect(const struct globals *globals, int argc, char **argv, struct err *err)
{
	struct wish wish = { 0 };
	struct platform platform;
	cleanup_strv struct strv words = { 0 }, documents = { 0 };
	cleanup_selection struct selection selection = SELECTION_CLOSED;
	int r = options_parse(inspect_options, &wish, argc, argv, false, &words, err);
	if (r == 0 && wish.help)
		return cli_print_help("inspect");
	if (r == 0 && words.len == 0)
		r = err_set(err, -EINVAL, "which image? see xrun inspect --help");
	bool one = wish.arch || wish.platform;
	if (r == 0)
		r = listing_check_format(wish.format, err);
	if (r == 0 && one)
		r = cli_platform(wish.arch, wish.platform, &platform, err);
	if (r == 0)
		r = selection_open(globals, &selection, err);
	for (size_t i = 0; r == 0 && i < words.len; i++)
		r = describe_word(&selection, words.items[i], one ? &platform : NULL, &documents, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < documents.len; i++)
		printf("%s%s", i ? ",\n" : "[\n", documents.items[i]);
	return puts("\n]") < 0 ? err_sys(err, "cannot write the list") : 0;
}
