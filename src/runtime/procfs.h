/* SPDX-License-Identifier: GPL-2.0-or-later */
/* procfs.h owns what xrun writes to a container's /proc: settings and security labels. */
/*
 * An image, or somebody who shares a volume, may have put something over a file of /proc (CVE-2025-52881): it is written
 * through a mount that is not attached anywhere yet, and names are resolved below it, without symlinks.
 */
#ifndef XRUN_RUNTIME_PROCFS_H
#define XRUN_RUNTIME_PROCFS_H

#include "src/base/err.h"
#include "src/plan/spec.h"

#include <stdbool.h>

/* The spec's sysctls, through the detached procfs behind proc_fd, in the container's namespaces. */
int procfs_set_sysctls(int proc_fd, const struct spec *spec, struct err *err);

/* The AppArmor profile and the SELinux label, for the program that this process is about to execute. Needs CAP_SYS_ADMIN for a procfs of its own. */
int procfs_set_label(const struct spec *spec, struct err *err);

/* Whether the host's kernel has AppArmor, and it is switched on. */
bool procfs_knows_apparmor(void);

/* Whether the host has AppArmor and SELinux, and its policy the labels, to be asked before anything is started: an error where the spec asks in vain. */
int procfs_check_label(const struct spec *spec, struct err *err);

#endif
