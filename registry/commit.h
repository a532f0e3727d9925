/* SPDX-License-Identifier: GPL-2.0-or-later */
/* commit.h owns making an image of a container: its image's layers, and one more of what it has changed. */
#ifndef XRUN_REGISTRY_COMMIT_H
#define XRUN_REGISTRY_COMMIT_H

#include "registry/store.h"

struct commit_options {
	const char *container;       /* its id */
	const char *base;            /* the image that it was made from, by name: the layers say which, this one comes first */
	const char *name;            /* of the new image, in full */
	const char *created_by, *author, *comment; /* for its history; NULL: nothing is said */
	struct strv changes;         /* see derive.h */
	struct strv skip;            /* see upper.h */
	bool single_id;              /* see layer.h */
};

/*
 * The caller sees to it that nobody writes the container's files. The layer is packed with gzip and comes into the store as a
 * pulled one does, unpacked and all; a container that has changed nothing adds none. *ret_id: the configuration's digest.
 */
int commit_container(const struct store *store, const struct commit_options *options, struct digest *ret_id, struct err *err);

#endif
