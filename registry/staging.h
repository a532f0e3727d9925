/* SPDX-License-Identifier: GPL-2.0-or-later */
/* staging.h owns directories of work in progress below the store's staging/. */
#ifndef XRUN_REGISTRY_STAGING_H
#define XRUN_REGISTRY_STAGING_H

#include "registry/store.h"

enum { STAGING_NAME_SIZE = 32 };

/*
 * Makes an empty directory, locked as long as the descriptor that comes back is open; its name begins with `what`, of at
 * most 12 characters. A lock that is free tells store_reclaim_staging that the owner is gone.
 */
int staging_make(const struct store *store, const char *what, char ret_name[STAGING_NAME_SIZE], struct err *err);

#endif
