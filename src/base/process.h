/* SPDX-License-Identifier: GPL-2.0-or-later */
/* process.h owns starting a helper program, waiting for it, what a process is, and telling its number in a file. */
#ifndef XRUN_BASE_PROCESS_H
#define XRUN_BASE_PROCESS_H

#include "src/base/err.h"
#include "src/base/str.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Starts argv[0] (looked up in PATH) with stdin from /dev/null and stdout and stderr into one pipe, whose reading
 * end comes back. 0 or a negative errno; -ENOENT with nothing started when there is no such program.
 */
int process_start(char *const argv[], pid_t *ret_pid, int *ret_output_fd, struct err *err);

/*
 * Reads the output to its end (at most 64 KiB kept) and waits. Returns the wait status as 0..255, or 128+n for a
 * signal; a negative errno if waiting failed. `output` may be NULL.
 */
int process_finish(pid_t pid, int output_fd, struct buf *output, struct err *err);

/* waitpid through EINTR: the exit status as above, or a negative errno. */
int process_wait(pid_t pid);

/* The same without waiting; false while it runs. */
bool process_ended(pid_t pid, int *ret_status);

/* Waits until a child ends, and leaves it to process_wait: 1; 0 if it has not within `ms`, -errno where that cannot be known. */
int process_ends_within(pid_t pid, uint64_t ms);

/*
 * /proc/PID/status, of a process or a thread. Most of it may be supplementary groups, of which a program can give itself 65536 (setgroups(2)): up to
 * a megabyte. False where there is none to be read, as it has ended.
 */
bool process_status(pid_t pid, struct buf *ret_status);

/* Whether it is the first process of a pid namespace. False also where that cannot be known. */
bool process_is_first(pid_t pid);

/*
 * A pid file: the number alone, as engines and service managers read it. It appears under its name when it is whole; what is there and is no ordinary
 * file (/dev/stderr, a fifo) is written to. A negative errno, without a text.
 */
int process_write_pid(const char *path, pid_t pid);

#endif
