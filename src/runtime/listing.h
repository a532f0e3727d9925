/* SPDX-License-Identifier: GPL-2.0-or-later */
/* listing.h owns getdents64(2) as a 32-bit program of this machine makes it. */
#ifndef XRUN_RUNTIME_LISTING_H
#define XRUN_RUNTIME_LISTING_H

#include <stddef.h>

/* As much as one call lists at most. */
enum { LISTING_ROOM = 1 << 16 };

/* The architecture whose programs must run natively for it: "i386", "armv7"; NULL: this build knows no way. */
const char *listing_by(void);

struct listing {
	void *room;    /* what was listed; NULL: nothing can be */
	int socket_fd; /* of the process that lists, or -1 */
};

/* In a process with a single thread; what it starts ends with it. Where it fails `room` is NULL, and errno says why. */
void listing_open(struct listing *listing);

/* Bytes in `room`, or a negative errno: the call's, or -ENOSYS where it cannot be made. */
long listing_read(const struct listing *listing, int dir_fd, size_t size);

#endif
