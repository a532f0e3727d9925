/* SPDX-License-Identifier: GPL-2.0-or-later */
/* forward.h owns other places at which gdb finds an emulator's stub: --gdb=PORT and --gdb=SOCKET. */
#ifndef XRUN_CLI_FORWARD_H
#define XRUN_CLI_FORWARD_H

#include "src/base/err.h"

struct forward {
	char *target;   /* what `target remote` is given; NULL: the stub's own socket */
	char *link;     /* a link to the stub's socket, ours to remove */
	int listen_fd;  /* a port of 127.0.0.1, or -1 */
};
#define FORWARD_NONE { .listen_fd = -1 }

/* `wish` has a slash: a link of that name is made to the stub's socket, or else is a port. "" asks for neither. */
int forward_prepare(const char *wish, const char *socket_path, struct forward *ret_forward, struct err *err);

/* With a port: takes one connection to the stub's socket and passes on what comes, until either end is closed. */
void forward_run(const struct forward *forward, const char *socket_path);

void forward_done(struct forward *forward);

#endif
