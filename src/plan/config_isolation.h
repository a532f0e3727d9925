/* SPDX-License-Identifier: GPL-2.0-or-later */
/* config_isolation.h owns a spec's isolation as a part of config.json; for config.c and config_read.c. */
#ifndef XRUN_PLAN_CONFIG_ISOLATION_H
#define XRUN_PLAN_CONFIG_ISOLATION_H

#include "src/base/err.h"
#include "src/plan/spec.h"

struct json_t;

/*
 * process.rlimits, .oomScoreAdj, .apparmorProfile, .selinuxLabel; linux.timeOffsets, .mountLabel, .sysctl, .maskedPaths, .readonlyPaths, .seccomp; the annotations
 * xrun.shm-size, xrun.seccomp (default, unconfined; profile where linux.seccomp has it) and xrun.privileged.
 */
void config_isolation_write(struct json_t *config, const struct spec *spec);

/* The way back, and which namespaces are the host's; the spec's capabilities must be there. */
int config_isolation_read(const struct json_t *config, struct spec *spec, struct err *err);

#endif
