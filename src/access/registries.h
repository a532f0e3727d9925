/* SPDX-License-Identifier: GPL-2.0-or-later */
/* registries.h owns what containers-registries.conf(5), version 2, says of where an image is to be had. */
#ifndef XRUN_ACCESS_REGISTRIES_H
#define XRUN_ACCESS_REGISTRIES_H

#include "registry/endpoint.h"
#include "registry/reference.h"

struct mirror {
	char *location;
	bool insecure;
	enum { MIRROR_ALWAYS, MIRROR_DIGESTS, MIRROR_TAGS } when; /* the reference has one */
	bool when_given;
};

/* [[registry]]. What the file does not say is NULL. */
struct rule {
	char *prefix, *location;
	bool insecure, blocked, digests_only; /* mirror-by-digest-only */
	struct mirror *mirrors;
	size_t mirror_count;
	char *file; /* where it stands */
	unsigned line;
};
struct registries {
	struct rule *rules;
	size_t count;
	struct strv search; /* unqualified-search-registries */
	char *search_file;  /* the file that has it; NULL: none */
	struct strv aliases; /* NAME=VALUE */
	struct strv helpers; /* credential-helpers; empty: the files with credentials alone */
};
void registries_done(struct registries *registries);
#define cleanup_registries __attribute__((cleanup(registries_done)))

/*
 * Adds a file's text, over what is there: a [[registry]] of the same prefix, the list to search, and an alias of the
 * same name replace what an earlier file had. Pure. Whatever is not understood is an error that names the line.
 */
int registries_add(struct registries *registries, const char *file, const char *text, size_t len, struct err *err);

/*
 * The files: $CONTAINERS_REGISTRIES_CONF, or ~/.config/containers/registries.conf, or /etc/containers/registries.conf;
 * then, by name, those ending in .conf in /etc/containers/registries.conf.d and ~/.config/containers/registries.conf.d.
 */
int registries_read(struct registries *ret_registries, struct err *err);

/*
 * Where to get an image, in order: the mirrors that may be asked for such a reference, then the registry itself. Pure.
 * The longest prefix counts. -EACCES: it is blocked.
 */
int registries_plan(const struct registries *registries, const struct reference *reference, struct endpoints *ret_endpoints,
	struct err *err);

/*
 * `typed` without a registry means docker.io here, always, so that the store need not ask these files. Where they say
 * otherwise it is an error that says what to type instead. Pure.
 */
int registries_check_short(const struct registries *registries, const char *typed, const struct reference *reference,
	struct err *err);

#endif
