/* SPDX-License-Identifier: GPL-2.0-or-later */
/* engine_subgroup.h owns which cgroups below an engine's container's own a further process is put into. */
#ifndef XRUN_RUNTIME_ENGINE_SUBGROUP_H
#define XRUN_RUNTIME_ENGINE_SUBGROUP_H

#include "src/base/err.h"
#include "src/base/str.h"
#include "src/runtime/cgroup.h"

/*
 * The container's own directories, or those below them that `words` name: "PATH" in every hierarchy that has it, which is one at least;
 * "CONTROLLER,...:PATH" in theirs, of which each has to have it. The result is the caller's, also on failure.
 */
int engine_subgroup_find(const struct cgroup *own, const struct strv *words, struct cgroup *ret_cgroup, struct err *err);

#endif
