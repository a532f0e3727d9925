/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clocks.h owns a container's time namespace (time_namespaces(7), Linux 5.6). */
#ifndef XRUN_RUNTIME_CLOCKS_H
#define XRUN_RUNTIME_CLOCKS_H

#include "src/base/err.h"
#include "src/plan/spec.h"

#include <stdbool.h>

/* Whether a clock is to be moved: offsets can be set before a time namespace has processes, and not once clone made one. */
bool clocks_are_moved(const struct spec *spec);

/* Makes the time namespace of this process' children, with the spec's offsets. Needs CAP_SYS_TIME and CAP_SYS_ADMIN. */
int clocks_move(const struct spec *spec, struct err *err);

#endif
