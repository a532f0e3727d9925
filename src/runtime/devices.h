/* SPDX-License-Identifier: GPL-2.0-or-later */
/* devices.h owns the host's device nodes that a container is given by name, and the links beside them. */
/*
 * An ordinary user's container gets a bind of the host's node: it may do with it what the user may. Root's, whose ids are
 * nobody's on the host, gets a node of its own that belongs to its root, as docker's does. Those stand in a tmpfs
 * that root makes, named by the number of their mount.
 */
#ifndef XRUN_RUNTIME_DEVICES_H
#define XRUN_RUNTIME_DEVICES_H

#include "src/runtime/stage.h"

/* For the host's root: the tmpfs, detached, or -ENOENT without a message where the spec has no devices. */
int devices_make_nodes(const struct spec *spec, const struct idmap *map, struct err *err);

/* In the outer stage: a detached mount of the node of the spec's mount `i`. */
int devices_bind(const struct stage *stage, size_t i, struct err *err);

/* Puts the tmpfs where its nodes can be bound from, in the outer stage's own mount namespace. */
int devices_place(const struct stage *stage, struct err *err);

/* The symlinks of every /dev, but those whose names are taken (runtime-linux.md, "Dev symbolic links", and what docker adds). */
int devices_link(int dev_fd, struct err *err);

#endif
