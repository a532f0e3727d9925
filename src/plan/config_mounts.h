/* SPDX-License-Identifier: GPL-2.0-or-later */
/* config_mounts.h owns a spec's mounts as a part of config.json; for config.c and config_read.c. */
#ifndef XRUN_PLAN_CONFIG_MOUNTS_H
#define XRUN_PLAN_CONFIG_MOUNTS_H

#include "src/base/err.h"
#include "src/plan/spec.h"

struct json_t;

/*
 * config.md, "Mounts", with the options of mount(8). Two types are xrun's own: xrun.device, a device node of the host, and
 * xrun.volume, a directory of the container. A new array.
 */
struct json_t *config_mounts_write(const struct spec *spec);

int config_mounts_read(const struct json_t *array, struct spec *spec, struct err *err);

#endif
