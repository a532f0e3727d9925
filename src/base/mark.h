/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mark.h owns how files are known that xrun itself made in a container: places to mount files of /etc on, and files with a line added. */
#ifndef XRUN_BASE_MARK_H
#define XRUN_BASE_MARK_H

#include <stdbool.h>

/*
 * The empty file behind fd, which was just made in the directory dir_fd, is such a place. No program of the container reaches it, since
 * something is mounted over it; who copies a file there replaces it. Where attributes cannot be had it has no mark.
 */
void mark_place(int fd, int dir_fd);

/*
 * `name`, passwd or group, which xrun just copied into dir_fd, the container's own layer, and changed, is to be known as long as nobody
 * else changes it. The container can neither make nor keep up this mark: it lies where overlayfs shows it to nobody, and has the time of the
 * file's last change, which nobody can set.
 */
void mark_copy(int dir_fd, const char *name);

/* Whether `name` in dir_fd, of a container's own layer, is such a place or copy. */
bool mark_is_ours(int dir_fd, const char *name);

/* Whether the directory is in that layer for nothing but these: it has no others, and its mode and owner are what they were. */
bool mark_has_ours_only(int dir_fd);

#endif
