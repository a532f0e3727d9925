/* SPDX-License-Identifier: GPL-2.0-or-later */
/* directories.h owns listing directories for 32-bit programs that run in a 64-bit emulator. */
#ifndef XRUN_RUNTIME_DIRECTORIES_H
#define XRUN_RUNTIME_DIRECTORIES_H

#include "src/base/err.h"

/*
 * From now on getdents64(2) of this process and of what it starts waits for who has the descriptor that comes back, -1 where
 * the kernel cannot (older than 5.19, or a filter around us that does the same): then it is as without. Needs CAP_SYS_ADMIN
 * or no_new_privs.
 */
int directories_listen(void);

/*
 * Starts the process that answers: it lists the directory in the caller's place, as a 32-bit program of this machine, whose
 * positions the kernel keeps below 2^31, and ends with the last process that asks. It is nobody's child.
 */
int directories_serve(int listener_fd, struct err *err);

#endif
