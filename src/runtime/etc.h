/* SPDX-License-Identifier: GPL-2.0-or-later */
/* etc.h owns the files of /etc that are the container's and not its image's: hosts, hostname, resolv.conf. */
#ifndef XRUN_RUNTIME_ETC_H
#define XRUN_RUNTIME_ETC_H

#include "src/base/err.h"
#include "src/plan/spec.h"

/* Detached mounts of a file each; -1: none. */
struct etc {
	int fds[3];
};

/*
 * Makes the files, in memory, through a mount over the directory behind place_fd: the caller has a mount namespace of its
 * own that it is going to leave behind.
 */
int etc_make(const struct spec *spec, int place_fd, struct etc *ret_etc, struct err *err);

/* Makes their places below root_fd, as etc_attach would: for who has the time while its caller waits for something else. */
int etc_make_places(const struct spec *spec, int root_fd, struct err *err);

/* Another container's hosts and resolv.conf instead, detached mounts, or -1 where it has none; they are taken over. */
void etc_share(struct etc *etc, int hosts_fd, int resolv_fd);

/*
 * Mounts them below root_fd. What the image has in their place is never written to: a symlink is replaced by an empty
 * file, in the container's own layer.
 */
int etc_attach(struct etc *etc, int root_fd, struct err *err);

#endif
