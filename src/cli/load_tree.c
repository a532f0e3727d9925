/* SPDX-License-Identifier: GPL-2.0-or-later */
/* load_tree.c owns `xrun load rootfs:DIR NAME`. */
#include "src/cli/load_tree.h"

#include "src/base/fd.h"
#include "src/cli/run.h"
#include "src/cli/selection.h"
#include "src/runtime/lower.h"
#include "src/runtime/root_arch.h"

#include <errno.h>
#include <stdlib.h>

/* What its programs say, or else what the user does; an image that claims what nobody knows would be of no use. */
static int choose_platform(const struct load_wish *wish, const char *dir, int root_fd, struct platform *ret_platform, struct err *err)
{
	const char *option = wish->arch ? wish->arch : wish->platform;
	const struct root_program unknown = { "", NULL, NULL };
	const struct arch *found = NULL;
	int r = cli_platform(wish->arch, wish->platform, ret_platform, err);
	if (r == 0)
		r = rootfs_arch(root_fd, &unknown, option, dir, &found, err);
	if (r == 0 && !found && !option)
		return err_set(err, -EINVAL, "%s has no shell that tells its architecture: say it with --arch", dir);
	return r == 0 && !option ? cli_platform(found->name, NULL, ret_platform, err) : r;
}

static int call_helper(const struct load_wish *wish, const char *name, const struct platform *platform, int root_fd, const struct idmap *map,
	int store_dir_fd, struct err *err)
{
	cleanup_strv struct strv argv = { 0 };
	char *progress = NULL;
	int r = cli_choose_progress(&(struct fetch){ .quiet = wish->quiet, .progress = wish->progress }, &progress, err);
	if (r < 0)
		return r;
	const struct platform_text platform_word = platform_text(platform);
	const char *const words[] = { "xrun-fetch", "import", name, platform_word.text };
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		strv_add(&argv, words[i]);
	strv_take(&argv, progress);
	for (size_t i = 0; i < wish->changes.len; i++)
		strv_take(&argv, str_fmt("--change=%s", wish->changes.items[i]));
	if (wish->replace)
		strv_add(&argv, "--replace");
	if (map->single)
		strv_add(&argv, "--single-id");
	return cli_helper(argv.items, root_fd, map, store_dir_fd, err);
}

int load_tree(const struct globals *globals, const struct load_wish *wish, const struct source *source, const char *name, struct err *err)
{
	struct idmap map;
	struct platform platform;
	cleanup_lower struct lower lower = LOWER_NONE;
	cleanup_free char *dir = realpath(source->path, NULL);
	cleanup_free char *shown = str_fmt("rootfs:%s", source->path);
	struct spec spec = { .rootfs = dir };
	if (wish->input)
		return err_set(err, -EINVAL, "--input %s and %s: one at a time", wish->input, shown);
	if (!dir)
		return err_sys(err, "%s", shown);
	cleanup_free char *full = selection_new_name(name, err);
	int r = full ? 0 : err->code;
	if (r == 0)
		r = idmap_plan(&map, err);
	if (r == 0)
		r = lower_open(&spec, &map, &lower, err);
	if (r == 0)
		r = choose_platform(wish, shown, lower.fd, &platform, err);
	cleanup_fd int store_dir_fd = r < 0 ? r : cli_open_store_dir(globals, &map, err);
	if (store_dir_fd < 0)
		return store_dir_fd;
	r = call_helper(wish, full, &platform, lower.fd, &map, store_dir_fd, err);
	return r < 0 ? err_prefix(err, "%s", shown) : 0;
}
