/* SPDX-License-Identifier: GPL-2.0-or-later */
/* target.h owns the places that mounts go to, below a root that an image filled. */
#ifndef XRUN_RUNTIME_TARGET_H
#define XRUN_RUNTIME_TARGET_H

#include "src/base/err.h"

#include <stdbool.h>

/*
 * Walks `path` below the root, making what is missing: directories, and last a file or a directory. Symlinks and ".."
 * lead to places within the root, also those of symlinks that lead to nothing yet. A path descriptor.
 */
int target_open(int root_fd, const char *path, bool directory, struct err *err);

#endif
