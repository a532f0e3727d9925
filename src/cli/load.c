/* SPDX-License-Identifier: GPL-2.0-or-later */
/* load.c owns `xrun load`. */
#include "src/cli/local.h"

#include "src/base/fd.h"
#include "src/cli/load_tree.h"

#include <errno.h>
#include <unistd.h>

const struct option load_options[] = {
	{ "input", 'i', OPTION_TEXT, offsetof(struct load_wish, input), "FILE", "the archive; standard input if this is not given" },
	{ "arch", 0, OPTION_TEXT, offsetof(struct load_wish, arch), "ARCH", "only images for this architecture, all if this is not given; of a directory: what it is for" },
	{ "platform", 0, OPTION_TEXT, offsetof(struct load_wish, platform), "OS/ARCH", "the same as docker writes it" },
	{ "replace", 0, OPTION_SWITCH, offsetof(struct load_wish, replace), NULL, "let a name move from the image that has it in the store" },
	{ "change", 'c', OPTION_LIST, offsetof(struct load_wish, changes), "INSTRUCTION", "of a directory: as for xrun commit" },
	{ "progress", 0, OPTION_TEXT, offsetof(struct load_wish, progress), "STYLE", "auto, plain, json or none" },
	{ "quiet", 'q', OPTION_SWITCH, offsetof(struct load_wish, quiet), NULL, "show no progress" },
	{ "help", 'h', OPTION_SWITCH, offsetof(struct load_wish, help), NULL, "show this" },
	{ 0 },
};

static int load_archive(const struct globals *globals, const struct load_wish *wish, struct err *err)
{
	struct idmap map;
	struct source source = { .kind = SOURCE_ANY_ARCHIVE, .path = (char *)wish->input };
	struct local local = { .source = &source, .fd = wish->input ? -1 : STDIN_FILENO, .replace = wish->replace, .quiet = wish->quiet,
		.progress = wish->progress };
	local.all_platforms = !wish->arch && !wish->platform;
	if (wish->changes.len)
		return err_set(err, -EINVAL, "--change is for rootfs:DIR: an archive's images have configurations of their own");
	if (!wish->input && isatty(STDIN_FILENO))
		return err_set(err, -EINVAL, "an archive is not typed in: give it with --input FILE, or pipe it in");
	int r = cli_platform(wish->arch, wish->platform, &local.platform, err);
	if (r == 0)
		r = idmap_plan(&map, err);
	cleanup_fd int dir_fd = r < 0 ? r : cli_open_store_dir(globals, &map, err);
	return dir_fd < 0 ? dir_fd : local_load(&local, &map, dir_fd, err);
}

static int load(const struct globals *globals, const struct load_wish *wish, const struct strv *words, struct err *err)
{
	cleanup_source struct source source = { 0 };
	if (!words->len)
		return load_archive(globals, wish, err);
	const char *word = words->items[0];
	if (source_parse(word, &source, err) < 0)
		return err->code;
	if (source.kind == SOURCE_REGISTRY)
		return err_set(err, -EINVAL, "load %s: an archive is given with --input %s; what is in a registry is brought by `xrun pull`", word, word);
	if (source.kind != SOURCE_ROOTFS)
		return err_set(err, -EINVAL, "load %s: `xrun pull %s` brings that", word, word);
	if (words->len != 2)
		return err_set(err, -EINVAL, words->len < 2 ? "load %s: what is the image to be called? xrun load rootfs:DIR NAME" :
			"load %s: too many words; xrun load rootfs:DIR NAME", word);
	return load_tree(globals, wish, &source, words->items[1], err);
}

int command_load(const struct globals *globals, int argc, char **argv, struct err *err)
{
	struct load_wish wish = { 0 };
	cleanup_strv struct strv words = { 0 };
	int r = options_parse(load_options, &wish, argc, argv, false, &words, err);
	if (r == 0 && wish.help)
		r = cli_print_help("load");
	else if (r == 0)
		r = load(globals, &wish, &words, err);
	strv_done(&wish.changes);
	return r;
}
