/* SPDX-License-Identifier: GPL-2.0-or-later */
/* shown.c owns what of a text may reach a terminal. */
#include "src/base/shown.h"

#include <stdbool.h>
#include <string.h>

/*
 * What has a terminal show characters in another order than they stand: embeddings, overrides and isolates, by which a name can
 * look like another (Unicode Standard Annex 9, 2.1 to 2.4; CVE-2021-42574).
 */
static bool reorders(unsigned value)
{
	return (value >= 0x202a && value <= 0x202e) || (value >= 0x2066 && value <= 0x2069);
}

/* The length of the UTF-8 character that a byte over 0x7f begins; 0: it begins none, or one that is not to be shown. */
static int sequence_len(const char *text)
{
	static const unsigned least[] = { 0, 0, 0xa0, 0x800, 0x10000 }; /* U+0080 to U+009F are control characters */
	const unsigned char *at = (const unsigned char *)text;
	int len = *at < 0xc2 || *at > 0xf4 ? 0 : *at < 0xe0 ? 2 : *at < 0xf0 ? 3 : 4;
	unsigned value = *at & (0x7f >> len);
	for (int i = 1; i < len; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (at[i] & 0x3f);
	}
	return value >= least[len] && value <= 0x10ffff && !reorders(value) ? len : 0;
}

static bool is_kept(char c, const char *kept)
{
	return c && strchr(kept, c);
}

void shown_clean(char *text, const char *kept)
{
	while (*text) {
		bool is_ascii = (unsigned char)*text < 0x80;
		int len = is_ascii ? (*text >= 0x20 && *text != 0x7f) || is_kept(*text, kept) : sequence_len(text);
		if (len == 0)
			*text = '?';
		text += len ? len : 1;
	}
}
