/* SPDX-License-Identifier: GPL-2.0-or-later */
/* config_limits.h owns limits as the "resources" of config.json (runtime-spec config-linux.md, "Control groups"). For config.c. */
#ifndef XRUN_PLAN_CONFIG_LIMITS_H
#define XRUN_PLAN_CONFIG_LIMITS_H

#include "src/plan/spec.h"

#include <jansson.h>

/* A new object. What depends on the machine, the numbers of throttled devices, is left out: see the annotation xrun.limits. */
json_t *config_resources(const struct spec_limits *limits);

#endif
