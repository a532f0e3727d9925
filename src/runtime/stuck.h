/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stuck.h owns noticing an emulated first process that died of a signal and cannot end. */
#ifndef XRUN_RUNTIME_STUCK_H
#define XRUN_RUNTIME_STUCK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * qemu-user ends a guest that a signal kills by sending the signal to itself and waiting for it in sigsuspend(2), with every
 * other one blocked (linux-user/signal.c, dump_core_and_abort). The kernel keeps such signals from the first process
 * of a pid namespace (pid_namespaces(7)), so there it waits for ever: `yes | head` would never end.
 */
struct stuck {
	bool watch;        /* it is an emulated first process */
	int died_of;       /* the signal that it waited for */
	uint64_t switches; /* what was seen the last time: context switches of the thread that looked stuck, and one */
	pid_t thread;
};

/* How long poll(2) may take before stuck_check is due; -1: for ever. */
int stuck_timeout(const struct stuck *stuck);

/*
 * Kills process `pid` where a thread of it waits for a signal that it will never get, and did so the last time. SIGKILL then
 * stands for stuck->died_of.
 */
void stuck_check(struct stuck *stuck, pid_t pid);

#endif
