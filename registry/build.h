/* SPDX-License-Identifier: GPL-2.0-or-later */
/* build.h owns images that are made here: a layer's blob of what somebody tells, and documents that have it. */
#ifndef XRUN_REGISTRY_BUILD_H
#define XRUN_REGISTRY_BUILD_H

#include "registry/derive.h"
#include "registry/install.h"
#include "registry/tar_write.h"

/*
 * Packs with gzip what `tell` writes; the blob is in the store then. With *ret_entries 0 of tell's there is none, and the
 * digests stay as they are. ret_layer has no media type.
 */
int build_layer(const struct store *store, int (*tell)(void *context, struct tar_writer *writer, size_t *ret_entries, struct err *err),
	void *context, struct descriptor *ret_layer, struct digest *ret_diff_id, struct err *err);

struct build {
	const char *name;          /* of the new image, in full */
	struct manifest *manifest; /* of the image that it is made from; gets the layer and the new configuration */
	struct derive *derive;     /* likewise */
	struct derive_step step;   /* its diff_id NULL: there is no layer */
	const struct descriptor *layer;
	bool single_id;            /* see layer.h */
	enum progress_style progress;
	const struct strv *notes;  /* see install.h */
};

/* The image comes into the store as a pulled one does, unpacked and all. *ret_id: the configuration's digest. */
int build_image(const struct store *store, struct build *build, struct digest *ret_id, struct err *err);

#endif
