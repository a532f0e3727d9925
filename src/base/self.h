/* SPDX-License-Identifier: GPL-2.0-or-later */
/* self.h owns who we are: the file that this program is executed from, and its user. */
#ifndef XRUN_BASE_SELF_H
#define XRUN_BASE_SELF_H

#include "src/base/err.h"

#include <stdbool.h>

/*
 * What main does first. Standard input, output and error are open afterwards (to /dev/null where our caller closed them), and
 * nothing else of the caller's is passed on to programs. A container can get hold of this file (a command of /proc/self/exe,
 * CVE-2019-5736), and where it belongs to the user that the container's root is on the host, could change it: then a sealed
 * copy in memory is executed in its place, with the same arguments. A file that gets too large (RLIMIT_FSIZE) is an error from then on,
 * and no signal. The umask is the caller's for other users and groups; to ourselves it denies nothing. 0 or a negative errno.
 */
int self_begin(char **argv, struct err *err);

/* Root of the namespace that has all ids, which has some of its own for containers. */
bool self_is_host_root(void);

/* The file's path, the copy's original included; an allocated string, or NULL with errno. */
char *self_path(void);

/*
 * A file that belongs to xrun: NAME beside its own file, as in the build tree, or in ../libexec/xrun, where it is installed.
 * An allocated path, or NULL where there is none.
 */
char *self_find(const char *name);

/*
 * /proc/PID/cmdline is everybody's to read who sees the process, and ours may hold a password. For a process of ours that a container sees,
 * or will when it was cloned; what we know of our arguments is main's copy.
 */
void self_forget_arguments(void);

#endif
