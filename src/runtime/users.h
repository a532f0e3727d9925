/* SPDX-License-Identifier: GPL-2.0-or-later */
/* users.h owns a container's /etc/passwd and /etc/group: reading them, and the lines that the image lacks for who runs. */
#ifndef XRUN_RUNTIME_USERS_H
#define XRUN_RUNTIME_USERS_H

#include "src/base/err.h"
#include "src/plan/spec.h"
#include "src/runtime/user.h"

/* user_resolve, and user_add_group for each of `groups`, by the files below root_fd, a container's root. */
int users_find(int root_fd, const char *wish, const struct strv *groups, struct user *ret_user, struct err *err);

/*
 * As podman does: whom --userns keep-id keeps, and a number of --user, get a line in each of the two files that the image has and that has
 * none for them, so that programs which ask for their user's name find one. It is the container's own copy that is changed, in its
 * layer, which is upper_fd below root_fd, and marked (base/mark.h) so that nobody takes the line for the container's doing.
 */
bool users_are_wanted(const struct spec *spec); /* whether there is anything to ask the files for */
int users_add(const struct spec *spec, int root_fd, int upper_fd, struct err *err);

#endif
