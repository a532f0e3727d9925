/* SPDX-License-Identifier: GPL-2.0-or-later */
/* check.h owns comparing a layer of the store with the same layer unpacked anew, and mending it. */
#ifndef XRUN_REGISTRY_CHECK_H
#define XRUN_REGISTRY_CHECK_H

#include "registry/fetch.h"
#include "registry/install.h"

/*
 * `fresh` is in staging, and has the name of the one that the store should have. What is found is added to `check`. A layer that
 * differs is replaced if that was asked for and nobody else has the store open. `optional`: it may be missing.
 */
int check_layer(const struct store *store, const struct staged *fresh, bool optional, struct install_check *check, struct err *err);

#endif
