/* SPDX-License-Identifier: GPL-2.0-or-later */
/* filter.h owns loading seccomp(2) filters. */
#ifndef XRUN_RUNTIME_FILTER_H
#define XRUN_RUNTIME_FILTER_H

#include "src/base/err.h"
#include "src/plan/spec.h"

/*
 * Loads the filter that the spec asks for, if any, and with a map of a `single` id the one that makes package managers
 * work there. Filters name host system calls, whatever the image's architecture, because an emulator makes host calls.
 * Without no_new_privs it needs CAP_SYS_ADMIN. One that asks an agent about calls (engines' alone) goes by socket_fd: see
 * engine_listener_load.
 */
int filter_load(const struct spec *spec, bool single, int socket_fd, struct err *err);

#endif
