/* SPDX-License-Identifier: GPL-2.0-or-later */
/* watch.h owns what a supervisor looks at from time to time while the first process runs: its deadline, and whether it is stuck. */
#ifndef XRUN_RUNTIME_WATCH_H
#define XRUN_RUNTIME_WATCH_H

#include "src/plan/spec.h"
#include "src/runtime/stuck.h"

#include <poll.h>

struct engine_ready;

struct watch {
	struct stuck stuck;
	int64_t deadline_ms;   /* of CLOCK_MONOTONIC; 0: none */
	bool want_stacks, timed_out;
	const char *stacks_command; /* the spec's */
	struct engine_ready *ready; /* what the container tells, or NULL: the caller's */
	struct buf stacks;     /* see stacks.h, of when it timed out */
};

/* At the start of the first process. */
void watch_start(struct watch *watch, const struct spec *spec);
void watch_done(struct watch *watch);

/* How long poll(2) may take before watch_check is due; -1: for ever. NULL has nothing to watch. */
int watch_timeout(const struct watch *watch);

/* What poll(2) is to look at for it, or a descriptor of -1. */
struct pollfd watch_poll(const struct watch *watch);

/* After each poll: takes what the container tells, and kills the process where its time is over, or where it cannot end by itself. */
void watch_check(struct watch *watch, pid_t pid);

/* The exit status that stands for `status`: 124, as of timeout(1), after the deadline; 128+n where it was stuck. */
int watch_status(const struct watch *watch, int status);

#endif
