/* SPDX-License-Identifier: GPL-2.0-or-later */
/* images.c owns `xrun images` and `xrun rmi`. */
#include "src/cli/cli.h"

#include "registry/reference.h"
#include "src/base/fd.h"
#include "src/cli/listing.h"
#include "src/runtime/userns.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct wish {
	const char *arch, *platform, *format;
	bool all, help;
};

const struct option images_options[] = {
	{ "format", 0, OPTION_TEXT, offsetof(struct wish, format), "json", "for programs" },
	{ "help", 'h', OPTION_SWITCH, offsetof(struct wish, help), NULL, "show this" },
	{ 0 },
};

const struct option rmi_options[] = {
	{ "all", 'a', OPTION_SWITCH, offsetof(struct wish, all), NULL, "remove every image" },
	{ "arch", 0, OPTION_TEXT, offsetof(struct wish, arch), "ARCH", "only the one for this architecture" },
	{ "platform", 0, OPTION_TEXT, offsetof(struct wish, platform), "OS/ARCH", "the same as docker writes it" },
	{ "help", 'h', OPTION_SWITCH, offsetof(struct wish, help), NULL, "show this" },
	{ 0 },
};

static int print(const struct image *images, size_t count, const char *format, struct err *err)
{
	static const struct column columns[] = {
		{ "IMAGE", "name" }, { "PLATFORM", "platform" }, { "ID", NULL }, { "SIZE", "size", true }, { NULL, "id" },
		{ NULL, "digest" }, { NULL, "created" }, { 0 },
	};
	cleanup_listing struct listing listing = { .columns = columns };
	for (size_t i = 0; i < count; i++) {
		const struct image *image = &images[i];
		cleanup_free char *short_id = str_ndup(digest_hex(&image->config), 12);
		cleanup_free char *size = str_fmt("%lld", (long long)image->size);
		listing_add(&listing, (const char *[]){ image->reference, platform_text(&image->platform).text, short_id, size,
						image->config.text, image->manifest.text, image->created });
	}
	return listing_print(&listing, format, err);
}

static int open_store(const struct globals *globals, struct idmap *ret_map, struct store *ret_store, struct err *err)
{
	int r = idmap_plan(ret_map, err);
	cleanup_fd int dir_fd = r < 0 ? r : cli_open_store_dir(globals, ret_map, err);
	return dir_fd < 0 ? dir_fd : store_open(ret_store, dir_fd, false, err);
}

int command_images(const struct globals *globals, int argc, char **argv, struct err *err)
{
	struct wish wish = { 0 };
	struct idmap map;
	cleanup_strv struct strv operands = { 0 };
	cleanup_store struct store store = STORE_CLOSED;
	struct image *images = NULL;
	size_t count = 0;
	int r = options_parse(images_options, &wish, argc, argv, false, &operands, err);
	if (r == 0 && wish.help)
		return cli_print_help("images");
	if (r == 0 && operands.len)
		r = err_set(err, -EINVAL, "images takes no argument: %s", operands.items[0]);
	if (r == 0)
		r = listing_check_format(wish.format, err);
	if (r == 0)
		r = open_store(globals, &map, &store, err);
	if (r == 0)
		r = store_list_images(&store, &images, &count, err);
	if (r == -ENOENT) { /* nothing was ever pulled */
		err_clear(err);
		r = 0;
	}
	if (r >= 0)
		r = print(images, count, wish.format, err);
	for (size_t i = 0; i < count; i++)
		image_done(&images[i]);
	free(images);
	return r < 0 ? r : 0;
}

struct removal {
	const struct store *store;
	const struct strv *names;
	const struct platform *platform;
	bool all;
};

static int list_names(const struct store *store, struct strv *names, struct err *err)
{
	struct image *images = NULL;
	size_t count = 0;
	int r = store_list_images(store, &images, &count, err);
	for (size_t i = 0; i < count; i++) {
		bool seen = false;
		for (size_t j = 0; j < names->len && !seen; j++)
			seen = str_eq(names->items[j], images[i].reference);
		if (!seen)
			strv_add(names, images[i].reference);
		image_done(&images[i]);
	}
	free(images);
	return r < 0 ? r : 0;
}

/* Runs as root of the id map: layers belong to subordinate ids. */
static int remove_images(void *context, struct err *err)
{
	const struct removal *removal = context;
	cleanup_strv struct strv names = { 0 };
	int r = removal->all ? list_names(removal->store, &names, err) : 0;
	strv_extend(&names, removal->names);
	for (size_t i = 0; r >= 0 && i < names.len; i++) {
		struct reference reference;
		r = reference_parse(names.items[i], &reference, err);
		if (r < 0)
			return r;
		cleanup_free char *full = reference_text(&reference);
		r = store_remove_image(removal->store, full, removal->platform, err);
		if (r == -ENOENT)
			return err_set(err, r, "%s is not in the store; xrun images lists what is", full);
	}
	if (r >= 0 && removal->all)
		r = store_clean(removal->store, err);
	return r < 0 ? r : 0;
}

int command_rmi(const struct globals *globals, int argc, char **argv, struct err *err)
{
	struct wish wish = { 0 };
	struct idmap map;
	struct platform platform;
	cleanup_strv struct strv operands = { 0 };
	cleanup_store struct store store = STORE_CLOSED;
	int r = options_parse(rmi_options, &wish, argc, argv, false, &operands, err);
	if (r == 0 && wish.help)
		return cli_print_help("rmi");
	if (r == 0 && operands.len == 0 && !wish.all)
		return err_set(err, -EINVAL, "which image? see xrun rmi --help");
	bool one = wish.arch || wish.platform;
	if (r == 0 && one)
		r = cli_platform(wish.arch, wish.platform, &platform, err);
	if (r == 0)
		r = open_store(globals, &map, &store, err);
	if (r == -ENOENT && wish.all) { /* nothing was ever pulled */
		err_clear(err);
		return 0;
	}
	if (r == -ENOENT)
		return err_set(err, r, "%s is not in the store: nothing was pulled yet", operands.items[0]);
	struct removal removal = { &store, &operands, one ? &platform : NULL, wish.all };
	return r < 0 ? r : userns_call(&map, NULL, remove_images, &removal, err);
}
