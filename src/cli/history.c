/* SPDX-License-Identifier: GPL-2.0-or-later */
/* history.c owns `xrun history`. */
#include "src/cli/cli.h"

#include "registry/describe.h"
#include "src/cli/listing.h"
#include "src/cli/selection.h"
#include "src/cli/when.h"

#include <errno.h>
#include <string.h>

struct wish {
	const char *arch, *platform, *format;
	bool no_trunc, help;
};

const struct option history_options[] = {
	{ "arch", 0, OPTION_TEXT, offsetof(struct wish, arch), "ARCH", "of the image for this architecture" },
	{ "platform", 0, OPTION_TEXT, offsetof(struct wish, platform), "OS/ARCH", "the same as docker writes it" },
	{ "no-trunc", 0, OPTION_SWITCH, offsetof(struct wish, no_trunc), NULL, "whole commands" },
	{ "format", 0, OPTION_TEXT, offsetof(struct wish, format), "json", "for programs" },
	{ "help", 'h', OPTION_SWITCH, offsetof(struct wish, help), NULL, "show this" },
	{ 0 },
};

static const struct column columns[] = {
	{ "CREATED", NULL }, { "SIZE", "size", true }, { "CREATED BY", NULL }, { NULL, "created" }, { NULL, "created_by" },
	{ NULL, "comment" }, { 0 },
};

/* A line for people: commands come with blanks, tabs and newlines in them. */
static char *one_line(const char *text, bool whole)
{
	enum { SHOWN = 60 };
	struct buf line = { 0 };
	buf_str(&line, "");
	for (; *text; text++) {
		bool blank = (unsigned char)*text <= ' ' || *text == 0x7f;
		if (!blank || (line.len && line.data[line.len - 1] != ' '))
			buf_add(&line, blank ? " " : text, 1);
	}
	if (!whole && line.len > SHOWN) {
		line.len = SHOWN - 3;
		buf_str(&line, "...");
	}
	return buf_take(&line);
}

static int print(const struct history *history, const struct wish *wish, struct err *err)
{
	cleanup_listing struct listing listing = { .columns = columns };
	for (size_t i = history->count; i-- > 0;) {
		const struct history_step *step = &history->steps[i];
		cleanup_free char *age = when_told(step->created);
		cleanup_free char *size = str_fmt("%lld", (long long)step->size);
		cleanup_free char *command = one_line(*step->created_by ? step->created_by : step->comment, wish->no_trunc);
		listing_add(&listing, (const char *[]){ age, size, command, step->created, step->created_by, step->comment });
	}
	return listing_print(&listing, wish->format, err);
}

static int print_image(const struct selection *s, const struct image *image, const struct wish *wish, struct err *err)
{
	cleanup_buf struct buf config = { 0 };
	struct history history = { 0 };
	int r = store_read_blob(&s->store, &image->config, JSON_LIMIT, &config, err);
	if (r == 0)
		r = describe_history(image, config.data, config.len, &history, err);
	if (r == 0)
		r = print(&history, wish, err);
	history_done(&history);
	return r;
}

int command_history(const struct globals *globals, int argc, char **argv, struct err *err)
{
	struct wish wish = { 0 };
	struct platform platform;
	const struct image *image = NULL;
	cleanup_strv struct strv words = { 0 };
	cleanup_selection struct selection selection = SELECTION_CLOSED;
	int r = options_parse(history_options, &wish, argc, argv, false, &words, err);
	if (r == 0 && wish.help)
		return cli_print_help("history");
	if (r == 0 && words.len != 1)
		r = err_set(err, -EINVAL, "history takes one image; see xrun history --help");
	bool one = wish.arch || wish.platform;
	if (r == 0)
		r = listing_check_format(wish.format, err);
	if (r == 0 && one)
		r = cli_platform(wish.arch, wish.platform, &platform, err);
	if (r == 0)
		r = selection_open(globals, &selection, err);
	if (r == 0)
		r = selection_find_one(&selection, words.items[0], one ? &platform : NULL, &image, err);
	return r < 0 ? r : print_image(&selection, image, &wish, err);
}
