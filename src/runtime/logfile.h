/* SPDX-License-Identifier: GPL-2.0-or-later */
/* logfile.h owns writing a detached container's output to files of bounded size. */
#ifndef XRUN_RUNTIME_LOGFILE_H
#define XRUN_RUNTIME_LOGFILE_H

#include "src/base/err.h"
#include "src/base/str.h"

#include <stddef.h>
#include <stdint.h>

/*
 * log/json.log in the container's directory, and json.log.1 and so on, the older the higher. One JSON object a line:
 *   {"time":"2026-11-25T08:38:56.439418463Z","stream":"stdout","log":"text\n"}
 * as docker's json-file has it. A line of output that is longer than LOG_LINE bytes takes several; one that is not UTF-8
 * has "log64", in base64 (RFC 4648), instead of "log".
 */
enum { LOG_LINE = 16384 };
struct logfile {
	int dir_fd, fd;
	uint64_t size, max_size;
	unsigned max_files;
	struct buf lines[2]; /* of stdout and stderr: what has no end yet */
};

/* Goes on where one left off before. */
int logfile_open(struct logfile *ret_log, int container_fd, uint64_t max_size, unsigned max_files, struct err *err);

/* stream: 1 or 2. What cannot be written, on a full disk, is left out: the program must not wait for it. */
void logfile_add(struct logfile *log, int stream, const char *data, size_t len);

/* Writes what has no end yet, and closes. */
void logfile_close(struct logfile *log);

#endif
