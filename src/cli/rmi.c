/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rmi.c owns `xrun rmi`. */
#include "src/cli/cli.h"

#include "src/cli/selection.h"
#include "src/runtime/userns.h"

#include <errno.h>

struct wish {
	const char *arch, *platform;
	bool all, force, help;
};

const struct option rmi_options[] = {
	{ "all", 'a', OPTION_SWITCH, offsetof(struct wish, all), NULL, "remove every image" },
	{ "force", 'f', OPTION_SWITCH, offsetof(struct wish, force), NULL, "an id loses all its names, and what is not there is no error" },
	{ "arch", 0, OPTION_TEXT, offsetof(struct wish, arch), "ARCH", "only the one for this architecture" },
	{ "platform", 0, OPTION_TEXT, offsetof(struct wish, platform), "OS/ARCH", "the same as docker writes it" },
	{ "help", 'h', OPTION_SWITCH, offsetof(struct wish, help), NULL, "show this" },
	{ 0 },
};

struct removal {
	const struct selection *selection;
	const struct strv *words;
	const struct platform *platform;
	const struct wish *wish;
};

static int remove_name(const struct removal *removal, const char *name, const struct platform *platform, struct err *err)
{
	int r = store_remove_image(&removal->selection->store, name, platform, err);
	return r < 0 ? r : 0;
}

/* An image whose documents are damaged is in no listing, but has a name that can go. */
static int remove_unlisted(const struct removal *removal, const char *word, struct err *err)
{
	struct err ignored;
	struct err why = *err;
	cleanup_free char *name = selection_full_name(word, &ignored);
	int r = name && removal->selection->store.dir_fd >= 0 ? remove_name(removal, name, removal->platform, err) : -ENOENT;
	if (r == -ENOENT)
		*err = why;
	if (r == 0 || (r == -ENOENT && removal->wish->force)) {
		err_clear(err);
		return 0;
	}
	return r;
}

static int remove_word(const struct removal *removal, const char *word, struct err *err)
{
	cleanup_free const struct image **found = NULL;
	int r = selection_find(removal->selection, word, removal->platform, &found, err);
	if (r == -ENOENT)
		return remove_unlisted(removal, word, err);
	for (size_t i = 1; r == 0 && found[i] && !removal->wish->force; i++)
		if (!str_eq(found[i]->reference, found[0]->reference))
			r = err_set(err, -EBUSY, "%s has several names, %s and %s among them; remove them by name, or all with --force",
				word, found[0]->reference, found[i]->reference);
	for (size_t i = 0; r == 0 && found[i]; i++) {
		r = remove_name(removal, found[i]->reference, &found[i]->platform, err);
		if (r == -ENOENT) { /* somebody else just removed it, which is what was asked for */
			err_clear(err);
			r = 0;
		}
	}
	return r;
}

static int remove_all(const struct removal *removal, struct err *err)
{
	cleanup_strv struct strv names = { 0 };
	struct store_freed freed;
	int r = store_list_names(&removal->selection->store, &names, err);
	for (size_t i = 0; r == 0 && i < names.len; i++) {
		r = remove_name(removal, names.items[i], removal->platform, err);
		if (r == -ENOENT) { /* not for that platform, or just gone */
			err_clear(err);
			r = 0;
		}
	}
	return r < 0 ? r : store_clean(&removal->selection->store, &freed, err);
}

/* Runs as root of the id map: layers belong to subordinate ids. */
static int remove_images(void *context, struct err *err)
{
	const struct removal *removal = context;
	int r = 0;
	for (size_t i = 0; r == 0 && i < removal->words->len; i++)
		r = remove_word(removal, removal->words->items[i], err);
	return r == 0 && removal->wish->all ? remove_all(removal, err) : r;
}

int command_rmi(const struct globals *globals, int argc, char **argv, struct err *err)
{
	struct wish wish = { 0 };
	struct platform platform;
	cleanup_strv struct strv words = { 0 };
	cleanup_selection struct selection selection = SELECTION_CLOSED;
	int r = options_parse(rmi_options, &wish, argc, argv, false, &words, err);
	if (r == 0 && wish.help)
		return cli_print_help("rmi");
	if (r == 0 && words.len == 0 && !wish.all)
		return err_set(err, -EINVAL, "which image? see xrun rmi --help");
	bool one = wish.arch || wish.platform;
	if (r == 0 && one)
		r = cli_platform(wish.arch, wish.platform, &platform, err);
	if (r == 0)
		r = selection_open(globals, &selection, err);
	struct removal removal = { &selection, &words, one ? &platform : NULL, &wish };
	if (r == 0 && selection.store.dir_fd < 0) /* nothing was ever pulled: nothing to remove, and no need of another id map */
		return words.len ? remove_word(&removal, words.items[0], err) : 0;
	return r < 0 ? r : userns_call(&selection.map, NULL, remove_images, &removal, err);
}
