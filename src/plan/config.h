/* SPDX-License-Identifier: GPL-2.0-or-later */
/* config.h owns a spec as the OCI runtime specification's config.json (runtime-spec config.md, config-linux.md). */
#ifndef XRUN_PLAN_CONFIG_H
#define XRUN_PLAN_CONFIG_H

#include "src/base/err.h"
#include "src/plan/spec.h"

/* The text, the caller's. */
char *config_text(const struct spec *spec);

/*
 * The first text that was asked for and that config.json cannot hold, since it is not UTF-8: a start from there would have another one, or
 * lack a limit or a mask. NULL: none.
 */
const char *config_find_unsayable(const struct spec *spec);

/* The spec of such a text, for what has been started; what it cannot be made of is an error. */
int config_read(const char *text, size_t len, struct spec *ret_spec, struct err *err);

/* Prints it on standard output. */
int config_print(const struct spec *spec, struct err *err);

#endif
