/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pause.h owns stopping a container's processes where they are. */
#ifndef XRUN_CLI_PAUSE_H
#define XRUN_CLI_PAUSE_H

#include "src/cli/place.h"

/* A running container is paused, or a paused one goes on; its state says so. */
int pause_set(struct subject *subject, bool frozen, struct err *err);

#endif
