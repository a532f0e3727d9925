/* SPDX-License-Identifier: GPL-2.0-or-later */
/* images.c owns `xrun images`. */
#include "src/cli/cli.h"

#include "src/cli/listing.h"
#include "src/cli/selection.h"
#include "src/cli/when.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

struct wish {
	const char *format;
	struct strv filters;
	bool quiet, no_trunc, all, digests, help;
};

const struct option images_options[] = {
	{ "quiet", 'q', OPTION_SWITCH, offsetof(struct wish, quiet), NULL, "only ids" },
	{ "filter", 'f', OPTION_LIST, offsetof(struct wish, filters), "KEY=VALUE", "only those with this: label=KEY[=VALUE], reference=PATTERN, dangling=true|false" },
	{ "all", 'a', OPTION_SWITCH, offsetof(struct wish, all), NULL, "for docker's sake: every image has a name, so all are listed" },
	{ "digests", 0, OPTION_SWITCH, offsetof(struct wish, digests), NULL, "for docker's sake: digests are always shown" },
	{ "no-trunc", 0, OPTION_SWITCH, offsetof(struct wish, no_trunc), NULL, "ids and digests in full" },
	{ "format", 0, OPTION_TEXT, offsetof(struct wish, format), "json|TEMPLATE", "for programs; or docker's templates: '{{.Repository}}:{{.Tag}}'" },
	{ "help", 'h', OPTION_SWITCH, offsetof(struct wish, help), NULL, "show this" },
	{ 0 },
};

static const struct column columns[] = {
	{ "IMAGE", "name" }, { "PLATFORM", "platform" }, { "ID", NULL }, { "DIGEST", NULL }, { "CREATED", NULL, .field = "CreatedSince" },
	{ "SIZE", "size", true }, { NULL, "id", .field = "FullID" }, { NULL, "digest", .field = "FullDigest" },
	{ NULL, "created", .field = "CreatedAt" }, { NULL, "layers" }, { NULL, NULL, .field = "Repository" }, { NULL, NULL, .field = "Tag" }, { 0 },
};

/* Where the tag's colon or the digest's at is in an image's name, or else its end. */
static size_t repository_length(const char *reference)
{
	const char *slash = strrchr(reference, '/'), *last = slash ? slash : reference;
	return (size_t)(last - reference) + strcspn(last, ":@");
}

static void add_row(struct listing *listing, const struct image *image, const struct wish *wish)
{
	int shown = wish->no_trunc ? DIGEST_HEX : 12;
	cleanup_free char *id = str_ndup(digest_hex(&image->config), shown);
	cleanup_free char *digest = str_ndup(digest_hex(&image->manifest), shown);
	cleanup_free char *size = str_fmt("%lld", (long long)image->size);
	cleanup_free char *age = when_told(image->created);
	cleanup_free char *layers = str_fmt("%zu", image->layer_count);
	size_t end = repository_length(image->reference);
	cleanup_free char *repository = str_ndup(image->reference, end);
	cleanup_free char *tag = image->reference[end] == ':' ? str_ndup(image->reference + end + 1, strcspn(image->reference + end, "@") - 1) : NULL;
	listing_add(listing, (const char *[]){ image->reference, platform_text(&image->platform).text, id, digest, age, size, image->config.text,
				     image->manifest.text, image->created, layers, repository, tag ? tag : "<none>" });
}

/* docker's and podman's argument: a name with a tag is that image, one without is every tag of it. */
static bool is_meant(const struct image *image, const char *full, const char *text)
{
	size_t len = strlen(full), bare = len - strlen(":latest");
	if (!str_ends(full, ":latest") || str_ends(text, ":latest"))
		return str_eq(image->reference, full);
	return strncmp(image->reference, full, bare) == 0 && strchr(":@", image->reference[bare]);
}

static bool has_label(const struct image *image, const char *value)
{
	const char *equals = strchr(value, '=');
	cleanup_free char *key = equals ? str_ndup(value, equals - value) : str_dup(value);
	const char *found = strv_env_get(&image->labels, key);
	return found && (!equals || str_eq(found, equals + 1));
}

