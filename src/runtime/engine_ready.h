/* SPDX-License-Identifier: GPL-2.0-or-later */
/* engine_ready.h owns what a container may tell a service manager (sd_notify(3)): that it is ready. */
#ifndef XRUN_RUNTIME_ENGINE_READY_H
#define XRUN_RUNTIME_ENGINE_READY_H

#include "src/base/err.h"
#include "src/plan/spec.h"
#include "src/runtime/engine.h"

#include <poll.h>
#include <stdbool.h>
#include <sys/types.h>

/*
 * `manager` is what our NOTIFY_SOCKET says: a path, or after "@" the name of an abstract socket. NULL and "" say that nobody wants to know,
 * and all of this does nothing then.
 *
 * <root>/ID/notify is the directory that the container sees, read-only; `notify` in it the socket, there from start until the container
 * is ready or has ended.
 */

/* For create: the mount and the container's NOTIFY_SOCKET, added to spec. 1 where it did. */
int engine_ready_plan(struct spec *spec, int root_fd, const char *id, const char *manager, struct err *err);
/* The directory. */
int engine_ready_make(int dir_fd, const struct spec *spec, struct err *err);

struct engine_ready {
	const char *manager;  /* the caller's */
	int socket_fd;        /* the container's; -1: nobody wants to know, or it was made without */
	int manager_fd;
	pid_t main_pid;       /* what the manager is told to look after */
	bool seen, told;      /* READY=1: received, and passed on or given up */
	struct err failure;   /* why it was given up; code 0 if it was not */
};

/* For start and run, before the program runs; ret_ready is to be closed. */
int engine_ready_open(int dir_fd, const struct spec *spec, const char *manager, struct engine_ready *ret_ready, struct err *err);
void engine_ready_close(struct engine_ready *ready);
#define cleanup_engine_ready __attribute__((cleanup(engine_ready_close)))

/* While it runs: what poll(2) is to look at, and what then is to be done. Never blocks. NULL has nothing to look at. */
struct pollfd engine_ready_poll(const struct engine_ready *ready);
void engine_ready_take(struct engine_ready *ready);

/* For who ends afterwards: until the container is ready and the manager knows it, or its first process has ended. */
void engine_ready_await(struct engine_ready *ready, const struct engine_state *state);

#endif
