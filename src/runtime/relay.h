/* SPDX-License-Identifier: GPL-2.0-or-later */
/* relay.h owns the time while the program runs: signals and the terminal pass both ways until it ends. */
#ifndef XRUN_RUNTIME_RELAY_H
#define XRUN_RUNTIME_RELAY_H

#include "src/base/err.h"
#include "src/runtime/keys.h"
#include "src/runtime/watch.h"

#include <stdbool.h>
#include <sys/types.h>

/* Blocks what is to be forwarded and gives a signalfd(2) for it. Before anything is started. */
int relay_block_signals(struct err *err);

/*
 * How a program with a terminal can be left: when the keys are typed, who supervises it goes on by itself, and writes a struct err to
 * ready_fd, with code 0 if all is well.
 */
struct relay_leave {
	int ready_fd;
	struct keys keys;
};

/* Whose signals: of a program that joined a container, of a container's first process (see signal_first), of one that is xrun's init. */
enum relay_whom { RELAY_PROGRAM, RELAY_FIRST, RELAY_INIT };

/*
 * Until process `pid`, a child, ends: forwards signals to it, those that were typed at our terminal (Ctrl-C) to all that it runs in the
 * foreground, and with terminal_fd >= 0 relays between it and our own terminal, raw meanwhile, and follows the window's size. `watch`,
 * unless NULL, is looked after.
 * Returns the exit status, 128+n for a signal; RELAY_LEFT once `keys`, unless NULL, were typed at our terminal.
 */
enum { RELAY_LEFT = -1 };
int relay_until_exit(pid_t pid, enum relay_whom whom, struct watch *watch, int signal_fd, int terminal_fd, bool interactive, struct keys *keys);

/* After that: a session of its own for this process, away from its caller's terminal, directory and streams. */
int relay_leave_caller(struct err *err);

#endif
