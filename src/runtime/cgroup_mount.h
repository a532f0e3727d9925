/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cgroup_mount.h owns what a container sees below /sys/fs/cgroup. */
#ifndef XRUN_RUNTIME_CGROUP_MOUNT_H
#define XRUN_RUNTIME_CGROUP_MOUNT_H

#include "src/base/err.h"
#include "src/plan/spec.h"

/*
 * Mounts the cgroup file systems read-only below root_fd, whose /sys is there; the caller is in the container's cgroup and
 * has a cgroup namespace of its own, so the container's cgroup is their root. Only those in which it has one of its own: a
 * container without limits is in its caller's, and sees nothing there. systemd sees v2 alone, and may change it.
 */
int cgroup_mount(int root_fd, const struct spec *spec, struct err *err);

#endif
