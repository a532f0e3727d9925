/* SPDX-License-Identifier: GPL-2.0-or-later */
/* forward.h owns the places at which gdb finds an emulator's stub: --gdb, --gdb=PORT and --gdb=SOCKET. */
#ifndef XRUN_CLI_FORWARD_H
#define XRUN_CLI_FORWARD_H

#include "src/base/err.h"

/*
 * The stub's own socket lies in a directory that the container may write to. gdb takes what is no socket for a serial line, and would write
 * to whatever file of the host's a symlink in its place led to: so it is given a socket of ours, or a port.
 */
struct forward {
	char *target;   /* what `target remote` is given */
	char *link;     /* a link to our socket, ours to remove */
	int listen_fd;  /* our socket, or a port of 127.0.0.1; -1: there is none */
};
#define FORWARD_NONE { .listen_fd = -1 }

/*
 * `wish` is a port, or has a slash: then a link of that name is made to the socket at socket_path, which is made here. That alone is what ""
 * asks for.
 */
int forward_prepare(const char *wish, const char *socket_path, struct forward *ret_forward, struct err *err);

/* Takes one connection, to the stub's socket `name` in a directory of the container's, and passes on what comes, until either end is closed. */
void forward_run(const struct forward *forward, const char *directory, const char *name);

void forward_done(struct forward *forward);

#endif
