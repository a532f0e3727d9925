/* SPDX-License-Identifier: GPL-2.0-or-later */
/* err.c fills struct err; it allocates nothing, so it works in a child between clone and exec. */
#include "src/base/err.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The length of the UTF-8 character that a byte over 0x7f begins; 0: it begins none, or a control, U+0080 to U+009F. */
static int sequence_len(const char *text)
{
	static const unsigned least[] = { 0, 0, 0xa0, 0x800, 0x10000 };
	const unsigned char *at = (const unsigned char *)text;
	int len = *at < 0xc2 || *at > 0xf4 ? 0 : *at < 0xe0 ? 2 : *at < 0xf0 ? 3 : 4;
	unsigned value = *at & (0x7f >> len);
	for (int i = 1; i < len; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (at[i] & 0x3f);
	}
	return value >= least[len] && value <= 0x10ffff ? len : 0;
}

/* Bytes that would break the promise of one line, or reach into the reader's terminal, become '?'. */
static void keep_one_line(char *text)
{
	while (*text) {
		int len = (unsigned char)*text < 0x80 ? *text >= 0x20 && *text != 0x7f : sequence_len(text);
		if (len == 0)
			*text = '?';
		text += len ? len : 1;
	}
}

static int fill(struct err *err, int code, int with_meaning, const char *format, va_list args)
{
	err->code = code;
	err->status = 0;
	int n = vsnprintf(err->text, sizeof err->text, format, args);
	if (with_meaning && n >= 0 && (size_t)n < sizeof err->text)
		snprintf(err->text + n, sizeof err->text - n, ": %s", strerror(-code));
	keep_one_line(err->text);
	return code;
}

int err_set(struct err *err, int code, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	fill(err, code, 0, format, args);
	va_end(args);
	return code;
}

int err_sys(struct err *err, const char *format, ...)
{
	int code = errno ? -errno : -EIO;
	va_list args;
	va_start(args, format);
	fill(err, code, 1, format, args);
	va_end(args);
	return code;
}

int err_code(struct err *err, int code, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	fill(err, code, 1, format, args);
	va_end(args);
	return code;
}

int err_prefix(struct err *err, const char *format, ...)
{
	char old[sizeof err->text];
	memcpy(old, err->text, sizeof old);
	va_list args;
	va_start(args, format);
	int n = vsnprintf(err->text, sizeof err->text, format, args);
	va_end(args);
	if (n >= 0 && (size_t)n < sizeof err->text)
		snprintf(err->text + n, sizeof err->text - n, ": %s", old);
	keep_one_line(err->text);
	return err->code;
}

int err_append(struct err *err, const char *format, ...)
{
	size_t n = strlen(err->text);
	va_list args;
	va_start(args, format);
	vsnprintf(err->text + n, sizeof err->text - n, format, args);
	va_end(args);
	keep_one_line(err->text);
	return err->code;
}

void err_clear(struct err *err)
{
	err->code = 0;
	err->status = 0;
	err->text[0] = 0;
}
