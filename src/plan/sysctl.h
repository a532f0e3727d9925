/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sysctl.h owns which kernel settings a container has of its own. Pure. */
#ifndef XRUN_PLAN_SYSCTL_H
#define XRUN_PLAN_SYSCTL_H

#include "src/plan/spec.h"

/* The namespace that a setting belongs to, by its path below /proc/sys; NAMESPACE_KINDS: none, it is the whole machine's. */
enum namespace_kind sysctl_namespace(const char *path);

#endif
