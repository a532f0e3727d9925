/* SPDX-License-Identifier: GPL-2.0-or-later */
/* share.h owns being in another container's namespaces: finding them, entering them, and what ends with us there. */
#ifndef XRUN_RUNTIME_SHARE_H
#define XRUN_RUNTIME_SHARE_H

#include "src/base/err.h"
#include "src/plan/spec.h"

#include <stdbool.h>

/*
 * The other container's namespaces, by descriptor: its outer user namespace, and by kind those that are shared, among them
 * always its inner user namespace; its mount namespace is there for share_clone alone. -1 where there is none.
 */
struct share {
	int outer_fd;
	int fds[NAMESPACE_KINDS];
};
#define SHARE_NONE { -1, { -1, -1, -1, -1, -1, -1, -1, -1 } }
void share_close(struct share *share);

/*
 * Finds the container that spec->shared names. It must run, have these namespaces of its own or share them itself, and the same
 * id map. *ret_id, unless NULL: its id, the caller's; ret_hostname likewise.
 */
int share_open(int containers_fd, const struct spec *spec, struct share *ret_share, char **ret_id, char **ret_hostname, struct err *err);

/*
 * In the outer stage, as root of the outer user namespace: what the other one has at `path`, as a detached mount. -ENOENT without
 * err where there is nothing. Nothing that it put there leads anywhere: no symlink is followed.
 */
int share_clone(const struct share *share, const char *path, struct err *err);

/* In the outer stage, last: enters them all; of the pid namespace that takes effect in children. They are closed. */
int share_enter(struct share *share, struct err *err);

/*
 * Ends all processes in the mount namespace mount_fd: in a pid namespace that is another's, the end of a container's first
 * process is not that of the others.
 */
void share_end(int mount_fd);

#endif
