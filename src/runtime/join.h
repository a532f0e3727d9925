/* SPDX-License-Identifier: GPL-2.0-or-later */
/* join.h owns entering a running container: another process in its namespaces and cgroups, confined as its first one. */
#ifndef XRUN_RUNTIME_JOIN_H
#define XRUN_RUNTIME_JOIN_H

#include "src/base/err.h"
#include "src/plan/spec.h"
#include "src/runtime/idmap.h"
#include "src/runtime/relay.h"
#include "src/runtime/state.h"

#include <stdbool.h>

/* What to execute there. args, cwd and user are never NULL; env is what the program gets, HOME added if missing. */
struct join {
	const struct state *state;
	const struct spec *spec;   /* the container's */
	const struct idmap *map;
	struct strv args, env;
	const char *cwd, *user;
	bool terminal, interactive, detach, privileged;
};

/*
 * Executes it, and unless `detach` waits for it, with signals and the terminal passed on. The program's exit status, or
 * a negative errno with err->status set where it could not be executed. `leave` may be NULL; when the program is left this process
 * waits on, and what it still writes to its terminal goes nowhere.
 */
int join_run(struct join *join, const struct relay_leave *leave, struct err *err);

/* The numbers of the container's namespaces (namespaces(7)), by kind; 0 where there is none to be seen. */
int join_numbers(const struct state *state, const struct spec *spec, uint64_t ret_numbers[NAMESPACE_KINDS], struct err *err);

/* A descriptor of one of them. */
int join_open_namespace(const struct state *state, const struct spec *spec, enum namespace_kind kind, struct err *err);

/* The CLONE_NEW* flags of the namespaces of process `pid` that are not ours. */
int join_namespaces(pid_t pid);

/*
 * Enters them in this process, which becomes root there; for pid and time namespaces that takes effect in its children.
 * It is not dumpable afterwards, so that the container cannot look into it (CVE-2016-9962).
 */
int join_enter(const struct state *state, const struct spec *spec, const struct idmap *map, struct err *err);

#endif
