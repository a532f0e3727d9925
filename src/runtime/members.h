/* SPDX-License-Identifier: GPL-2.0-or-later */
/* members.h owns which processes are a running container's. */
/*
 * Those of its pid namespace where that is its own, that is, where its first process has the number 1 in it. Where it is the
 * host's or another container's, those of its mount namespace: what makes another one for itself is missed then.
 */
#ifndef XRUN_RUNTIME_MEMBERS_H
#define XRUN_RUNTIME_MEMBERS_H

#include "src/base/err.h"
#include "src/plan/spec.h"

#include <dirent.h>
#include <sys/types.h>

struct members {
	DIR *dir;
	enum namespace_kind kind; /* of the namespace that has them all */
	ino_t number;
};

/* Of the container whose first process, or one of whose processes, is `pid`; of the mount namespace behind a descriptor. */
int members_open(pid_t pid, struct members *ret_members, struct err *err);
int members_open_mount(int mount_fd, struct members *ret_members, struct err *err);

/* The next one's number, as in /proc, valid until the next call; NULL: that was the last. May have ended meanwhile. */
const char *members_next(struct members *members);

void members_close(struct members *members);
#define cleanup_members __attribute__((cleanup(members_close)))

#endif
