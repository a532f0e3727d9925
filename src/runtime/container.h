/* SPDX-License-Identifier: GPL-2.0-or-later */
/* container.h owns running a struct spec: the one way in which a container starts, and its end. */
#ifndef XRUN_RUNTIME_CONTAINER_H
#define XRUN_RUNTIME_CONTAINER_H

#include "src/base/err.h"
#include "src/plan/explain.h"
#include "src/plan/spec.h"
#include "src/runtime/idmap.h"
#include "src/runtime/relay.h"

#include <stdbool.h>

struct container_result {
	int status;          /* for the user: the program's own, or 128+n for a signal */
	bool timed_out;
	char *stacks;        /* of when it timed out, "" for none */
	struct strv cores;   /* names below spec->core_dir */
	bool hidden;         /* it ended with 126, and its programs no longer find the emulators */
	bool out_of_memory;  /* the kernel killed it, or a part of it, at its memory limit */
	struct program_facts program; /* after a bad end, and where it could not be executed (err->status set): what it was */
};

void container_result_done(struct container_result *result);
#define cleanup_container_result __attribute__((cleanup(container_result_done)))

/*
 * Runs the container to its end, started again as its spec says, and removes what it left, unless the spec keeps it. With
 * `again` its directory is there, of a start before. store_fd is the store's directory: its layers are below layers/,
 * what the container writes goes below containers/. 0, or a negative errno with err->status set where the program could not
 * be executed. `leave`, which may be NULL: a container that was left goes on as one that was detached.
 */
int container_run(const struct spec *spec, const struct idmap *map, int store_fd, bool again,
	const struct relay_leave *leave, struct container_result *ret_result, struct err *err);

/* The same in a process of its own, which outlives this one; returns once the program has been executed. */
int container_detach(const struct spec *spec, const struct idmap *map, int store_fd, bool again, struct err *err);

/* Makes its directory, so that it can be started: `xrun create`. */
int container_create(const struct spec *spec, const struct idmap *map, int store_fd, struct err *err);

#endif
