/* SPDX-License-Identifier: GPL-2.0-or-later */
/* security.h owns what the payload may do: capabilities(7) and the seccomp(2) filter. */
#ifndef XRUN_RUNTIME_SECURITY_H
#define XRUN_RUNTIME_SECURITY_H

#include "src/base/err.h"
#include "src/runtime/user.h"

#include <stdbool.h>
#include <stdint.h>

/* Becomes `user` with `bounding` as bounding set; inheritable and ambient sets are empty afterwards. */
int security_become(const struct user *user, uint64_t bounding, bool set_groups, struct err *err);

/*
 * Loads the filter: calls that reach beyond a container answer EPERM. It names host system calls, whatever the
 * image's architecture, because an emulator makes host calls. Without no_new_privs it needs CAP_SYS_ADMIN.
 */
int security_load_filter(struct err *err);

#endif
