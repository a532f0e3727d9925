/* SPDX-License-Identifier: GPL-2.0-or-later */
/* engine_listener.h owns filters of which calls are decided by a process of the engine's: seccomp_unotify(2). */
#ifndef XRUN_RUNTIME_ENGINE_LISTENER_H
#define XRUN_RUNTIME_ENGINE_LISTENER_H

#include "src/base/err.h"
#include "src/runtime/engine_stage.h"

#include <linux/filter.h>

/*
 * For the process that the filter is for: loads it, and has its listener sent with ENGINE_LISTENER through socket_fd, where GO
 * is waited for. Whatever calls the filter holds back, none of ours is among them. Where the other side fails the process ends.
 */
int engine_listener_load(const struct sock_fprog *program, uint64_t flags, int socket_fd, struct err *err);

/*
 * For that other side, on the host: sends the listener to linux.seccomp.listenerPath, with what config-linux.md calls the
 * container process state: that of `pid`, in the container that has this state and status. Then says GO.
 */
struct engine_listener {
	const struct engine_state *state;
	enum engine_status status;
	const struct spec_engine *engine;
	pid_t pid;
};
int engine_listener_hand_over(const struct engine_listener *whose, int listener_fd, int socket_fd, struct err *err);

#endif
