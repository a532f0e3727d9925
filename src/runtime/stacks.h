/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stacks.h owns saying what a container's processes are waiting in, as the host's kernel sees it. */
#ifndef XRUN_RUNTIME_STACKS_H
#define XRUN_RUNTIME_STACKS_H

#include "src/base/str.h"

#include <sys/types.h>

/*
 * Of process `first` and all below it: its id in the container, its command line, and for each thread its state, the
 * system call that it is in (proc_pid_syscall(5)), and the kernel's stack where we may see it. For an emulated program
 * these are the emulator's: where the guest's own code is cannot be seen from outside. Bounded to 256 KiB.
 */
void stacks_describe(pid_t first, struct buf *ret_text);

/*
 * What a debugger, started by this command of a shell, prints of the emulated program's threads, from the first line that begins
 * with "Thread "; or that it printed none. For twenty seconds at most.
 */
void stacks_ask(const char *command, struct buf *ret_text);

#endif
