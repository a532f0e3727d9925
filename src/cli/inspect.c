/* SPDX-License-Identifier: GPL-2.0-or-later */
/* inspect.c owns `xrun inspect`, of containers and of images. */
#include "src/cli/cli.h"

#include "registry/describe.h"
#include "src/cli/describe.h"
#include "src/cli/listing.h"
#include "src/cli/selection.h"
#include "src/cli/template.h"

#include <errno.h>
#include <stdio.h>

struct wish {
	const char *arch, *platform, *format, *type;
	bool help;
};

const struct option inspect_options[] = {
	{ "arch", 0, OPTION_TEXT, offsetof(struct wish, arch), "ARCH", "only the one for this architecture" },
	{ "platform", 0, OPTION_TEXT, offsetof(struct wish, platform), "OS/ARCH", "the same as docker writes it" },
	{ "type", 0, OPTION_TEXT, offsetof(struct wish, type), "TYPE", "container or image; if not given, the former before the latter" },
	{ "format", 'f', OPTION_TEXT, offsetof(struct wish, format), "TEMPLATE", "parts of it, as in '{{.State.Pid}}'; json is what it prints anyhow" },
	{ "help", 'h', OPTION_SWITCH, offsetof(struct wish, help), NULL, "show this" },
	{ 0 },
};

static int describe(const struct selection *s, const struct image *image, struct strv *documents, struct err *err)
{
	cleanup_buf struct buf config = { 0 };
	cleanup_strv struct strv names = { 0 };
	int r = store_read_blob(&s->store, &image->config, JSON_LIMIT, &config, err);
	for (size_t i = 0; i < s->images.count; i++)
		if (digest_equal(&s->images.items[i].config, &image->config))
			strv_add(&names, s->images.items[i].reference);
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

/* 1: there is none of that name. */
static int describe_running(const struct place *place, const char *word, struct strv *documents, struct err *err)
{
	cleanup_subject struct subject subject = SUBJECT_NONE;
	int r = subject_find(place, word, &subject, err);
	if (r == -ENOENT) {
		err_clear(err);
		return 1;
	}
	if (r == 0)
		strv_take(documents, describe_container(&subject));
	return r;
}

static int describe_all(const struct globals *globals, const struct wish *wish, const struct platform *want, const struct strv *words,
	struct strv *documents, struct err *err)
{
	cleanup_place struct place place = PLACE_CLOSED;
	cleanup_selection struct selection selection = SELECTION_CLOSED;
	bool containers = !want && !str_eq(wish->type, "image"), images = !str_eq(wish->type, "container"), opened = false;
	int r = place_open(&place, globals, err);
	for (size_t i = 0; r >= 0 && i < words->len; i++) {
		r = containers ? describe_running(&place, words->items[i], documents, err) : 1;
		if (r == 1 && !images)
			return err_set(err, -ENOENT, "there is no container %s; `xrun ps -a` lists them", words->items[i]);
		if (r == 1 && !opened) {
			r = selection_open(globals, &selection, err);
			opened = r == 0;
			r = opened ? 1 : r;
		}
		if (r == 1)
			r = describe_word(&selection, words->items[i], want, documents, err);
		if (r == -ENOENT && containers)
			err_append(err, ", and xrun ps -a the containers, of which none is called so");
	}
	return r;
}

static int print_documents(const struct strv *documents, const char *format, struct err *err)
{
	for (size_t i = 0; i < documents->len; i++) {
		cleanup_buf struct buf text = { 0 };
		int r = template_is_one(format) ? template_expand(format, documents->items[i], &text, err) : 0;
		if (r < 0)
			return r;
		if (template_is_one(format))
			cli_puts(text.data ? text.data : (char[]){ "" });
		else
			printf("%s%s", i ? ",\n" : "[\n", documents->items[i]);
	}
	return template_is_one(format) || puts("\n]") >= 0 ? 0 : err_sys(err, "cannot write the list");
}

int command_inspect(const struct globals *globals, int argc, char **argv, struct err *err)
{
	struct wish wish = { 0 };
	struct platform platform;
	cleanup_strv struct strv words = { 0 }, documents = { 0 };
	int r = options_parse(inspect_options, &wish, argc, argv, false, &words, err);
	if (r == 0 && wish.help)
		return cli_print_help("inspect");
	if (r == 0 && words.len == 0)
		r = err_set(err, -EINVAL, "which container or image? see xrun inspect --help");
	if (r == 0 && wish.type && !str_eq(wish.type, "container") && !str_eq(wish.type, "image"))
		r = err_set(err, -EINVAL, "--type %s: there are container and image", wish.type);
	bool one = wish.arch || wish.platform;
	if (r == 0)
		r = listing_check_format(wish.format, err);
	if (r == 0 && one)
		r = cli_platform(wish.arch, wish.platform, &platform, err);
	if (r == 0)
		r = describe_all(globals, &wish, one ? &platform : NULL, &words, &documents, err);
	return r < 0 ? r : print_documents(&documents, wish.format, err);
}
