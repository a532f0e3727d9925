/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ulimit.h owns the names of resource limits (setrlimit(2)). Pure. */
#ifndef XRUN_PLAN_ULIMIT_H
#define XRUN_PLAN_ULIMIT_H

#include "src/plan/spec.h"

/* "nofile" for RLIMIT_NOFILE. */
const char *ulimit_name(int resource);

/* "RLIMIT_NOFILE", as config.json has it, the caller's; and back, -ENOENT if there is none. */
char *ulimit_type(int resource);
int ulimit_by_type(const char *type);

/* Adds it, in the place of one of the same resource. */
void ulimit_set(struct spec_isolation *isolation, const struct spec_ulimit *ulimit);

#endif
