/* SPDX-License-Identifier: GPL-2.0-or-later */
/* changes.h owns what a container has changed of its image's files, as its upper directory tells (overlayfs.rst). */
#ifndef XRUN_RUNTIME_CHANGES_H
#define XRUN_RUNTIME_CHANGES_H

#include "src/base/err.h"

#include <stddef.h>
#include <stdint.h>

enum change { CHANGE_ADDED = 'A', CHANGE_CHANGED = 'C', CHANGE_DELETED = 'D' };

/*
 * Calls `say` for every file below upper_fd that differs from the layers (lowest first), sorted, parents first. A directory is
 * changed if anything in it is; what is there for xrun's own mounts alone (mark.h) is no change. To be called as root of the id map.
 */
int changes_list(int upper_fd, const int *layer_fds, size_t layer_count, void (*say)(void *context, enum change change, const char *path),
	void *context, struct err *err);

/* The bytes of the files below upper_fd, one of several names once. To be called as root of the id map, too. */
int changes_size(int upper_fd, uint64_t *ret_bytes, struct err *err);

#endif
