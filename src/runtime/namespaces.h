/* SPDX-License-Identifier: GPL-2.0-or-later */
/* namespaces.h owns a spec's namespaces as the kernel has them: which are to be made, and entering those that exist. */
#ifndef XRUN_RUNTIME_NAMESPACES_H
#define XRUN_RUNTIME_NAMESPACES_H

#include "src/base/err.h"
#include "src/plan/spec.h"

#include <stdint.h>
#include <sys/types.h>

/* Where /proc shows a process' namespace of that kind: allocated. And its number, by which it is told from others; 0: that cannot be seen. */
char *namespace_path(pid_t pid, enum namespace_kind kind);
ino_t namespace_number(pid_t pid, enum namespace_kind kind);

/* Its CLONE_NEW* flag. */
uint64_t namespace_flag(enum namespace_kind kind);

/* The CLONE_NEW* flags of those that the container gets of its own. */
uint64_t namespaces_new(const struct spec *spec);

/*
 * Opens the files of those to be joined, each checked to be a namespace of its kind: ret_fds[kind], or -1. To be called
 * before anything changes, since their paths are the caller's.
 */
int namespaces_open(const struct spec *spec, int ret_fds[NAMESPACE_KINDS], struct err *err);
void namespaces_close(int fds[NAMESPACE_KINDS]);

/*
 * Enters those behind fds (-1: none). Before a joined user namespace where our rights allow that, after it otherwise: a
 * namespace may belong to either. For pid and time it takes effect in children. Entered ones are closed and set to -1.
 */
int namespaces_enter(int fds[NAMESPACE_KINDS], struct err *err);

#endif
