/* SPDX-License-Identifier: GPL-2.0-or-later */
/* engine_devices.h owns /dev of an engine's container: the nodes of config.json, those that every container has, links. */
#ifndef XRUN_RUNTIME_ENGINE_DEVICES_H
#define XRUN_RUNTIME_ENGINE_DEVICES_H

#include "src/runtime/engine_stage.h"

/* config-linux.md, "Default Devices". */
enum { ENGINE_DEVICES_USUAL = 6 };

/*
 * For the outer stage of a container that will be in a user namespace, where no node can be made: makes them outside, in a
 * tmpfs that nobody else sees, and fills stage->node_fds with copies of each, detached. What cannot be made there (for want of
 * rights) is opened by the host's name, and what that has not stays -1.
 */
void engine_devices_open(const struct engine_stage *stage);

/* Nothing where /dev is a bind mount: then it is somebody else's. */
int engine_devices_make(const struct engine_stage *stage, int root_fd, struct err *err);

#endif
