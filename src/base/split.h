/* SPDX-License-Identifier: GPL-2.0-or-later */
/* split.h owns where a store's images are: in its directory or, where that is read-only, elsewhere than its containers. */
#ifndef XRUN_BASE_SPLIT_H
#define XRUN_BASE_SPLIT_H

#include "src/base/err.h"

#include <stdbool.h>

/*
 * What xrun opens as "the store's directory" has containers/ and emulators/. For a store that is read-only that is another directory,
 * and its symlink `images` leads to the store (cli_open_store_dir makes it). These open what has the images, and its layers/: with
 * the rights of who called xrun, since the way there may be theirs alone. Descriptors.
 */
int split_open_images(int store_dir_fd, struct err *err);
int split_open_layers(int store_dir_fd, struct err *err);

/* Whether its file system, a mount of it or its owner's mode forbids changes. */
bool split_is_read_only(int dir_fd);

/* Makes dir_fd such a directory, for the store at the absolute path. */
int split_link_images(int dir_fd, const char *path, struct err *err);

#endif
