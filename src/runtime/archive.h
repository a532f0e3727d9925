/* SPDX-License-Identifier: GPL-2.0-or-later */
/* archive.h owns writing a tree of files as a tar archive (POSIX.1-2001: ustar, with pax headers where that does not do). */
#ifndef XRUN_RUNTIME_ARCHIVE_H
#define XRUN_RUNTIME_ARCHIVE_H

#include "src/base/err.h"

/*
 * Everything below root_fd, names relative to it and each directory's sorted. Other mounts are empty directories in it. Sockets
 * are left out; extended attributes other than security.capability are not kept.
 */
int archive_write_tree(int root_fd, int out_fd, struct err *err);

/*
 * What is called `name` below dir_fd, and all that it holds, mounts included; in the archive it is called `as`. Sockets are left out,
 * and counted.
 */
int archive_write_entry(int dir_fd, const char *name, const char *as, int out_fd, unsigned *ret_left_out, struct err *err);

#endif
