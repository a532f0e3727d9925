/* SPDX-License-Identifier: GPL-2.0-or-later */
/* err.c fills struct err; it allocates nothing, so it works in a child between clone and exec. */
#include "src/base/err.h"

#include "src/base/shown.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int fill(struct err *err, int code, int with_meaning, const char *format, va_list args)
{
	err->code = code;
	err->status = 0;
	int n = vsnprintf(err->text, sizeof err->text, format, args);
	if (with_meaning && n >= 0 && (size_t)n < sizeof err->text)
		snprintf(err->text + n, sizeof err->text - n, ": %s", strerror(-code));
	shown_clean(err->text, "");
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
	shown_clean(err->text, "");
	return err->code;
}

int err_append(struct err *err, const char *format, ...)
{
	size_t n = strlen(err->text);
	va_list args;
	va_start(args, format);
	vsnprintf(err->text + n, sizeof err->text - n, format, args);
	va_end(args);
	shown_clean(err->text, "");
	return err->code;
}

int err_take(struct err *err, const struct err *sent, const char *otherwise)
{
	*err = *sent;
	err->text[sizeof err->text - 1] = 0;
	shown_clean(err->text, "");
	return err->code < 0 ? err->code : err_set(err, -EIO, "%s", otherwise);
}

void err_clear(struct err *err)
{
	err->code = 0;
	err->status = 0;
	err->text[0] = 0;
}
