/* SPDX-License-Identifier: GPL-2.0-or-later */
/* turn.h owns that a blob is downloaded once, however many ask for it at the same time. */
#ifndef XRUN_REGISTRY_TURN_H
#define XRUN_REGISTRY_TURN_H

#include "registry/store.h"

/*
 * Waits until nobody else, of whatever process, downloads the blob into this store; the caller then looks again whether it
 * is there. The lock is a file below staging/, locked by flock: when its owner dies, the next one's turn comes.
 * A descriptor, which turn_end takes.
 */
int turn_take(const struct store *store, const struct digest *digest, struct err *err);
void turn_end(const struct store *store, const struct digest *digest, int *fd);

#endif
