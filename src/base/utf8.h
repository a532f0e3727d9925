/* SPDX-License-Identifier: GPL-2.0-or-later */
/* utf8.h owns telling text from other bytes (RFC 3629). Pure. */
#ifndef XRUN_BASE_UTF8_H
#define XRUN_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

bool utf8_is_valid(const char *data, size_t len);

#endif
