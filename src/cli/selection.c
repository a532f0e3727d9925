/* SPDX-License-Identifier: GPL-2.0-or-later */
/* selection.c owns which images of the store a command's words mean. */
#include "src/cli/selection.h"

#include "registry/reference.h"
#include "src/base/fd.h"
#include "src/cli/local.h"

#include <errno.h>
#include <string.h>

enum { SHORTEST_ID = 4 };

int selection_open(const struct globals *globals, struct selection *ret_selection, struct err *err)
{
	struct selection s = SELECTION_CLOSED;
	int r = idmap_plan(&s.map, err);
	s.dir_fd = r < 0 ? r : cli_open_store_dir(globals, &s.map, err);
	r = s.dir_fd < 0 ? s.dir_fd : store_open(&s.store, s.dir_fd, false, err);
	if (r == 0)
		r = store_list_images(&s.store, &s.images, err);
	if (r == -ENOENT) { /* nothing was ever pulled */
		err_clear(err);
		r = 0;
	}
	if (r < 0)
		selection_close(&s);
	else
		*ret_selection = s;
	return r;
}

void selection_close(struct selection *s)
{
	images_done(&s->images);
	store_close(&s->store);
	fd_close(&s->dir_fd);
}

char *selection_full_name(const char *text, struct err *err)
{
	struct reference reference;
	cleanup_source struct source source = { 0 };
	if (source_parse(text, &source, err) < 0)
		return NULL;
	if (source.kind != SOURCE_REGISTRY)
		return local_name(&source, err);
	return reference_parse(source.name, &reference, err) < 0 ? NULL : reference_text(&reference);
}

char *selection_new_name(const char *text, struct err *err)
{
	struct reference reference;
	if (reference_parse(text, &reference, err) < 0)
		return NULL;
	if (!*reference.digest.text)
		return reference_text(&reference);
	err_set(err, -EINVAL, "%s: a digest is not for you to give; name it by a tag", text);
	return NULL;
}

static bool has_id(const struct image *image, const char *hex)
{
	return str_starts(digest_hex(&image->config), hex) || str_starts(digest_hex(&image->manifest), hex);
}

/* What could be the beginning of an id, or NULL. */
static const char *id_of(const char *text)
{
	const char *hex = str_starts(text, "sha256:") ? text + strlen("sha256:") : text;
	size_t len = strlen(hex);
	return len >= SHORTEST_ID && len <= DIGEST_HEX && strspn(hex, "0123456789abcdef") == len ? hex : NULL;
}

static int not_there(const char *name, const struct platform *want, struct err *err)
{
	if (want)
		return err_set(err, -ENOENT, "%s is not in the store for %s; xrun images lists what is", name, platform_text(want).text);
	return err_set(err, -ENOENT, "%s is not in the store; xrun images lists what is", name);
}

static size_t collect(const struct selection *s, const char *name, const char *hex, const struct platform *want,
	const struct image **found)
{
	size_t count = 0;
	for (size_t i = 0; i < s->images.count; i++) {
		const struct image *image = &s->images.items[i];
		bool meant = name ? str_eq(image->reference, name) : has_id(image, hex);
		if (meant && (!want || platform_score(&image->platform, want) == 100))
			found[count++] = image;
	}
	found[count] = NULL;
	return count;
}

/* One id has the same configuration and so the same platform, but may have several names. */
static int check_one_id(const struct image *const *found, const char *text, struct err *err)
{
	for (size_t i = 1; found[i]; i++)
		if (!digest_equal(&found[i]->config, &found[0]->config))
			return err_set(err, -EINVAL, "%s is the beginning of several ids: %.12s and %.12s; write more of it", text,
				digest_hex(&found[0]->config), digest_hex(&found[i]->config));
	return 0;
}

int selection_find(const struct selection *s, const char *text, const struct platform *want, const struct image ***ret_found,
	struct err *err)
{
	cleanup_free const struct image **found = mem_new((s->images.count + 1) * sizeof *found);
	const char *hex = id_of(text);
	cleanup_free char *name = selection_full_name(text, err);
	if (!name && !hex)
		return err->code;
	size_t count = name ? collect(s, name, NULL, want, found) : 0;
	if (!count && hex) {
		err_clear(err);
		count = collect(s, NULL, hex, want, found);
		if (check_one_id(found, text, err) < 0)
			return err->code;
	}
	if (!count)
		return not_there(name ? name : text, want, err);
	*ret_found = found;
	found = NULL;
	return 0;
}

int selection_find_one(const struct selection *s, const char *text, const struct platform *want, const struct image **ret_image,
	struct err *err)
{
	cleanup_free const struct image **found = NULL;
	struct platform host;
	int r = selection_find(s, text, want, &found, err);
	if (r == 0)
		r = cli_platform(NULL, NULL, &host, err);
	if (r < 0 || !found)
		return r;
	const struct image *best = found[0];
	for (size_t i = 1; found[i]; i++)
		if (platform_score(&found[i]->platform, &host) > platform_score(&best->platform, &host))
			best = found[i];
	if (found[1] && !digest_equal(&found[0]->config, &found[1]->config) && platform_score(&best->platform, &host) == 0)
		return err_set(err, -EINVAL, "%s is in the store for several platforms, %s and %s among them; choose one with --arch",
			text, platform_text(&found[0]->platform).text, platform_text(&found[1]->platform).text);
	*ret_image = best;
	return 0;
}

static void add_image(struct strv *argv, const struct image *image)
{
	strv_add(argv, image->reference);
	strv_add(argv, platform_text(&image->platform).text);
}

int selection_add(const struct selection *s, const char *text, const char *arch, const char *platform, struct strv *argv, struct err *err)
{
	cleanup_free const struct image **found = NULL;
	struct platform wanted;
	const struct image *image = NULL;
	bool all = str_eq(arch, "all") && !platform, one = !all && (arch || platform);
	int r = one ? cli_platform(arch, platform, &wanted, err) : 0;
	if (r == 0 && all)
		r = selection_find(s, text, NULL, &found, err);
	else if (r == 0)
		r = selection_find_one(s, text, one ? &wanted : NULL, &image, err);
	if (r == 0 && image)
		add_image(argv, image);
	for (size_t i = 0; r == 0 && found && found[i]; i++)
		add_image(argv, found[i]);
	return r;
}
