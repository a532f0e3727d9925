/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cpuinfo.h owns the /proc/cpuinfo that an emulated container sees. */
#ifndef XRUN_RUNTIME_CPUINFO_H
#define XRUN_RUNTIME_CPUINFO_H

#include "src/base/err.h"
#include "src/plan/spec.h"

/* Puts it over the host's, in the root that has its /proc and /dev by now; nothing where the spec has none. */
int cpuinfo_mount(const struct spec *spec, int root_fd, struct err *err);

#endif
