/* SPDX-License-Identifier: GPL-2.0-or-later */
/* source.h owns the forms of an image's name that say where it comes from, if not from a registry. Pure: no I/O. */
#ifndef XRUN_REGISTRY_SOURCE_H
#define XRUN_REGISTRY_SOURCE_H

#include "src/base/err.h"

#include <stdbool.h>

/*
 * containers-transports(5): oci:DIR[:NAME], oci-archive:FILE[:NAME], docker-archive:FILE[:NAME]. And rootfs:DIR, which is run as
 * it is and never comes into the store; its path goes to the end.
 */
enum source_kind { SOURCE_REGISTRY, SOURCE_LAYOUT, SOURCE_OCI_ARCHIVE, SOURCE_DOCKER_ARCHIVE, SOURCE_ANY_ARCHIVE, SOURCE_ROOTFS };

struct source {
	enum source_kind kind;
	char *path; /* up to the first colon after the form, as in containers-transports(5); NULL with SOURCE_REGISTRY */
	char *name; /* in the source: what follows the path; NULL: none. With SOURCE_REGISTRY: the text without "docker://" */
};
int source_parse(const char *text, struct source *ret_source, struct err *err);
void source_done(struct source *source);
#define cleanup_source __attribute__((cleanup(source_done)))

/* "oci-archive" */
const char *source_form(enum source_kind kind);
bool source_kind_by_form(const char *form, enum source_kind *ret_kind);

/* What an image from there is called in the store: the same text with an absolute path. An allocated string. */
char *source_text(const struct source *source, const char *absolute_path);

#endif
