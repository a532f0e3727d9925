/* SPDX-License-Identifier: GPL-2.0-or-later */
/* engine_scheduling.h owns giving a process of an engine's container its processors, its scheduler and its memory policy. */
#ifndef XRUN_RUNTIME_ENGINE_SCHEDULING_H
#define XRUN_RUNTIME_ENGINE_SCHEDULING_H

#include "src/base/err.h"
#include "src/plan/engine.h"

/*
 * To ourselves: both survive exec. The last thing before capabilities go: a deadline scheduler forbids fork, and all of them
 * but the usual ones want CAP_SYS_NICE. sched_setattr(2), set_mempolicy(2).
 */
int engine_scheduling_apply(const struct spec_engine *engine, struct err *err);

/* Lets us run on these processors alone; nothing where none are given. `key`: that of process.execCPUAffinity. */
int engine_affinity_set(const struct engine_cpus *cpus, const char *key, struct err *err);

/*
 * Lets us run on all that our cgroup has, whatever the caller was bound to: since Linux 6.2 the kernel keeps that when a process
 * enters a cgroup. Where it is not allowed, nothing changes.
 */
void engine_affinity_reset(void);

#endif
