/* SPDX-License-Identifier: GPL-2.0-or-later */
/* base64.c owns base64 of short texts. */
#include "src/base/base64.h"

#include <string.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *base64_encode(const void *data, size_t len)
{
	const unsigned char *bytes = data;
	struct buf out = { 0 };
	for (size_t i = 0; i < len; i += 3) {
		unsigned word = 0;
		char four[4];
		for (size_t j = 0; j < 3; j++)
			word = word << 8 | (i + j < len ? bytes[i + j] : 0);
		for (int j = 0; j < 4; j++)
			four[j] = i + j > len ? '=' : digits[word >> (18 - 6 * j) & 63];
		buf_add(&out, four, 4);
	}
	return buf_take(&out);
}

/* The text's length without its padding; false if the two do not fit together. */
static bool measure(const char *text, size_t *ret_len)
{
	size_t whole = strlen(text), len = whole;
	while (len && text[len - 1] == '=')
		len--;
	*ret_len = len;
	return len % 4 != 1 && (len == whole || (whole % 4 == 0 && whole - len <= 2));
}

bool base64_decode(const char *text, struct buf *data)
{
	size_t len, before = data->len;
	unsigned word = 0;
	if (!measure(text, &len))
		return false;
	for (size_t i = 0; i < len; i++) {
		const char *digit = strchr(digits, text[i]);
		if (!digit) {
			data->len = before;
			return false;
		}
		word = word << 6 | (unsigned)(digit - digits);
		if (i % 4) {
			char byte = (char)(word >> (6 - 2 * (i % 4)));
			buf_add(data, &byte, 1);
		}
	}
	return true;
}
