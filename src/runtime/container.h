/* SPDX-License-Identifier: GPL-2.0-or-later */
/* container.h owns running a struct spec: the one way in which a container starts, and its end. */
#ifndef XRUN_RUNTIME_CONTAINER_H
#define XRUN_RUNTIME_CONTAINER_H

#include "src/base/err.h"
#include "src/plan/spec.h"
#include "src/runtime/idmap.h"

/*
 * Runs the container in the foreground, to its end, and removes what it left. layers_fd is the store's layers
 * directory, containers_fd the directory for its upper layer. Returns the exit status for the user (0..255), or a
 * negative errno with err->status set where the program could not be started.
 */
int container_run(const struct spec *spec, const struct idmap *map, int layers_fd, int containers_fd, struct err *err);

#endif
