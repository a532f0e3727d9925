/* SPDX-License-Identifier: GPL-2.0-or-later */
/* store.h owns the store on disk: an OCI image layout (image-layout.md) plus unpacked layers. */
/*
 *   oci-layout index.json blobs/sha256/HEX   skopeo and umoci open it as it is
 *   index.json.old the one before the last change, for who mends the store
 *   layers/HEX/    one unpacked layer, complete or absent. HEX is the diff id's, or, for a layer that only has a
 *                  meaning on top of those below it, the chain id's (OCI image-spec config.md, "Layer ChainID")
 *                  HEX.UID.GID: the same layer for containers in which the caller has those ids instead of root's, unpacked
 *                  for the first of them; it lives as long as HEX, or as a container has it
 *   staging/NAME/  work in progress, locked by flock; reclaimed when nobody holds the lock any more
 *                  HEX.partial there: what has come of a blob, kept for the next pull (partial.h)
 *   containers/    the runtime's upper directories
 *   lock           held exclusively while index.json is replaced
 *   in-use         held shared by everybody who has the store open; layers and blobs are only deleted by one who gets
 *                  it exclusively, so none disappears under a container or a pull
 *
 * index.json has one descriptor for each reference and platform, with the annotations
 * org.opencontainers.image.ref.name = full reference and xrun.layers = the names below layers/, lowest first, by commas.
 * An image that another tool put there has none of the latter and counts as not unpacked. xrun.made = here has one that was made here, by
 * commit or of a directory tree, until another takes the name.
 */
#ifndef XRUN_REGISTRY_STORE_H
#define XRUN_REGISTRY_STORE_H

#include "registry/image.h"
#include "registry/json.h"
#include "src/base/err.h"

#include <stdbool.h>

enum { LAYER_NAME_SIZE = DIGEST_HEX + 1 + 2 * sizeof ".4294967295" };

struct store {
	int dir_fd, blobs_fd, layers_fd, staging_fd, use_fd;
};
#define STORE_CLOSED { -1, -1, -1, -1, -1 }

/*
 * Opens the store in dir_fd (borrowed, duplicated). `create` makes what is missing, and is for root of the id map, to
 * whom the store belongs; otherwise absence is -ENOENT.
 */
int store_open(struct store *ret_store, int dir_fd, bool create, struct err *err);
void store_close(struct store *store);
#define cleanup_store __attribute__((cleanup(store_close)))

/* Blobs: 1 there, 0 absent; reading back at most `limit` bytes. put verifies nothing: callers have. */
int store_has_blob(const struct store *store, const struct digest *digest, int64_t *ret_size);
int store_open_blob(const struct store *store, const struct digest *digest, struct err *err);
int store_read_blob(const struct store *store, const struct digest *digest, size_t limit, struct buf *ret, struct err *err);
int store_put_blob(const struct store *store, const struct digest *digest, const void *data, size_t len, struct err *err);

/* Whether layers/NAME is there: 1 or 0. */
int store_has_layer(const struct store *store, const char *name);

/* index.json, for who changes it: locked (a descriptor that is the lock), read, written anew. */
int store_lock(const struct store *store, struct err *err);
int store_read_index(const struct store *store, struct index *ret_index, struct err *err);
int store_write_index(const struct store *store, const struct index *index, struct err *err);

/* One that cannot be read becomes what it was before its last change (1), or where that is lost too an empty one (0). */
int store_restore_index(const struct store *store, struct err *err);

/* Finds an image by full reference and wish of platform, best platform first. -ENOENT if there is none. */
int store_find_image(const struct store *store, const char *reference, const struct platform *want,
	struct image *ret_image, struct err *err);

/* All images, in index order. */
int store_list_images(const struct store *store, struct images *ret_images, struct err *err);

/* Names an image: replaces the entry of the same reference and platform, keeps all others. */
int store_tag_image(const struct store *store, const struct descriptor *entry, struct err *err);

/* Gives the image that `reference` names for `platform` another name as well; what had that before has it no more. */
int store_copy_name(const struct store *store, const char *reference, const struct platform *platform, const char *name,
	struct err *err);

/*
 * Removes the names of `reference` (with `platform`, only that one; NULL: all), then every blob and layer that no
 * image uses any more; if somebody else has the store open, that is left to the next removal. The number of names removed, or -ENOENT.
 */
int store_remove_image(const struct store *store, const char *reference, const struct platform *platform, struct err *err);

/*
 * Removes every blob and layer that neither an image nor a container uses (config.json of a container has the annotation
 * xrun.layers, too): what a failed pull kept for the next try, say.
 */
struct store_freed {
	size_t layers, blobs;
	int64_t bytes; /* of the blobs */
	bool is_busy;  /* somebody else has the store open: nothing was removed */
};
int store_clean(const struct store *store, struct store_freed *ret_freed, struct err *err);

/* The names in index.json, each once; the list is appended to. */
int store_list_names(const struct store *store, struct strv *names, struct err *err);

/* Removes staging directories whose owner is gone. Called by every pull. */
int store_reclaim_staging(const struct store *store, struct err *err);

#endif
