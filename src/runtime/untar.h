/* SPDX-License-Identifier: GPL-2.0-or-later */
/* untar.h owns reading a tar archive as a stream (POSIX.1-2001: ustar and pax; and GNU's long names). Writes no file. */
#ifndef XRUN_RUNTIME_UNTAR_H
#define XRUN_RUNTIME_UNTAR_H

#include "src/base/err.h"
#include "src/base/str.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

enum untar_kind { UNTAR_FILE = 1, UNTAR_DIRECTORY, UNTAR_SYMLINK, UNTAR_LINK, UNTAR_FIFO, UNTAR_DEVICE };

/* One entry. Names are relative and have neither "." nor ".." nor empty components; "" is the top directory. */
struct untar_entry {
	enum untar_kind kind;
	char *path;
	char *link;          /* a symlink's target as it is; what a hard link is one of, a name like `path`; else NULL */
	uint32_t uid, gid;
	mode_t mode;         /* the 07777 of it */
	uint64_t size;       /* of a file's data */
	struct timespec mtime;
};

/* {.fd = ...} is one at the beginning of the archive. */
struct untar {
	int fd;
	uint64_t left, padding;    /* of the entry's data */
	bool begun;
	struct untar_entry entry;
};
void untar_done(struct untar *untar);

/*
 * The next entry, what was left of the one before passed over: 1 and untar->entry, 0 at the archive's end. All that
 * comes after the end is read, too, so that who writes it does not meet a broken pipe. Everything in an archive is
 * hostile: headers are bounded to 64 KiB, and what is not understood is an error (-EBADMSG) that says so.
 */
int untar_next(struct untar *untar, struct err *err);

/* Some of the entry's data: how much, 0 at its end. */
ssize_t untar_data(struct untar *untar, void *ret_data, size_t room, struct err *err);

#endif
