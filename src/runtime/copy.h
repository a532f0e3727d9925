/* SPDX-License-Identifier: GPL-2.0-or-later */
/* copy.h owns copying files between the host and a container, through a pipe between a process on each side, or as an archive. */
/*
 * Theory of operation. Each side sees its own files only and acts with its own rights: the one in the container has that for
 * its root (visit.h), so whatever its names and symlinks are, or become meanwhile, they lead nowhere else. What arrives on
 * the other side are single names, never paths; each is made anew below the descriptor of its directory.
 */
#ifndef XRUN_RUNTIME_COPY_H
#define XRUN_RUNTIME_COPY_H

#include "src/base/err.h"

#include <stdbool.h>

struct copy {
	const char *source, *target;   /* paths on their side; docker-cp(1) says what a "/" or "/." at their end means */
	int fd;                        /* the pipe, or the archive */
	bool follow;                   /* what a symlink at `source` leads to; else the symlink */
	bool keep_owners;              /* --archive; else they are those of who writes */
	bool is_host;                  /* the receiver's side: set-id bits of a container's files are dropped there */
	unsigned left_out;             /* devices and sockets, counted by the sender; of an archive by who writes or reads it */
};

/* Reads files and writes the pipe. */
int copy_send(struct copy *copy, struct err *err);

/* Reads the pipe and writes files. */
int copy_receive(struct copy *copy, struct err *err);

/*
 * The same with a tar archive instead of the pipe, for who has the container's root as his own. One that is sent has owners, and
 * devices; the target of one that is received has to be a directory, which nothing in it leaves.
 */
int copy_send_archive(struct copy *copy, struct err *err);
int copy_receive_archive(struct copy *copy, struct err *err);

#endif
