/* SPDX-License-Identifier: GPL-2.0-or-later */
/* load.h owns bringing images into the store out of image layouts and archives. */
#ifndef XRUN_REGISTRY_LOAD_H
#define XRUN_REGISTRY_LOAD_H

#include "registry/image.h"
#include "registry/progress.h"
#include "registry/source.h"
#include "registry/store.h"

struct load_options {
	enum source_kind kind;
	int fd;                   /* the archive, read to its end, or the layout's directory; borrowed */
	const char *wanted;       /* the image's name in there; NULL: there is but one, or with `name` NULL all */
	const char *name;         /* what it is called in the store; NULL: every image as the source names it */
	struct platform platform; /* the wish */
	bool all_platforms;       /* every one for linux that there is, instead */
	bool replace;             /* a name that the store has for another image moves to the new one; else that is refused */
	bool single_id;           /* see layer.h */
	enum progress_style progress; /* on stderr */
	bool brief;               /* see install.h */
};

/*
 * Everything is checked as if it came from a registry, by the same code. Runs as root of a user namespace with its own
 * mount namespace. With `name` NULL the names that the store has now are printed, "Loaded image: NAME" as docker and
 * podman do; an image without a name is called localhost/unnamed@DIGEST.
 */
int load_images(const struct store *store, const struct load_options *options, struct err *err);

/*
 * Whether the store has the name for that platform: 1 for the image with that configuration (NULL: none has it), 0 not at all; for another one that is
 * -EEXIST, unless it may be replaced.
 */
int load_check_name(const struct store *store, const char *name, const struct platform *platform, const struct digest *config, bool replace,
	struct err *err);

#endif
