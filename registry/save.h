/* SPDX-License-Identifier: GPL-2.0-or-later */
/* save.h owns writing images of the store into an archive. */
#ifndef XRUN_REGISTRY_SAVE_H
#define XRUN_REGISTRY_SAVE_H

#include "registry/source.h"
#include "registry/store.h"

/* An image, by a name that the store has and its platform. */
struct save_image {
	const char *name;
	struct platform platform;
};

/*
 * Writes a docker-archive (layers as plain tars, as docker save has them) or an oci-archive (blobs as they are) to fd. Every
 * blob is hashed before it is written: what is damaged is not passed on. Names that are not a registry's are left out.
 */
int save_images(const struct store *store, enum source_kind kind, const struct save_image *images, size_t count, int fd,
	struct err *err);

#endif
