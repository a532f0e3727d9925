/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hasher.h owns SHA-256, through libcrypto. */
#ifndef XRUN_REGISTRY_HASHER_H
#define XRUN_REGISTRY_HASHER_H

#include "registry/digest.h"

/* A running hash. Aborts if libcrypto has no SHA-256. */
struct hasher {
	void *context;
};
void hasher_init(struct hasher *h);
void hasher_add(struct hasher *h, const void *data, size_t len);
void hasher_end(struct hasher *h, struct digest *ret_digest); /* also frees */
void hasher_done(struct hasher *h);                           /* frees without a result; twice is fine */

void digest_of(const void *data, size_t len, struct digest *ret_digest);

#endif
