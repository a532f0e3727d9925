/* SPDX-License-Identifier: GPL-2.0-or-later */
/* utf8.c owns telling text from other bytes. */
#include "src/base/utf8.h"

/* RFC 3629, section 4: the bytes that may follow a first one, which also excludes overlong forms and surrogates. */
static size_t sequence_length(const unsigned char *s, size_t len)
{
	unsigned char low = 0x80, high = 0xbf;
	if (s[0] < 0x80)
		return 1;
	size_t n = s[0] >= 0xc2 && s[0] <= 0xdf ? 2 : s[0] >= 0xe0 && s[0] <= 0xef ? 3 : s[0] >= 0xf0 && s[0] <= 0xf4 ? 4 : 0;
	if (n == 0 || n > len)
		return 0;
	if (s[0] == 0xe0)
		low = 0xa0;
	else if (s[0] == 0xed)
		high = 0x9f;
	else if (s[0] == 0xf0)
		low = 0x90;
	else if (s[0] == 0xf4)
		high = 0x8f;
	if (s[1] < low || s[1] > high)
		return 0;
	for (size_t i = 2; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

bool utf8_is_valid(const char *data, size_t len)
{
	for (size_t at = 0; at < len;) {
		size_t n = sequence_length((const unsigned char *)data + at, len - at);
		if (n == 0)
			return false;
		at += n;
	}
	return true;
}
