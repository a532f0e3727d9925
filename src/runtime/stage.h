/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stage.h owns what passes between the supervisor and the two processes that build a container. */
#ifndef XRUN_RUNTIME_STAGE_H
#define XRUN_RUNTIME_STAGE_H

#include "src/base/err.h"
#include "src/plan/spec.h"
#include "src/runtime/idmap.h"
#include "src/runtime/lower.h"
#include "src/runtime/share.h"

#include <sys/types.h>

/*
 * One SOCK_SEQPACKET pair; messages of this form. From the children: WANT_MAP (the outer namespace exists), STARTED
 * (pid: the first process exists), MOUNTS (its mount namespace, where its pid namespace is not its own), MADE (the outer stage has done
 * its part; the binfmt instance, if any), NETWORK (the network namespace, to be connected), TERMINAL (the pty's master), DIRECTORIES
 * (the listener of directories.h), FAILED. To the outer stage: MAP_WRITTEN (descriptors: root's idmapped volumes, and its device nodes).
 * End of file means that the program was executed, if MADE has come before.
 */
enum { STAGE_MAX_VOLUMES = 64 };
enum stage_kind {
	STAGE_WANT_MAP = 1, STAGE_MAP_WRITTEN, STAGE_NETWORK, STAGE_STARTED, STAGE_MOUNTS, STAGE_MADE, STAGE_TERMINAL,
	STAGE_DIRECTORIES, STAGE_FAILED
};
struct stage_message {
	enum stage_kind kind;
	pid_t pid;
	struct err err;
};

/* What the stages are given; descriptors are borrowed. */
struct stage {
	const struct spec *spec;
	const struct idmap *map;
	int socket_fd;       /* the children's end */
	int store_fd;        /* the store's directory: containers/ID */
	int layers_fd;       /* its layers/ */
	char *const *emulator_names; /* of the emulators' files, see emulators.h */
	int *volume_fds;     /* one for each mount with a source: detached mounts, or -1 until the outer stage makes them */
	struct lower lower;  /* the spec's directory of the host, opened before the namespaces were made */
	struct share *share; /* what another container has, or NULL */
	int shared_fds[3];   /* set by the outer stage with `share`: its /etc/hosts, /etc/resolv.conf, /dev/shm, or -1 */
	int nodes_fd;        /* root's device nodes, a detached tmpfs, or -1; see devices.h */
	int rootfs_fd;       /* set by the outer stage: detached overlay */
	int device_fds[8];   /* set by the outer stage: detached binds of the host's device nodes */
};

/* One message with so many descriptors, which stay the caller's. 0, or a negative errno without a text: the other side is gone. */
int stage_send(int socket_fd, const struct stage_message *message, const int *fds, size_t fd_count);

/* As root of a namespace with the id map: the container's files, layers and its own, as a detached mount. A descriptor. */
int stage_make_rootfs(const struct stage *stage, struct err *err);

/* The outer user namespace: never returns. */
void outer_stage(struct stage *stage) __attribute__((noreturn));

/*
 * The container's first process: never returns. Over outer_fd comes a byte when its id map is written, then its parts (parts.h),
 * then, if there are emulators, a byte when they are registered.
 */
void inner_stage(struct stage *stage, int outer_fd) __attribute__((noreturn));

/* Names below /dev that are bound from the host, NULL-terminated; device_fds is in the same order. */
extern const char *const stage_devices[];

#endif
