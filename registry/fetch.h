/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fetch.h owns bringing one layer into the store's staging: downloaded, verified, unpacked, not yet named. */
#ifndef XRUN_REGISTRY_FETCH_H
#define XRUN_REGISTRY_FETCH_H

#include "registry/session.h"
#include "registry/image.h"
#include "registry/layer.h"
#include "registry/progress.h"
#include "registry/store.h"

/* One layer on its way. */
struct staged {
	const struct image_layer *layer;
	char name[LAYER_NAME_SIZE]; /* below layers/ */
	char dir[32];              /* below staging/, holding "root"; empty: layers/name was there already */
	int dir_fd;                /* locked; -1 if dir is empty */
	struct layer_report report;
};

/* Makes a locked staging directory with an empty "root" in it. */
int fetch_stage(const struct store *store, struct staged *staged, struct err *err);

/* Empties that "root" again. */
int fetch_empty_root(const struct staged *staged, struct err *err);

/* What a layer's media type says of its compression; a type that is none of a layer's is refused by name. */
int fetch_compression(const struct image_layer *layer, enum compression *ret_compression, struct err *err);

/* Files that have blobs: an image layout's, or an archive's. */
struct fetch_files {
	/*
	 * A descriptor for reading the blob; it need not have the right bytes. *ret_ours: the file is on the store's file
	 * system and will not be written any more, so that it becomes the store's own instead of being copied.
	 */
	int (*open)(const void *context, const struct digest *digest, bool *ret_ours, struct err *err);
	const void *context;
};

/* Where blobs come from that the store lacks: files, or else a registry, or else nowhere. */
struct fetch_from {
	const struct fetch_files *files;
	struct session *session;
	struct http *http;
};

/*
 * Downloads (or reads back, where the blob is in the store) and unpacks in one pass. The blob gets its name when its
 * size, digest and diff id hold. */
int fetch_layer(const struct store *store, const struct fetch_from *from, const struct layer_options *options,
	struct progress *progress, size_t index, struct staged *staged, struct err *err);

#endif
