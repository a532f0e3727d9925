/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mark.h owns how files are known that xrun itself made in a container: places to mount files of /etc on, if the image has none. */
#ifndef XRUN_BASE_MARK_H
#define XRUN_BASE_MARK_H

#include <stdbool.h>

/*
 * The empty file behind fd, which was just made in the directory dir_fd, is such a place. No program of the container reaches it, since
 * something is mounted over it; who copies a file there replaces it. Where attributes cannot be had it has no mark.
 */
void mark_place(int fd, int dir_fd);

/* Whether `name` in dir_fd, of a container's own layer, is one. */
bool mark_is_place(int dir_fd, const char *name);

/* Whether the directory is in that layer for nothing but such places: it has no others, and its mode and owner are what they were. */
bool mark_has_places_only(int dir_fd);

#endif
