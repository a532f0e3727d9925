/* SPDX-License-Identifier: GPL-2.0-or-later */
/* security.h owns what the payload may do: capabilities(7) and the seccomp(2) filter. */
#ifndef XRUN_RUNTIME_SECURITY_H
#define XRUN_RUNTIME_SECURITY_H

#include "src/base/err.h"
#include "src/plan/spec.h"
#include "src/runtime/user.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Becomes `user` with the spec's capabilities as bounding set, for root also permitted and effective; inheritable and
 * ambient sets are empty afterwards. Sets no_new_privs and loads the filters where the spec says so. With a map of a
 * single id there is only root to become.
 */
int security_become(const struct user *user, const struct spec *spec, bool single, struct err *err);

/* The same as an engine's config.json has it: spec->engine's user, groups and capability sets. socket_fd: see filter_load. */
int security_become_engines(const struct spec *spec, int socket_fd, struct err *err);

#endif
