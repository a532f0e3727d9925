/* SPDX-License-Identifier: GPL-2.0-or-later */
/* digest.c owns the text form of a digest. */
#include "registry/digest.h"

#include <string.h>

static const char PREFIX[] = "sha256:";
enum { PREFIX_LEN = sizeof PREFIX - 1 };

bool digest_parse(const char *text, struct digest *ret_digest)
{
	if (!text || strncmp(text, PREFIX, PREFIX_LEN) != 0)
		return false;
	const char *hex = text + PREFIX_LEN;
	if (strspn(hex, "0123456789abcdef") != DIGEST_HEX || hex[DIGEST_HEX])
		return false;
	memcpy(ret_digest->text, text, DIGEST_SIZE);
	return true;
}

const char *digest_hex(const struct digest *digest)
{
	return digest->text[0] ? digest->text + PREFIX_LEN : "";
}

bool digest_equal(const struct digest *a, const struct digest *b)
{
	return strcmp(a->text, b->text) == 0;
}
