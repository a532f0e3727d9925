/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * probe.h owns the payload's tables of what is tried. The payload is a static program, one for each architecture, that
 * `xrun doctor --arch` runs in containers: it shares nothing with xrun but the form of what it prints.
 */
#ifndef XRUN_PROBE_PROBE_H
#define XRUN_PROBE_PROBE_H

#include <stddef.h>

/*
 * `run` does one thing a program may want of a kernel, in a process of its own. 0: it works as it should. A negative
 * errno, or WRONG: it does not; say() has told more, perhaps.
 */
enum { WRONG = -10000 };
struct probe {
	const char *name;
	const char *users; /* who needs it */
	int (*run)(void);
};

/* Each ends with an empty one. */
extern const struct probe process_probes[], thread_probes[], memory_probes[], file_probes[], network_probes[];

/* A detail of the result, one short line. Returns WRONG, so that `return say(...)` reads well. */
int say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A system call's result as 0 or a negative errno. */
int result(long r);

/* The file that this program was started from, and its own argument for being started as a child of a probe. */
extern const char *program;
enum { CHILD_STATUS = 23 };
#define CHILD_ARGUMENT "child"       /* waits until its standard input ends, then exits with CHILD_STATUS */

#endif
