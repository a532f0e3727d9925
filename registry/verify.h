/* SPDX-License-Identifier: GPL-2.0-or-later */
/* verify.h owns finding damage in a store, and repairing what the store itself can repair. */
#ifndef XRUN_REGISTRY_VERIFY_H
#define XRUN_REGISTRY_VERIFY_H

#include "registry/store.h"

struct verify_options {
	bool repair;
	bool single_id; /* see layer.h */
	const char *suffix; /* only the layers whose names end so, as root of their id map, when all blobs are sound; NULL: the others */
};

struct verify_report {
	size_t images, blobs, layers; /* looked at */
	size_t damaged, repaired;
	struct strv findings;         /* lines for people */
	struct strv lost;             /* images that a blob is missing of: a name, then a platform, by turns */
};
void verify_report_done(struct verify_report *report);

/*
 * Hashes every blob of every image; unpacks each layer anew from its blob, and compares the result with the layer that is
 * there. With `repair` a layer that differs, or is missing, is replaced, and a damaged blob is removed, so that the next
 * pull brings it anew. What is whole is never touched. Runs as root of a user namespace with its own mount namespace.
 */
int verify_store(const struct store *store, const struct verify_options *options, struct verify_report *ret_report,
	struct err *err);

#endif
