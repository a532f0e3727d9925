/* SPDX-License-Identifier: GPL-2.0-or-later */
/* prune.c owns `xrun prune`. */
#include "src/cli/cli.h"

#include "src/cli/listing.h"
#include "src/cli/selection.h"
#include "src/runtime/userns.h"

#include <errno.h>
#include <stdio.h>

struct wish {
	const char *format;
	bool help;
};

const struct option prune_options[] = {
	{ "format", 0, OPTION_TEXT, offsetof(struct wish, format), "json", "for programs" },
	{ "help", 'h', OPTION_SWITCH, offsetof(struct wish, help), NULL, "show this" },
	{ 0 },
};

static const struct column columns[] = { { "LAYERS", "layers" }, { "BLOBS", "blobs" }, { "SIZE", "size", true }, { 0 } };

struct pruning {
	const struct store *store;
	const char *format;
};

/* Runs as root of the id map: layers belong to subordinate ids. */
static int prune(void *context, struct err *err)
{
	const struct pruning *pruning = context;
	struct store_freed freed = { 0 };
	cleanup_listing struct listing listing = { .columns = columns };
	int r = store_reclaim_staging(pruning->store, err);
	if (r == 0)
		r = store_clean(pruning->store, &freed, err);
	if (r < 0)
		return r;
	if (freed.is_busy)
		return err_set(err, -EBUSY, "the store is in use by a running container or a pull; nothing was removed: "
			"prune it when they have ended");
	cleanup_free char *layers = str_fmt("%zu", freed.layers), *blobs = str_fmt("%zu", freed.blobs);
	cleanup_free char *size = str_fmt("%lld", (long long)freed.bytes);
	listing_add(&listing, (const char *[]){ layers, blobs, size });
	r = listing_print(&listing, pruning->format, err);
	fflush(stdout);
	return r;
}

int command_prune(const struct globals *globals, int argc, char **argv, struct err *err)
{
	struct wish wish = { 0 };
	cleanup_strv struct strv words = { 0 };
	cleanup_selection struct selection selection = SELECTION_CLOSED;
	int r = options_parse(prune_options, &wish, argc, argv, false, &words, err);
	if (r == 0 && wish.help)
		return cli_print_help("prune");
	if (r == 0 && words.len)
		r = err_set(err, -EINVAL, "prune takes no argument: %s", words.items[0]);
	if (r == 0)
		r = listing_check_format(wish.format, err);
	if (r == 0)
		r = selection_open(globals, &selection, err);
	if (r == 0 && selection.store.dir_fd < 0) /* nothing was ever pulled */
		return 0;
	struct pruning pruning = { &selection.store, wish.format };
	return r < 0 ? r : userns_call(&selection.map, NULL, prune, &pruning, err);
}
