/* SPDX-License-Identifier: GPL-2.0-or-later */
/* protect.h owns covering paths of a container's root: masked ones, and those made read-only. */
#ifndef XRUN_RUNTIME_PROTECT_H
#define XRUN_RUNTIME_PROTECT_H

#include "src/base/err.h"
#include "src/plan/spec.h"

#include <stdint.h>

/*
 * What is not there needs no cover. `null_fd` is a /dev/null for masked files; `attributes` (MOUNT_ATTR_*) are those that
 * read-only paths get beside being read-only.
 */
int protect_paths(const struct spec_isolation *isolation, int root_fd, int null_fd, uint64_t attributes, struct err *err);

#endif
