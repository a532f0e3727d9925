/* SPDX-License-Identifier: GPL-2.0-or-later */
/* run.h owns what the supervisor's parts share while a container lives. */
#ifndef XRUN_RUNTIME_RUN_H
#define XRUN_RUNTIME_RUN_H

#include "src/base/err.h"
#include "src/plan/spec.h"
#include "src/runtime/cgroup.h"
#include "src/runtime/container.h"
#include "src/runtime/idmap.h"
#include "src/runtime/network.h"
#include "src/runtime/state.h"
#include "src/runtime/watch.h"

#include <sys/types.h>

struct run {
	const struct spec *spec;
	struct spec updated; /* what spec is from the first --restart on: the limits are those of `xrun update` */
	const struct idmap *map;
	int store_fd, containers_fd;
	int container_fd, lock_fd;  /* our directory, locked */
	int socket_fd, signal_fd, terminal_fd;
	int stream_fds[3];  /* of a detached container: our ends of its standard streams, or -1 */
	int ready_fd;       /* where somebody waits to hear that it goes on by itself, or -1 */
	const struct relay_leave *leave; /* or NULL */
	int userns_fd;      /* U1, for removing what belongs to subordinate ids */
	int inner_fd;       /* U2, where its programs may lose sight of the emulators (hidden.h), or -1 */
	int mount_fd;       /* its mount namespace, where its processes are told by that, or -1 */
	int instance_fd;    /* the emulators live as long as this is open */
	pid_t outer_pid, pid;
	bool made;        /* the outer stage has done its part */
	struct cgroup cgroup;
	struct state state;
	struct network_helper network;
	struct watch watch;
	bool hidden;        /* it ended with 126, and no program of the image's can be started in it any more */
	struct strv cores;  /* collected into spec->core_dir */
};

/* container.c: brings the first process to life, until it executes the program. The caller ends what a failure leaves. */
int run_launch(struct run *run, struct err *err);

/* supervise.c: tells who waits that it goes on by itself (err NULL), or why it does not; the first time only. */
void run_report(struct run *run, const struct err *err);

/* monitor.c: the time while a detached container's program runs. Returns its exit status, 128+n for a signal. */
int run_monitor(struct run *run, struct err *err);

#endif
