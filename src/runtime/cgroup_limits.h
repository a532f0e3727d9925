/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cgroup_limits.h owns how limits are written to cgroup v1 and v2. For cgroup.c alone. */
#ifndef XRUN_RUNTIME_CGROUP_LIMITS_H
#define XRUN_RUNTIME_CGROUP_LIMITS_H

#include "src/runtime/cgroup.h"

/* What needs a controller, for the message: the option that asks for it, or NULL where nothing does. */
const char *cgroup_limits_need(const struct spec_limits *limits, enum cgroup_controller controller);

/* Writes what concerns the controller to its directory. Devices are not limits: cgroup_devices.h. */
int cgroup_limits_write(const struct spec_limits *limits, enum cgroup_controller controller,
	const struct cgroup_directory *directory, struct err *err);

#endif
