/* SPDX-License-Identifier: GPL-2.0-or-later */
/* container.h owns running a struct spec: the one way in which a container starts, and its end. */
#ifndef XRUN_RUNTIME_CONTAINER_H
#define XRUN_RUNTIME_CONTAINER_H

#include "src/base/err.h"
#include "src/plan/spec.h"
#include "src/runtime/idmap.h"

struct container_result {
	int status;          /* for the user: the program's own, or 128+n for a signal */
	bool out_of_memory;  /* the kernel killed it, or a part of it, at its memory limit */
};

/*
 * Runs the container in the foreground, to its end, and removes what it left. store_fd is the store's
 * directory: its layers are below layers/, what the container writes goes below containers/. 0, or a negative errno with err->status set where the
 * program could not be executed.
 */
int container_run(const struct spec *spec, const struct idmap *map, int store_fd,
	struct container_result *ret_result, struct err *err);

#endif
