/* SPDX-License-Identifier: GPL-2.0-or-later */
/* digest.h owns the text form of a digest, "sha256:<64 lower-case hex>" (OCI image-spec, descriptor.md). Pure. */
#ifndef XRUN_REGISTRY_DIGEST_H
#define XRUN_REGISTRY_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

enum { DIGEST_HEX = 64, DIGEST_SIZE = 7 + DIGEST_HEX + 1 };

/* "sha256:..." with its NUL; the empty string means none. */
struct digest {
	char text[DIGEST_SIZE];
};

/* False unless `text` is exactly of the form above; other algorithms are refused by name by the callers. */
bool digest_parse(const char *text, struct digest *ret_digest);
const char *digest_hex(const struct digest *digest); /* the 64 characters after the colon */
bool digest_equal(const struct digest *a, const struct digest *b);

#endif
