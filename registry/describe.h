/* SPDX-License-Identifier: GPL-2.0-or-later */
/* describe.h owns what is told of an image: docker's document about it, and its history. Pure: texts in, texts out. */
#ifndef XRUN_REGISTRY_DESCRIBE_H
#define XRUN_REGISTRY_DESCRIBE_H

#include "registry/image.h"
#include "src/base/err.h"

/*
 * What docker and podman call `image inspect` (field names are theirs), of one image: a JSON object, the caller's. `names` are
 * all its names in the store. "Layers" is ours: of each layer the digest, the size, and its directory in the store.
 */
char *describe_image(const struct image *image, const struct strv *names, const char *config, size_t len, struct err *err);

/* One step of how an image was made (OCI image-spec config.md, "history"). Strings are never NULL. */
struct history_step {
	char *created, *created_by, *comment;
	int64_t size;  /* of the layer as it is packed; 0 without one */
	bool is_empty; /* it made no layer */
};
struct history {
	struct history_step *steps; /* the first first */
	size_t count;
};

/* The lowest layers, where the steps tell of fewer, get one without text each: the steps' sizes always add up to the layers'. */
int describe_history(const struct image *image, const char *config, size_t len, struct history *ret_history, struct err *err);
void history_done(struct history *history);

#endif
