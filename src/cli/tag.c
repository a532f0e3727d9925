/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tag.c owns `xrun tag`. */
#include "src/cli/cli.h"

#include "src/cli/selection.h"
#include "src/runtime/userns.h"

#include <errno.h>

struct wish {
	const char *arch, *platform;
	bool help;
};

const struct option tag_options[] = {
	{ "arch", 0, OPTION_TEXT, offsetof(struct wish, arch), "ARCH", "only the one for this architecture" },
	{ "platform", 0, OPTION_TEXT, offsetof(struct wish, platform), "OS/ARCH", "the same as docker writes it" },
	{ "help", 'h', OPTION_SWITCH, offsetof(struct wish, help), NULL, "show this" },
	{ 0 },
};

struct tagging {
	const struct selection *selection;
	const struct image **found;
	const struct strv *targets; /* full names */
};

/* Runs as root of the id map, to whom the store belongs. */
static int tag(void *context, struct err *err)
{
	const struct tagging *t = context;
	int r = 0;
	for (size_t i = 0; i < t->targets->len; i++)
		for (size_t j = 0; r == 0 && t->found[j]; j++)
			r = store_copy_name(&t->selection->store, t->found[j]->reference, &t->found[j]->platform,
				t->targets->items[i], err);
	return r;
}

static int take_targets(const struct strv *words, struct strv *targets, struct err *err)
{
	for (size_t i = 1; i < words->len; i++) {
		char *name = selection_new_name(words->items[i], err);
		if (!name)
			return err->code;
		strv_take(targets, name);
	}
	return 0;
}

int command_tag(const struct globals *globals, int argc, char **argv, struct err *err)
{
	struct wish wish = { 0 };
	struct platform platform;
	cleanup_strv struct strv words = { 0 }, targets = { 0 };
	cleanup_selection struct selection selection = SELECTION_CLOSED;
	cleanup_free const struct image **found = NULL;
	int r = options_parse(tag_options, &wish, argc, argv, false, &words, err);
	if (r == 0 && wish.help)
		return cli_print_help("tag");
	if (r == 0 && words.len < 2)
		r = err_set(err, -EINVAL, "tag takes an image and its new name; see xrun tag --help");
	bool one = wish.arch || wish.platform;
	if (r == 0 && one)
		r = cli_platform(wish.arch, wish.platform, &platform, err);
	if (r == 0)
		r = take_targets(&words, &targets, err);
	if (r == 0)
		r = selection_open(globals, &selection, err);
	if (r == 0)
		r = selection_find(&selection, words.items[0], one ? &platform : NULL, &found, err);
	struct tagging tagging = { &selection, found, &targets };
	return r < 0 ? r : userns_call(&selection.map, NULL, tag, &tagging, err);
}
