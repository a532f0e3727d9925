/* SPDX-License-Identifier: GPL-2.0-or-later */
/* engine_stage.h owns what passes between `xrun-oci create` and the two processes that build an engine's container. */
#ifndef XRUN_RUNTIME_ENGINE_STAGE_H
#define XRUN_RUNTIME_ENGINE_STAGE_H

#include "src/base/err.h"
#include "src/runtime/engine.h"

#include <sys/types.h>

/*
 * One SOCK_SEQPACKET pair. From the outer stage: WANT_GO (it can be put into cgroups), WANT_MAP (it is in the namespace
 * that emulators need), STARTED (pid of the first process). From that one: HOOKS (all is there, but for
 * the root and what create has to do: network interfaces and hooks), READY
 * (it waits to be started; with the terminal's master where that was asked for), FAILED; from it or one of exec's: LISTENER, of
 * its seccomp filter (engine_listener.h). To them: GO.
 */
enum engine_message_kind { ENGINE_WANT_GO = 1, ENGINE_WANT_MAP, ENGINE_STARTED, ENGINE_HOOKS, ENGINE_READY, ENGINE_LISTENER, ENGINE_FAILED, ENGINE_GO };
struct engine_message {
	enum engine_message_kind kind;
	pid_t pid;
	struct err err;
};

/* What the stages are given; descriptors are borrowed. */
struct engine_stage {
	const struct engine_request *request;
	struct spec *spec;      /* the processes' own copies, after fork */
	struct engine_state *state;
	int socket_fd;          /* the children's end */
	int start_fd;           /* where the first process waits for `start` */
	int console_fd;         /* the engine's socket for the terminal, or -1 */
	int rootfs_fd;          /* set by the outer stage: a detached copy of the root */
	int *source_fds;        /* set by it: detached copies of bind mounts' sources, and file systems that show what was joined; -1: later */
	int *node_fds;          /* set by it: the same of the host's devices that the container is to have */
	char *const *emulator_names; /* see emulators.h */
	int instance_fd;        /* the private binfmt_misc, or -1: set by the outer stage */
	bool alone;             /* an ordinary user's one id is root where the emulators are */
	bool inside;            /* in another user namespace than the caller's */
};

/* One message, with a descriptor, which stays the caller's, unless that is -1. 0, or a negative errno without a text: the other side is gone. */
int engine_stage_send(int socket_fd, enum engine_message_kind kind, pid_t pid, int fd);
/* Waits for GO. */
int engine_stage_await_go(int socket_fd, struct err *err);

/* The outer stage and the container's first process: they never return. */
void engine_outer(struct engine_stage *stage) __attribute__((noreturn));
void engine_init(struct engine_stage *stage, int go_fd) __attribute__((noreturn));

/* The engine's socket for a terminal's master, connected. */
int engine_console_open(const char *path, struct err *err);

/* engine_outer.c: the map of process `pid`, which has just entered its user namespace; an empty one: ids as they are. */
int engine_map_write(const struct engine_map *map, pid_t pid, struct err *err);

/* engine_copy.c: copies what is in one directory into another: tmpcopyup. */
int engine_copy_up(int from_fd, int to_fd, const char *what, struct err *err);

/* engine_sources.c, for the outer stage: opens what mounts and devices show, as the caller sees it. */
int engine_sources_open(struct engine_stage *stage, struct err *err);
/* One bind mount's source, detached; for those that were left out. */
int engine_source_open(const struct engine_stage *stage, const struct engine_mount *m, struct err *err);

/*
 * The same for what shows a namespace that was entered, where the container's user namespace has no right over that one: the
 * messages of its IPC namespace, its network's devices, its processes. Where this fails the first process does what it can.
 */
void engine_sources_make(const struct engine_stage *stage);

/* engine_mounts.c: a new file system as the mount says, detached. */
int engine_mount_make(const struct engine_mount *m, const char *type, struct err *err);
/* For the first process: attaches all of them below the root that is behind root_fd. */
int engine_mounts_attach(const struct engine_stage *stage, int root_fd, struct err *err);
/* What had to wait until /dev is filled. */
int engine_mounts_finish(const struct engine_stage *stage, int root_fd, struct err *err);

/*
 * engine_emulation.c, for the outer stage: a user namespace around the container's, with the caller's ids as they are, and
 * the emulators registered in it. Nothing where the spec lists none.
 */
int engine_emulation_enter(struct engine_stage *stage, struct err *err);
/* For `create`: the map of that namespace. */
int engine_emulation_map(pid_t outer, struct err *err);

/* engine_root.c: the files' beginning and end; between them are mounts and hooks. */
int engine_root_begin(const struct engine_stage *stage, struct err *err);
int engine_root_finish(const struct engine_stage *stage, int root_fd, struct err *err);

#endif
