/* SPDX-License-Identifier: GPL-2.0-or-later */
/* upper.h owns telling an overlay's upper directory as a layer's entries (overlayfs.rst; OCI image-spec, layer.md). */
#ifndef XRUN_REGISTRY_UPPER_H
#define XRUN_REGISTRY_UPPER_H

#include "registry/tar_write.h"
#include "src/base/str.h"

/*
 * Everything below upper_fd, each directory's names sorted: what overlayfs notes of deleted files and replaced directories
 * becomes whiteouts. Times are whole seconds. What lies in the directories that `skip` names (absolute paths) is left out,
 * as is what is there for xrun's own mounts alone (src/base/mark.h), and sockets. The upper directory may be under an overlay mount, if nobody writes there. *ret_entries: how many.
 */
int upper_write(int upper_fd, const struct strv *skip, struct tar_writer *writer, size_t *ret_entries, struct err *err);

#endif
