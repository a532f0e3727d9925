/* SPDX-License-Identifier: GPL-2.0-or-later */
/* parts.c owns handing what the outer stage has made to the inner stage. */
#include "src/runtime/parts.h"

#include "src/base/fd.h"
#include "src/base/str.h"

#include <errno.h>

enum { BATCH = 64 }; /* so many descriptors a message, see fd_send */

/* Where the descriptors stand, in an order that both stages know; an allocated list. */
static int **list_places(struct stage *stage, size_t *ret_count)
{
	const struct spec *spec = stage->spec;
	size_t count = 0;
	int **places = mem_new((1 + sizeof stage->device_fds / sizeof *stage->device_fds + spec->mount_count) * sizeof *places);
	places[count++] = &stage->rootfs_fd;
	for (size_t i = 0; stage_devices[i]; i++)
		places[count++] = &stage->device_fds[i];
	for (size_t i = 0; i < spec->mount_count; i++)
		if (spec->mounts[i].kind == MOUNT_BIND || spec->mounts[i].kind == MOUNT_DEVICE)
			places[count++] = &stage->volume_fds[i];
	*ret_count = count;
	return places;
}

static size_t next_batch(size_t count, size_t at)
{
	return count - at < BATCH ? count - at : BATCH;
}

int parts_send(struct stage *stage, int socket_fd, struct err *err)
{
	size_t count;
	int fds[BATCH], r = 0;
	cleanup_free int **places = list_places(stage, &count);
	for (size_t at = 0; r == 0 && at < count; at += BATCH) {
		size_t n = next_batch(count, at);
		for (size_t i = 0; i < n; i++)
			fds[i] = *places[at + i];
		r = fd_send(socket_fd, "", 1, fds, n);
	}
	return r < 0 ? err_code(err, r, "cannot hand over the container's files") : 0;
}

int parts_receive(struct stage *stage, int socket_fd, struct err *err)
{
	size_t count;
	int fds[BATCH];
	cleanup_free int **places = list_places(stage, &count);
	for (size_t at = 0; at < count; at += BATCH) {
		char byte;
		size_t n = next_batch(count, at), got = BATCH;
		if (fd_recv(socket_fd, &byte, 1, fds, &got) != 1 || got != n)
			return err_set(err, -EPIPE, "the container's outer stage ended early");
		for (size_t i = 0; i < n; i++)
			*places[at + i] = fds[i];
	}
	return 0;
}
