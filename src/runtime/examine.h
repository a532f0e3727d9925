/* SPDX-License-Identifier: GPL-2.0-or-later */
/* examine.h owns looking at a container's program when the container has ended badly and its files are still there. */
#ifndef XRUN_RUNTIME_EXAMINE_H
#define XRUN_RUNTIME_EXAMINE_H

#include "src/plan/explain.h"
#include "src/plan/spec.h"
#include "src/runtime/idmap.h"

/*
 * Finds the file as the container found it: through PATH, its volumes and its layers. container_fd is its directory,
 * userns_fd its outer user namespace. All happens in a child; what cannot be found out is PROGRAM_UNKNOWN.
 */
void examine_program(const struct spec *spec, const struct idmap *map, int store_fd, int container_fd, int userns_fd,
	struct program_facts *ret_facts);

#endif
