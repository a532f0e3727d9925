/* SPDX-License-Identifier: GPL-2.0-or-later */
/* shortage.h owns which limit of the machine kept xrun from having another process or namespace. */
#ifndef XRUN_RUNTIME_SHORTAGE_H
#define XRUN_RUNTIME_SHORTAGE_H

#include "src/base/err.h"

#include <sys/types.h>

/* After a fork(2) that failed: "cannot start a process", errno's meaning, and what shortage_explain says. Returns the code. */
int shortage_of_processes(struct err *err);

/*
 * After an unshare(2) or clone(2) that failed: `what`, and the same, or else that the doctor says why. The limits on namespaces are for
 * the user namespace in which xrun was started: those are left to who gets err there, with the code -EUSERS, and calls shortage_explain.
 */
int shortage_of_namespaces(const char *what, struct err *err);

/*
 * With err saying what for: appends the limit that was met, and how to lift it, as far as that is known. -EAGAIN is for processes, one that
 * was to be in the cgroup of process `pid`; -EUSERS for namespaces; anything else stays as it is. Returns err->code.
 */
int shortage_explain(pid_t pid, struct err *err);

#endif
