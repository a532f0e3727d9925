/* SPDX-License-Identifier: GPL-2.0-or-later */
/* base64.h owns base64 (RFC 4648, section 4) of short texts. */
#ifndef XRUN_BASE_BASE64_H
#define XRUN_BASE_BASE64_H

#include "src/base/str.h"

char *base64_encode(const void *data, size_t len); /* the caller's */

/* Appends what `text` stands for; false, with nothing appended, when it is not base64. Padding may be left out. */
bool base64_decode(const char *text, struct buf *data);

#endif
