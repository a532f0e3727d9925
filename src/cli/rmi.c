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

/* Names of images to remove; platform NULL: all of it. */
struct target {
	char *name;
	const struct platform *platform;
	bool is_doubtful; /* there is the name, and perhaps not for that platform */
};

struct removal {
	const struct selection *selection;
	const struct platform *platform; /* --arch; NULL: all */
	const struct wish *wish;
	struct target *targets;
	size_t count;
};

static struct target *add_target(struct removal *removal, char *name, const struct platform *platform)
{
	removal->targets = mem_grow(removal->targets, removal->count + 1, sizeof *removal->targets);
	removal->targets[removal->count++] = (struct target){ name, platform, false };
	return &removal->targets[removal->count - 1];
}

/* An image whose documents are damaged is in no listing, but has a name that can go. */
static int add_unlisted(struct removal *removal, const char *word, struct err *err)
{
	struct err ignored;
	cleanup_strv struct strv names = { 0 };
	char *name = selection_full_name(word, &ignored);
	bool there = false;
	if (name && removal->selection->store.dir_fd >= 0 && store_list_names(&removal->selection->store, &names, &ignored) == 0)
		for (size_t i = 0; i < names.len; i++)
			there = there || str_eq(names.items[i], name);
	if (there)
		add_target(removal, name, removal->platform)->is_doubtful = removal->platform && !removal->wish->force;
	else
		free(name);
	if (there || removal->wish->force)
		err_clear(err);
	return err->code;
}

static int add_word(struct removal *removal, const char *word, struct err *err)
{
	cleanup_free const struct image **found = NULL;
	int r = selection_find(removal->selection, word, removal->platform, &found, err);
	if (r == -ENOENT)
		return add_unlisted(removal, word, err);
	for (size_t i = 1; r == 0 && found[i] && !removal->wish->force; i++)
		if (!str_eq(found[i]->reference, found[0]->reference))
			r = err_set(err, -EBUSY, "%s has several names, %s and %s among them; remove them by name, or all with --force",
				word, found[0]->reference, found[i]->reference);
	for (size_t i = 0; r == 0 && found[i]; i++)
		add_target(removal, str_dup(found[i]->reference), &found[i]->platform);
	return r;
}

static int add_all(struct removal *removal, struct err *err)
{
	cleanup_strv struct strv names = { 0 };
	int r = store_list_names(&removal->selection->store, &names, err);
	for (size_t i = 0; r == 0 && i < names.len; i++)
		add_target(removal, str_dup(names.items[i]), removal->platform);
	return r;
}

/* Runs as root of the id map: layers belong to subordinate ids. What somebody else removed just now is gone as well. */
static int remove_targets(void *context, struct err *err)
{
	const struct removal *removal = context;
	struct store_freed freed;
	for (size_t i = 0; i < removal->count; i++) {
		const struct target *target = &removal->targets[i];
		int r = store_remove_image(&removal->selection->store, target->name, target->platform, err);
		if (r == -ENOENT && target->is_doubtful)
			return err_append(err, " for %s; xrun images lists what is", platform_text(target->platform).text);
		if (r == -ENOENT)
			err_clear(err);
		else if (r < 0)
			return r;
	}
	return removal->wish->all ? store_clean(&removal->selection->store, &freed, err) : 0;
}

static int remove_images(struct removal *removal, const struct strv *words, struct err *err)
{
	const struct selection *s = removal->selection;
	int r = 0;
	for (size_t i = 0; r == 0 && i < words->len; i++)
		r = add_word(removal, words->items[i], err);
	if (r == 0 && s->store.dir_fd < 0) /* nothing was ever pulled */
		return 0;
	if (r == 0 && removal->wish->all)
		r = add_all(removal, err);
	if (r == 0)
		r = userns_call(&s->map, NULL, remove_targets, removal, err);
	for (size_t i = 0; i < removal->count; i++)
		free(removal->targets[i].name);
	free(removal->targets);
	return r;
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
	struct removal removal = { .selection = &selection, .platform = one ? &platform : NULL, .wish = &wish };
	return r < 0 ? r : remove_images(&removal, &words, err);
}
