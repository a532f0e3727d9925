/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cgroup_place.h owns where a container's cgroup directories go. For cgroup*.c alone. */
#ifndef XRUN_RUNTIME_CGROUP_PLACE_H
#define XRUN_RUNTIME_CGROUP_PLACE_H

#include "src/runtime/cgroup.h"

/* Where we are after we have stepped aside in a cgroup of v2, so that it can have others below it. */
#define CGROUP_PLACE_LEAF "xrun-self"

/* The kernel's name of a controller, v1's or v2's. */
const char *cgroup_controller_name(enum cgroup_controller controller, bool v2);

/*
 * The container's directory for a controller, whether it exists or not: allocated, or NULL where no hierarchy here has the
 * controller. `parent` is --cgroup-parent or NULL.
 */
char *cgroup_place_find(enum cgroup_controller controller, const char *parent, const char *id, bool *ret_v2);

/*
 * Makes it, with all above it, and has the controller handed down to it. -EEXIST where it is in use. `shared`: it is there
 * already, for another controller.
 */
int cgroup_place_make(enum cgroup_controller controller, const char *parent, const char *id, bool shared,
	struct cgroup_directory *ret_directory, struct err *err);

/*
 * v2: `name` below a directory that is delegated to us, with a process in it that is the directory's only one so far, and all
 * controllers that there are handed down to it.
 */
int cgroup_place_divide(const char *directory, const char *name, pid_t pid, struct cgroup *ret_cgroup, struct err *err);

/* v2: has every controller handed down to the directory that those above it, as far as they are ours, can hand down. */
void cgroup_place_offer(const char *directory);

/* One value of a directory; for v2 and v1 alike. */
int cgroup_place_write(const char *directory, const char *file, const char *value, struct err *err);

/* The content of a directory's file; empty where there is none. */
struct buf cgroup_place_read(const char *directory, const char *file);

/*
 * The number in that version's file, with a key the one behind "KEY " at the beginning of a line. UINT64_MAX where there is no such
 * directory, file (NULL: that version has none) or key, or the value is "max".
 */
uint64_t cgroup_place_number(const struct cgroup_directory *directory, const char *v1, const char *v2, const char *key);

/* Where a process is: its directory in the hierarchy of a controller, allocated, or NULL. */
char *cgroup_place_of(enum cgroup_controller controller, pid_t pid, bool *ret_v2);

#endif
