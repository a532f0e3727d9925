/* SPDX-License-Identifier: GPL-2.0-or-later */
/* calls.h owns what takes the place of system calls that a kernel, or a filter around us, answers with ENOSYS. */
#ifndef XRUN_BASE_CALLS_H
#define XRUN_BASE_CALLS_H

#include <stdint.h>
#include <sys/types.h>

/*
 * Only those that can be replaced by something as strong: openat2, fsopen, mount_setattr and their kin have no such thing, and
 * what needs them fails.
 */

/* close_range(2): closes first..last, or marks them with CLOSE_RANGE_CLOEXEC; else by the list in /proc/self/fd. 0, or -1 and errno. */
int calls_close_range(unsigned first, unsigned last, int flags);

/*
 * clone3(2) with CLONE_NEW* and CLONE_PARENT and without an exit signal; else clone(2), which has no room for CLONE_NEWTIME:
 * that namespace becomes ours for children, and the child is born in it.
 */
pid_t calls_clone(uint64_t flags);

#endif
