/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lower.h owns a directory of the host's that is a container's files, beneath its own layer: rootfs:DIR. */
#ifndef XRUN_RUNTIME_LOWER_H
#define XRUN_RUNTIME_LOWER_H

#include "src/base/err.h"
#include "src/plan/spec.h"
#include "src/runtime/idmap.h"

#include <stdbool.h>

/*
 * For root a mount of its own, attached nowhere, on which the host's root is the container's (an idmapped mount; in an
 * overlay Linux 5.19), unless the directory belongs to the container's root already. For others the directory itself: they are the container's
 * root. Either way files can be looked up below fd.
 */
struct lower {
	int fd;
	bool is_mount;
};
#define LOWER_NONE { -1, false }

/* As the caller, before any namespace. 0, with fd -1, where the spec has no such directory. */
int lower_open(const struct spec *spec, const struct idmap *map, struct lower *ret_lower, struct err *err);
void lower_close(struct lower *lower);
#define cleanup_lower __attribute__((cleanup(lower_close)))

/*
 * In a mount namespace of the caller's own, as root of the id map: a descriptor that overlay_create takes. What may have been
 * attached to /tmp for that is let go by lower_release, when the overlay is there.
 */
int lower_place(const struct lower *lower, struct err *err);
void lower_release(const struct lower *lower);

/* Why it, or something in it, could not be made a container's, as far as that is known; err has the kernel's answer. Returns its code. */
int lower_explain(const struct spec *spec, const struct lower *lower, struct err *err);

#endif
