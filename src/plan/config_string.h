/* SPDX-License-Identifier: GPL-2.0-or-later */
/* config_string.h owns how our texts become JSON. */
#ifndef XRUN_PLAN_CONFIG_STRING_H
#define XRUN_PLAN_CONFIG_STRING_H

#include "src/base/str.h"

#include <jansson.h>

/* NULL becomes "". Bytes that are not UTF-8 have no place in JSON: such a text shows as U+FFFD (see config_find_unsayable). */
json_t *config_string(const char *text);

/* Its texts from number `from` on. */
json_t *config_strings(const struct strv *texts, size_t from);

#endif
