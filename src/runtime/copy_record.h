/* SPDX-License-Identifier: GPL-2.0-or-later */
/* copy_record.h owns what passes through the pipe of a copy. */
#ifndef XRUN_RUNTIME_COPY_RECORD_H
#define XRUN_RUNTIME_COPY_RECORD_H

#include "src/runtime/copy.h"

#include <stdint.h>
#include <sys/types.h>

enum { COPY_NAME_MAX = 255, COPY_LINK_MAX = 4096 };

/* DIRECTORY enters it, LEAVE leaves it. FILE is followed by `size` bytes. The first one is what was asked for; its name is
 * "." where only a directory's contents were. */
enum copy_kind { COPY_DIRECTORY = 1, COPY_LEAVE, COPY_FILE, COPY_LINK, COPY_END };
struct copy_record {
	uint32_t kind, mode, uid, gid, name_len, link_len, left_out;
	uint64_t size;
	int64_t mtime;
	uint32_t mtime_ns;
};

/* Takes what is called `name` there away, but a directory never: that is an error. */
int copy_clear(int dir_fd, const char *name, struct err *err);

/* Gives a file that was made what `record` says of it: with keep_owners its owner; this mode; its time. */
int copy_finish(int fd, const struct copy_record *record, mode_t mode, bool keep_owners, const char *name, struct err *err);

#endif
