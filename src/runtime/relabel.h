/* SPDX-License-Identifier: GPL-2.0-or-later */
/* relabel.h owns giving the host's files a container's SELinux label: volumes with z and Z. */
#ifndef XRUN_RUNTIME_RELABEL_H
#define XRUN_RUNTIME_RELABEL_H

#include "src/base/err.h"
#include "src/plan/spec.h"

/*
 * As docker and podman do: the source and all below it, mounts included, get the container's file label, with z without the
 * categories that keep containers apart. Symlinks are labelled themselves. File systems without labels of their own are passed over.
 * What the machine, the user or the store (store_fd) needs as it is, is an error. Nothing is done where the container has no label.
 */
int relabel_volumes(const struct spec *spec, int store_fd, struct err *err);

/* USER:ROLE:TYPE:LEVEL with the level's sensitivity alone; the caller's. Pure. */
char *relabel_shared(const char *label);

#endif
