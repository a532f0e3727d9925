/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ulimits.h owns a container's setrlimit(2) limits and its score for the out-of-memory killer. */
#ifndef XRUN_RUNTIME_ULIMITS_H
#define XRUN_RUNTIME_ULIMITS_H

#include "src/base/err.h"
#include "src/plan/spec.h"

/* What the host's privilege may be needed for: hard limits above ours, the score. For a process about to enter. */
int ulimits_raise(const struct spec *spec, struct err *err);

/* The limits as they are asked for. The last step before the program: they may leave little room. */
int ulimits_set(const struct spec *spec, struct err *err);

#endif
