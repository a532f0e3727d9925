/* SPDX-License-Identifier: GPL-2.0-or-later */
/* engine_links.h owns moving network interfaces of the host into an engine's container. */
#ifndef XRUN_RUNTIME_ENGINE_LINKS_H
#define XRUN_RUNTIME_ENGINE_LINKS_H

#include "src/base/err.h"
#include "src/plan/engine.h"

#include <sys/types.h>

/*
 * To be called in the namespace that has them: moves spec_engine's links to that of process `pid`, where they get their names, keep
 * the addresses that were given for good (config-linux.md, "Network Devices"), and are up. They are not moved back: when the
 * namespace ends the kernel does so with those of hardware, and removes the others.
 */
int engine_links_move(const struct spec_engine *engine, pid_t pid, struct err *err);

#endif
