/* SPDX-License-Identifier: GPL-2.0-or-later */
/* multiplex.h owns which calls can be made through socketcall(2) and ipc(2). */
#ifndef XRUN_SECCOMP_MULTIPLEX_H
#define XRUN_SECCOMP_MULTIPLEX_H

/*
 * "socketcall" or "ipc", the number that stands for the call there (<linux/net.h>, <linux/ipc.h>), and the bits of the
 * first argument that hold it: ipc's upper half is a version. NULL: no such way.
 */
const char *multiplex_find(const char *name, unsigned *ret_operation, unsigned *ret_mask);

#endif
