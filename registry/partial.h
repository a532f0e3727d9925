/* SPDX-License-Identifier: GPL-2.0-or-later */
/* partial.h owns what has come of a blob: it outlives the pull that was ended, and the next one goes on from there. */
/*
 * It is the file staging/HEX.partial, of the one whose turn it is (turn.h). Nobody believes what is in it: the blob's digest
 * is taken over all of it before it gets the blob's name.
 */
#ifndef XRUN_REGISTRY_PARTIAL_H
#define XRUN_REGISTRY_PARTIAL_H

#include "registry/store.h"

/* Opens it, or makes it; a descriptor, at its beginning. *ret_had: bytes that are in it. More than `size`: it is begun anew. */
int partial_open(const struct store *store, const struct digest *digest, int64_t size, int64_t *ret_had, struct err *err);

/* The whole blob is in it, flushed and verified: gives it its name in the store, whatever had that name. */
int partial_publish(const struct store *store, const struct digest *digest, struct err *err);

/* The pull has failed. What has come is of use to the next one (`keep`, and more than a MiB), or it goes. */
void partial_leave(const struct store *store, const struct digest *digest, int fd, bool keep);

/* Removes all that are left. For one who has the store to himself. */
int partial_clean(const struct store *store, int64_t *bytes, struct err *err);

/* Whether a name below staging/ is such a file's. */
bool partial_is_name(const char *name);

#endif
