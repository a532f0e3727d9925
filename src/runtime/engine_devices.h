/* SPDX-License-Identifier: GPL-2.0-or-later */
/* engine_devices.h owns /dev of an engine's container: the nodes of config.json, those that every container has, links. */
#ifndef XRUN_RUNTIME_ENGINE_DEVICES_H
#define XRUN_RUNTIME_ENGINE_DEVICES_H

#include "src/runtime/engine_stage.h"

/* Nothing where /dev is a bind mount: then it is somebody else's. */
int engine_devices_make(const struct engine_stage *stage, int root_fd, struct err *err);

#endif
