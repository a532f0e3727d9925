/* SPDX-License-Identifier: GPL-2.0-or-later */
/* source.c owns the forms of an image's name that say where it comes from. */
#include "registry/source.h"

#include "src/base/str.h"

#include <errno.h>
#include <string.h>

static const struct {
	const char *form;
	enum source_kind kind;
} forms[] = {
	{ "oci", SOURCE_LAYOUT }, { "oci-archive", SOURCE_OCI_ARCHIVE }, { "docker-archive", SOURCE_DOCKER_ARCHIVE },
	{ "archive", SOURCE_ANY_ARCHIVE }, { "rootfs", SOURCE_ROOTFS },
};
enum { FORMS = sizeof forms / sizeof *forms };

const char *source_form(enum source_kind kind)
{
	for (size_t i = 0; i < FORMS; i++)
		if (forms[i].kind == kind)
			return forms[i].form;
	return "docker";
}

bool source_kind_by_form(const char *form, enum source_kind *ret_kind)
{
	for (size_t i = 0; i < FORMS; i++) {
		if (str_eq(forms[i].form, form)) {
			*ret_kind = forms[i].kind;
			return true;
		}
	}
	return false;
}

/* SOURCE_ANY_ARCHIVE has no form that people write: it is what `xrun load` reads. */
static bool take_form(const char *text, enum source_kind *ret_kind, const char **ret_rest)
{
	for (size_t i = 0; i < FORMS; i++) {
		size_t len = strlen(forms[i].form);
		if (forms[i].kind != SOURCE_ANY_ARCHIVE && str_starts(text, forms[i].form) && text[len] == ':') {
			*ret_kind = forms[i].kind;
			*ret_rest = text + len + 1;
			return true;
		}
	}
	return false;
}

int source_parse(const char *text, struct source *ret_source, struct err *err)
{
	const char *rest;
	enum source_kind kind;
	if (!take_form(text, &kind, &rest)) {
		rest = str_starts(text, "docker://") ? text + strlen("docker://") : text;
		*ret_source = (struct source){ .kind = SOURCE_REGISTRY, .name = str_dup(rest) };
		return 0;
	}
	size_t len = kind == SOURCE_ROOTFS ? strlen(rest) : strcspn(rest, ":");
	if (len == 0 || len >= 4096)
		return err_set(err, -EINVAL, "%.300s: which %s? write it like %s:PATH", text,
			kind == SOURCE_LAYOUT || kind == SOURCE_ROOTFS ? "directory" : "file", source_form(kind));
	if (rest[len] == ':' && !rest[len + 1])
		return err_set(err, -EINVAL, "%.300s: there is no name after the last colon", text);
	*ret_source = (struct source){ .kind = kind, .path = str_ndup(rest, len), .name = rest[len] ? str_dup(rest + len + 1) : NULL };
	return 0;
}

void source_done(struct source *source)
{
	free(source->path);
	free(source->name);
	*source = (struct source){ 0 };
}

char *source_text(const struct source *source, const char *absolute_path)
{
	return str_fmt("%s:%s%s%s", source_form(source->kind), absolute_path, source->name ? ":" : "", source->name ? source->name : "");
}