/* As docker has it: a shell's pattern, of which * is no slash, for the name with or without its tag; docker.io's also as people write them. */
static bool has_reference(const struct image *image, const char *pattern)
{
	static const char *const left_out[] = { "", "docker.io/", "docker.io/library/" };
	for (size_t i = 0; i < sizeof left_out / sizeof *left_out; i++) {
		if (!str_starts(image->reference, left_out[i]))
			continue;
		const char *name = image->reference + strlen(left_out[i]);
		cleanup_free char *repository = str_ndup(name, repository_length(name));
		if (fnmatch(pattern, name, FNM_PATHNAME) == 0 || fnmatch(pattern, repository, FNM_PATHNAME) == 0)
			return true;
	}
	return false;
}

static bool is_dangling(const struct image *image, const char *value)
{
	(void)image; /* the store keeps none without a name */
	return str_eq(value, "false");
}

static const struct filter {
	const char *key;
	bool (*matches)(const struct image *image, const char *value);
	bool any; /* of several values one is enough */
} filters[] = { { "label=", has_label, false }, { "reference=", has_reference, true }, { "dangling=", is_dangling, false } };
enum { FILTERS = sizeof filters / sizeof *filters };

static int check_filters(const struct strv *wanted, struct err *err)
{
	for (size_t i = 0; i < wanted->len; i++) {
		const char *text = wanted->items[i];
		bool known = str_eq(text, "dangling=true") || str_eq(text, "dangling=false");
		for (int f = 0; f < FILTERS; f++)
			known = known || (filters[f].matches != is_dangling && str_starts(text, filters[f].key));
		if (!known)
			return err_set(err, -EINVAL, "--filter %s: there are dangling=true|false, reference=PATTERN and label=KEY[=VALUE]", text);
	}
	return 0;
}

static bool passes(const struct image *image, const struct strv *wanted)
{
	for (int f = 0; f < FILTERS; f++) {
		size_t asked = 0, held = 0;
		for (size_t i = 0; i < wanted->len; i++) {
			if (!str_starts(wanted->items[i], filters[f].key))
				continue;
			asked++;
			held += filters[f].matches(image, wanted->items[i] + strlen(filters[f].key));
		}
		if (filters[f].any ? asked && !held : held < asked)
			return false;
	}
	return true;
}

static int print(const struct selection *s, const char *only, const struct wish *wish, struct err *err)
{
	cleanup_listing struct listing listing = { .columns = columns };
	cleanup_free char *full = only ? selection_full_name(only, err) : NULL;
	if (only && !full)
		return err->code;
	for (size_t i = 0; i < s->images.count; i++) {
		const struct image *image = &s->images.items[i];
		if ((only && !is_meant(image, full, only)) || !passes(image, &wish->filters))
			continue;
		if (wish->quiet)
			printf("%.*s\n", wish->no_trunc ? DIGEST_SIZE : 12, wish->no_trunc ? image->config.text : digest_hex(&image->config));
		else
			add_row(&listing, image, wish);
	}
	return wish->quiet ? 0 : listing_print(&listing, wish->format, err);
}

int command_images(const struct globals *globals, int argc, char **argv, struct err *err)
{
	struct wish wish = { 0 };
	cleanup_strv struct strv operands = { 0 };
	cleanup_selection struct selection selection = SELECTION_CLOSED;
	int r = options_parse(images_options, &wish, argc, argv, false, &operands, err);
	if (r == 0 && wish.help) {
		strv_done(&wish.filters);
		return cli_print_help("images");
	}
	if (r == 0 && operands.len > 1)
		r = err_set(err, -EINVAL, "images takes one name at most: %s", operands.items[1]);
	if (r == 0)
		r = listing_check_format(wish.format, err);
	if (r == 0)
		r = check_filters(&wish.filters, err);
	if (r == 0)
		r = selection_open(globals, &selection, err);
	if (r == 0)
		r = print(&selection, operands.len ? operands.items[0] : NULL, &wish, err);
	strv_done(&wish.filters);
	return r;
}
