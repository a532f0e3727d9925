/* SPDX-License-Identifier: GPL-2.0-or-later */
/* selection.h owns which images of the store a command's words mean. */
#ifndef XRUN_CLI_SELECTION_H
#define XRUN_CLI_SELECTION_H

#include "src/cli/cli.h"

/* The store, open, and everything in it. */
struct selection {
	struct idmap map;
	int dir_fd;
	struct store store;
	struct images images;
};
#define SELECTION_CLOSED { .dir_fd = -1, .store = STORE_CLOSED }

/* A store into which nothing was ever pulled has no images; its descriptors stay closed. */
int selection_open(const struct globals *globals, struct selection *ret_selection, struct err *err);
void selection_close(struct selection *selection);
#define cleanup_selection __attribute__((cleanup(selection_close)))

/* A name as people write it ("debian:12", "oci-archive:x.tar"), as the store has it; an allocated string, or NULL with err. */
char *selection_full_name(const char *text, struct err *err);

/* A name that an image is to get: a registry's, with a tag and no digest, in full; an allocated string, or NULL with err. */
char *selection_new_name(const char *text, struct err *err);

/*
 * The images that `text` means: those of that name, or else the one whose id (or manifest's digest) begins with it, as at least
 * 4 hex digits, with or without "sha256:". `want` NULL: of all platforms. Pointers into selection->images, NULL at
 * the end; the array is the caller's. None, or several ids: an error that says so.
 */
int selection_find(const struct selection *selection, const char *text, const struct platform *want,
	const struct image ***ret_found, struct err *err);

/* The same, but one: of several platforms, that of the host, or the only one. */
int selection_find_one(const struct selection *selection, const char *text, const struct platform *want,
	const struct image **ret_image, struct err *err);

/*
 * Adds what xrun-fetch takes for it, NAME PLATFORM, to `argv`: for that of --arch or --platform (either may be NULL), for each
 * with arch "all".
 */
int selection_add(const struct selection *selection, const char *text, const char *arch, const char *platform,
	struct strv *argv, struct err *err);

#endif
