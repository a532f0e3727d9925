/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hidden.h owns asking whether a container's programs still find the emulators that were registered for them. */
#ifndef XRUN_RUNTIME_HIDDEN_H
#define XRUN_RUNTIME_HIDDEN_H

#include "src/plan/spec.h"
#include "src/runtime/idmap.h"

/* Whether it may come to that: the container is emulated, and its root may mount a binfmt_misc of its own. */
bool hidden_is_possible(const struct spec *spec);

/* In the container: the image's programs have no handler here. */
bool hidden_here(const struct spec *spec);

/*
 * The same from outside, while the emulators are registered: userns_fd is the container's inner user namespace. What a handler
 * of the container's own would start has no more of the machine before it than the container had.
 */
bool hidden_in(const struct spec *spec, const struct idmap *map, int userns_fd);

#endif
