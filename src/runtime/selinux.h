/* SPDX-License-Identifier: GPL-2.0-or-later */
/* selinux.h owns what the machine's SELinux policy is asked before a container with labels starts. */
#ifndef XRUN_RUNTIME_SELINUX_H
#define XRUN_RUNTIME_SELINUX_H

#include "src/base/err.h"

#include <stdbool.h>

bool selinux_is_there(void);

/*
 * An error where there is no SELinux, the policy has no such label, or it would not let a program with the first one write to our
 * standard output and errors: the kernel puts /dev/null in their place at exec then, without a word (security/selinux/hooks.c,
 * flush_unauthorized_files).
 */
int selinux_check(const char *label, const char *file_label, struct err *err); /* either may be NULL */

#endif
