/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cgroup_devices.h owns which devices a cgroup's processes may use. For cgroup.c and engine_cgroup.c. */
#ifndef XRUN_RUNTIME_CGROUP_DEVICES_H
#define XRUN_RUNTIME_CGROUP_DEVICES_H

#include "src/plan/device_rule.h"
#include "src/runtime/cgroup.h"

/*
 * Allows what every container has, the nodes of --device, and what --device-cgroup-rule names; denies the rest. v1 by the
 * devices controller, v2 by a program that is attached to the directory and goes with it. Both are the host's root's alone.
 */
int cgroup_devices_write(const struct spec *spec, const struct cgroup_directory *directory, struct err *err);

/*
 * These rules, in order, of which the last one that names an access counts. In v2 they become a program, beside those that
 * others attached above, and all else is denied; in v1 they change what the directory has.
 */
int cgroup_devices_apply(const struct cgroup_directory *directory, const struct device_rule *rules, size_t count, struct err *err);

/* What every container has. */
enum { CGROUP_DEVICES_USUAL = 8 };
extern const struct device_rule cgroup_devices_usual[CGROUP_DEVICES_USUAL];

#endif
