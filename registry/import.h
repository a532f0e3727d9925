/* SPDX-License-Identifier: GPL-2.0-or-later */
/* import.h owns making an image of a directory tree. */
#ifndef XRUN_REGISTRY_IMPORT_H
#define XRUN_REGISTRY_IMPORT_H

#include "registry/image.h"
#include "registry/progress.h"
#include "registry/store.h"

#include "src/base/str.h"

struct import_options {
	int fd;                   /* the directory; may be O_PATH */
	const char *name;         /* of the new image, in full */
	struct platform platform; /* what its programs are for */
	struct strv changes;      /* see derive.h */
	bool replace;             /* see load.h */
	bool single_id;           /* see layer.h */
	enum progress_style progress;
};

/*
 * One layer with all that is in the directory and its own mode and owner: hard links, extended attributes and devices, too. Owners are
 * what they are for root of our user namespace; a file whose owner it does not have is an error, and groups that it does not have
 * become nogroup, which is told. What is mounted below the directory does not come along, nor do sockets.
 */
int import_tree(const struct store *store, const struct import_options *options, struct err *err);

#endif
