/* SPDX-License-Identifier: GPL-2.0-or-later */
/* overlay.h owns making overlay file systems out of descriptors, and the marks in their layers (Documentation/filesystems/overlayfs.rst). */
#ifndef XRUN_BASE_OVERLAY_H
#define XRUN_BASE_OVERLAY_H

#include "src/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

/* How a layer says what of those below it is gone: a file is a device that is none, a directory has this with the value y. */
#define OVERLAY_OPAQUE "user.overlay.opaque"
bool overlay_is_whiteout(const struct stat *st);
bool overlay_is_opaque(int dir_fd); /* one for reading */

/*
 * On a layer's top directory that the layer itself says nothing of: what it is like says the one below. Overlayfs would take it from
 * the uppermost. Its name is one that overlayfs shows nobody. Missing where a file system has no such attributes (tmpfs before Linux 6.6).
 */
#define OVERLAY_ROOT_UNTOLD "user.overlay.xrun-root-untold"

/*
 * A detached overlay of layers (descriptors of directories, lowest first) under upper and work, with its attributes in
 * user.overlay.* (Linux 5.11). `thrown_away`: upper need not outlive the mount, so nothing is synced at its end.
 * `label`, or NULL: the SELinux label of all its files. Without upper_fd and work_fd (-1) it is read-only, of at least two layers. The caller has a mount namespace of its own. Leaves / as the process' current directory. Returns the mount's descriptor.
 */
int overlay_create(const int *layer_fds, size_t count, int upper_fd, int work_fd, bool thrown_away, const char *label,
	struct err *err);

#endif
