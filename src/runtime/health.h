/* SPDX-License-Identifier: GPL-2.0-or-later */
/* health.h owns asking a detached container, every now and then, whether it is well. */
#ifndef XRUN_RUNTIME_HEALTH_H
#define XRUN_RUNTIME_HEALTH_H

#include "src/runtime/run.h"

/* Times in nanoseconds of the monotonic clock (now.h): somebody may set the other one. */
struct health {
	pid_t pid;            /* of the check under way, a process of ours; 0: none */
	int64_t started;      /* the container */
	int64_t next;         /* when the next check is due, or the one under way has taken too long */
	unsigned failures;    /* in a row */
};

/* When the program has been executed. */
void health_begin(struct health *health, struct run *run);

/* Milliseconds until something is to be done: for poll(2); -1: never. */
int health_due_ms(const struct health *health, const struct run *run);

/* Does what is due, and takes what has ended: to be called when it is, and on SIGCHLD. */
void health_step(struct health *health, struct run *run);

/* Ends a check that is under way. */
void health_end(struct health *health);

/*
 * Asks a running container once, and waits for the answer as long as its check may take, its output being ours: 1 it is well, 0 it is
 * not, or did not answer in time. What the container's supervisor counts does not change.
 */
int health_ask(const struct state *state, const struct spec *spec, const struct idmap *map, struct err *err);

#endif
