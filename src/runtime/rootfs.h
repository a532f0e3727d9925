/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rootfs.h owns what the container sees as its files: the tree of mounts, and entering it. */
#ifndef XRUN_RUNTIME_ROOTFS_H
#define XRUN_RUNTIME_ROOTFS_H

#include "src/runtime/stage.h"

/*
 * Assembles the mounts in the container's own mount namespace and makes them its root; the host's tree is gone
 * afterwards. *ret_terminal_fd becomes the pty's master if the spec wants a terminal, else -1.
 */
int rootfs_enter(const struct stage *stage, int *ret_terminal_fd, struct err *err);

#endif
