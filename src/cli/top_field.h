/* SPDX-License-Identifier: GPL-2.0-or-later */
/* top_field.h owns what `xrun top` can tell of a process in a container. */
#ifndef XRUN_CLI_TOP_FIELD_H
#define XRUN_CLI_TOP_FIELD_H

#include "src/base/str.h"
#include "src/runtime/idmap.h"

/* One process: what /proc has of it. */
struct top_process {
	const struct idmap *map;     /* of the container's own user namespace */
	int proc_fd, process_fd;
	const char *host_pid;
	struct buf status, stat;
};

/* podman-top(1)'s descriptors, and ps(1)'s names for the same. `get` returns the caller's string, or NULL. */
struct top_field {
	const char *name, *alias, *title;
	bool is_bytes;
	char *(*get)(const struct top_process *process);
};
extern const struct top_field top_fields[]; /* a NULL name ends it */

/* By either name; NULL: there is none. */
const struct top_field *top_field_find(const char *name);

/* Whether there is such a process. */
bool top_process_open(const struct idmap *map, int proc_fd, const char *host_pid, struct top_process *ret_process);
void top_process_close(struct top_process *process);

#endif
