/* SPDX-License-Identifier: GPL-2.0-or-later */
/* volumes.h owns what a spec's mounts show in a container, step by step of its start. */
#ifndef XRUN_RUNTIME_VOLUMES_H
#define XRUN_RUNTIME_VOLUMES_H

#include "src/runtime/stage.h"

/*
 * The supervisor's part, for the host's root: its volumes keep their owners, host uid N is container uid N, through idmapped
 * mounts (Linux 5.12). Adds to ret_fds, which has room for STAGE_MAX_VOLUMES, the binds in the spec's order and then the
 * device nodes, if any. They are the caller's also after a failure.
 */
int volumes_map(const struct spec *spec, const struct idmap *map, int userns_fd, int *ret_fds, size_t *ret_count, struct err *err);

/* The outer stage's part: what the supervisor did not make. An ordinary user's volumes are plain binds. */
int volumes_bind(struct stage *stage, struct err *err);

/* The inner stage's part: attaches all of them below the container's root, which is attached already. */
int volumes_attach(const struct stage *stage, int root_fd, struct err *err);

#endif
