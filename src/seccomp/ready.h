/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ready.h owns the programs that were compiled when xrun was built, so that no start waits for it. */
#ifndef XRUN_SECCOMP_READY_H
#define XRUN_SECCOMP_READY_H

#include "src/seccomp/compile.h"

/*
 * seccomp_default's program for a container with `capabilities`; NULL when they change a rule from what docker's default
 * set of capabilities gives: then it is to be compiled. The code is static.
 */
const struct sock_filter *ready_default(uint64_t capabilities, size_t *ret_len);

/* seccomp_single_id's program. */
const struct sock_filter *ready_single_id(size_t *ret_len);

#endif
