/* SPDX-License-Identifier: GPL-2.0-or-later */
/* attach.h owns what passes between a detached container's supervisor and who attaches to it. */
#ifndef XRUN_RUNTIME_ATTACH_H
#define XRUN_RUNTIME_ATTACH_H

#include "src/base/err.h"

#include <stdbool.h>
#include <sys/types.h>

/*
 * A SOCK_SEQPACKET unix socket named attach in the container's directory, which only its owner can enter. Each message is
 * a letter and what follows from it. To the supervisor: INPUT bytes, END of input, WINDOW a struct winsize. From it: OUTPUT
 * and ERRORS bytes, EXIT the status as an int, FULL where too many are attached.
 */
enum { ATTACH_CHUNK = 4096 };
enum attach_kind { ATTACH_INPUT = 'i', ATTACH_END = 'e', ATTACH_WINDOW = 'w', ATTACH_OUTPUT = 'o', ATTACH_ERRORS = 'r', ATTACH_EXIT = 'x', ATTACH_FULL = 'f' };
struct attach_message {
	char kind;
	char data[ATTACH_CHUNK];
};

/* The listening socket: the supervisor's. A descriptor that does not block. */
int attach_listen(int container_fd, struct err *err);

/* A connection to it. */
int attach_connect(int container_fd, struct err *err);

/* What the user wants of it. The keys, ctrl-p ctrl-q if not given otherwise, leave the container running. */
struct attach_wish {
	bool input;         /* pass standard input on */
	bool terminal;      /* the container has one: ours becomes raw, and window sizes go there */
	bool pass_signals;  /* to process `pid` */
	pid_t pid;
	const char *detach_keys;
};

/* Until the program ends, or the keys are typed (*ret_detached). Its exit status. Closes connection_fd. */
int attach_run(int connection_fd, const struct attach_wish *wish, bool *ret_detached, struct err *err);

#endif
