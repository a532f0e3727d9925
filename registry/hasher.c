/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hasher.c owns SHA-256. */
#include "registry/hasher.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

enum { SHA256_BYTES = 32 };

/* A libcrypto without SHA-256, or without memory, leaves nothing that could be verified. */
static void require(int ok)
{
	if (!ok)
		abort();
}

void hasher_init(struct hasher *h)
{
	h->context = EVP_MD_CTX_new();
	require(h->context != NULL);
	require(EVP_DigestInit_ex(h->context, EVP_sha256(), NULL));
}

void hasher_add(struct hasher *h, const void *data, size_t len)
{
	require(EVP_DigestUpdate(h->context, data, len));
}

static void spell(const unsigned char *raw, struct digest *ret_digest)
{
	static const char digits[] = "0123456789abcdef";
	char *at = stpcpy(ret_digest->text, "sha256:");
	for (int i = 0; i < SHA256_BYTES; i++) {
		*at++ = digits[raw[i] >> 4];
		*at++ = digits[raw[i] & 15];
	}
	*at = 0;
}

void hasher_end(struct hasher *h, struct digest *ret_digest)
{
	unsigned char raw[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	require(EVP_DigestFinal_ex(h->context, raw, &len));
	require(len == SHA256_BYTES);
	hasher_done(h);
	spell(raw, ret_digest);
}

void hasher_done(struct hasher *h)
{
	EVP_MD_CTX_free(h->context);
	h->context = NULL;
}

void digest_of(const void *data, size_t len, struct digest *ret_digest)
{
	struct hasher h;
	hasher_init(&h);
	hasher_add(&h, data, len);
	hasher_end(&h, ret_digest);
}
