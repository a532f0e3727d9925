/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stub.h owns talking to the gdb stub of an emulator that runs a program, so that debuggers can come and go. */
#ifndef XRUN_CLI_STUB_H
#define XRUN_CLI_STUB_H

#include "src/base/str.h"

#include <stdbool.h>

/*
 * qemu-user takes one connection, and stops for good where that ends; while it is there, each signal that the program gets
 * stops it, too, until the other side says whether to go on with it (qemu 7.2, gdbstub.c, gdb_handlesig; gdb's manual,
 * "Remote Protocol").
 */
struct stub {
	int fd;
	int process_fd;     /* the emulator's process */
	bool running;
	unsigned traps;     /* SIGTRAPs that we have sent, and the program must not see */
	struct buf unread;  /* the beginning of a packet */
};

/*
 * Connects to the stub's socket, called `name`, in a directory of the container's; the program waits before its first instruction. 0 or a
 * negative errno.
 */
int stub_connect(const char *directory, const char *name, struct stub *ret_stub);

/* Goes on, with a signal by gdb's number or with none, 0. False: the emulator is gone; so in what follows. */
bool stub_resume(struct stub *stub, int signal_number);

/* To be called when there is something to read while nobody debugs: the signal that the program has got goes to it. */
bool stub_pass_signal(struct stub *stub);

/* Stops the program for a debugger, passes on what both say until that detaches or is gone, and lets the program go on. */
bool stub_serve(struct stub *stub, int client_fd);

#endif
