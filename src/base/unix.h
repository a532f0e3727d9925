/* SPDX-License-Identifier: GPL-2.0-or-later */
/* unix.h owns sockets that are files (unix(7)). */
#ifndef XRUN_BASE_UNIX_H
#define XRUN_BASE_UNIX_H

/*
 * `type` is SOCK_STREAM, SOCK_SEQPACKET or SOCK_DGRAM (which does not listen), with flags; they are closed on exec. A descriptor or a
 * negative errno; -ENAMETOOLONG where the path does not fit (108 bytes with its NUL): unix_below has a short one for any directory.
 */
int unix_bind(const char *path, int type);
int unix_listen(const char *path, int type, int backlog);
int unix_connect(const char *path, int type);
/*
 * The socket `name` in a directory in which somebody else makes files: what is no socket is -ENOTSOCK, and a symlink is none. Nothing
 * that he exchanges meanwhile leads elsewhere.
 */
int unix_connect_in(const char *directory, const char *name, int type);
/* A name that begins with "@" is no file, but stands for a NUL there: an abstract socket. */
int unix_connect_named(const char *name, int type);

/* The path of `name` in the directory dir_fd, for this process; the caller's. */
char *unix_below(int dir_fd, const char *name);

#endif
