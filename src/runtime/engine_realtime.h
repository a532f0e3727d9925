/* SPDX-License-Identifier: GPL-2.0-or-later */
/* engine_realtime.h owns the shares of realtime of engines' containers, where the kernel gives cgroups such. */
#ifndef XRUN_RUNTIME_ENGINE_REALTIME_H
#define XRUN_RUNTIME_ENGINE_REALTIME_H

#include "src/base/err.h"
#include "src/plan/engine.h"
#include "src/runtime/cgroup.h"

/*
 * Gives the container's directory of the cpu controller the share that config.json asks for, or a small one where its scheduler is a realtime
 * one and nothing is said; and the group above it, if that is ours, what all its containers have. 0 where neither is asked for, and
 * where cgroups have no such share: whoever asked for one meets the missing file when it is written.
 */
int engine_realtime_provide(const struct spec_engine *engine, const struct cgroup_directory *cpu, struct err *err);

/* Before a container's directory of the cpu controller (v1) goes: what it had goes back. */
void engine_realtime_release(const char *path);

#endif
