/* SPDX-License-Identifier: GPL-2.0-or-later */
/* load.c owns `xrun load`. */
#include "src/cli/local.h"

#include "src/base/fd.h"

#include <errno.h>
#include <unistd.h>

struct wish {
	const char *input, *arch, *platform;
	bool replace, quiet, help;
};

const struct option load_options[] = {
	{ "input", 'i', OPTION_TEXT, offsetof(struct wish, input), "FILE", "the archive; standard input if this is not given" },
	{ "arch", 0, OPTION_TEXT, offsetof(struct wish, arch), "ARCH", "only images for this architecture; all if this is not given" },
	{ "platform", 0, OPTION_TEXT, offsetof(struct wish, platform), "OS/ARCH", "the same as docker writes it" },
	{ "replace", 0, OPTION_SWITCH, offsetof(struct wish, replace), NULL, "let a name move from the image that has it in the store" },
	{ "quiet", 'q', OPTION_SWITCH, offsetof(struct wish, quiet), NULL, "show no progress" },
	{ "help", 'h', OPTION_SWITCH, offsetof(struct wish, help), NULL, "show this" },
	{ 0 },
};

static int load(const struct globals *globals, const struct wish *wish, struct err *err)
{
	struct idmap map;
	struct source source = { .kind = SOURCE_ANY_ARCHIVE, .path = (char *)wish->input };
	struct local local = { .source = &source, .fd = wish->input ? -1 : STDIN_FILENO, .replace = wish->replace, .quiet = wish->quiet };
	local.all_platforms = !wish->arch && !wish->platform;
	if (!wish->input && isatty(STDIN_FILENO))
		return err_set(err, -EINVAL, "an archive is not typed in: give it with --input FILE, or pipe it in");
	int r = cli_platform(wish->arch, wish->platform, &local.platform, err);
	if (r == 0)
		r = idmap_plan(&map, err);
	cleanup_fd int dir_fd = r < 0 ? r : cli_open_store_dir(globals, &map, err);
	return dir_fd < 0 ? dir_fd : local_load(&local, &map, dir_fd, err);
}

int command_load(const struct globals *globals, int argc, char **argv, struct err *err)
{
	struct wish wish = { 0 };
	cleanup_strv struct strv words = { 0 };
	int r = options_parse(load_options, &wish, argc, argv, false, &words, err);
	if (r == 0 && wish.help)
		return cli_print_help("load");
	if (r == 0 && words.len)
		r = err_set(err, -EINVAL, "load takes no argument: an archive is --input FILE; `xrun pull` takes what names its form, as oci:DIR does");
	return r < 0 ? r : load(globals, &wish, err);
}
