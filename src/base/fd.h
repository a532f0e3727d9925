/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fd.h owns file descriptors: closing them, names below a directory, whole reads and writes, passing them on. */
#ifndef XRUN_BASE_FD_H
#define XRUN_BASE_FD_H

#include "src/base/err.h"
#include "src/base/str.h"

#include <dirent.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/types.h>

/* Every descriptor is born close-on-exec. close is never retried (close(2), "Dealing with error returns"). */
void fd_close(int *fd);                          /* closes if >= 0, sets to -1, keeps errno */
int fd_take(int *fd);                            /* returns it and sets it to -1: ownership moves to the caller */
#define cleanup_fd __attribute__((cleanup(fd_close)))

void file_close(FILE **file);
#define cleanup_file __attribute__((cleanup(file_close)))
void dir_close(DIR **dir);
#define cleanup_dir __attribute__((cleanup(dir_close)))

/*
 * openat2(2) (Linux 5.6). `resolve` is RESOLVE_BENEATH, RESOLVE_IN_ROOT, ... Returns a descriptor or a negative
 * errno and fills no err: callers know what the name means. There is no fallback for older kernels: a name that an
 * image chose is never resolved in a weaker way.
 */
int fd_openat2(int dir_fd, const char *path, int flags, mode_t mode, uint64_t resolve);

/*
 * Opens the directory behind *fd anew, by its path, and replaces *fd: for a process that has entered another mount
 * namespace, where mounts of the old one cannot be used. Fails if the path leads elsewhere by now.
 */
int fd_reopen_directory(int *fd, struct err *err);

/* All of data, through EINTR and short writes. 0 or a negative errno. */
int fd_write_all(int fd, const void *data, size_t len);

/* All that can be read, at most `limit` bytes (more: -EFBIG); appended to buf. 0 or a negative errno. */
int fd_read_all(int fd, size_t limit, struct buf *buf);

/* The content of a file below dir_fd (AT_FDCWD allowed), at most `limit` bytes. */
int fd_read_file(int dir_fd, const char *path, size_t limit, struct buf *ret_buf, struct err *err);

/* Writes `text` to an existing file (procfs, cgroupfs) in one write(2). */
int fd_write_file(int dir_fd, const char *path, const char *text, struct err *err);

/*
 * Lets whoever gets our standard streams from `first` on passed open them anew (as /dev/stdout), whatever his ids, where they are
 * anonymous pipes: for what our end is for, reading or writing, and no more. The way to such a pipe is /proc/PID/fd alone. What is
 * another file stays as it is, and so does another user's pipe.
 */
void fd_share_standard(int first);

/* Gives an open file, mostly one of O_TMPFILE, a name. 0 or a negative errno; -EEXIST: the name is taken. */
int fd_link(int fd, int dir_fd, const char *name);

/* Writes a file under its final name only when it is whole and on disk: O_TMPFILE, fsync, link, or rename over. */
int fd_publish_file(int dir_fd, const char *name, const void *data, size_t len, mode_t mode, struct err *err);

/* mkdir -p for a path that the user chose (never an image). Existing directories are kept as they are. */
int fd_mkdir_path(const char *path, mode_t mode, struct err *err);

/*
 * Says that the directories below this one have nothing to do with each other (chattr(1), attribute T). ext4 then puts each
 * into the emptiest group of inodes. Otherwise all share one, where it looks at every inode deleted in the last minute
 * before it takes a new one (fs/ext4/ialloc.c, recently_deleted): 40 % of what a start costs after some hundred others.
 * A hint: elsewhere it has no effect.
 */
void fd_spread_directories(int dir_fd);

/* Adds the names in the directory, without "." and "..", in the order of strcmp. `what` is what an error calls it. */
int fd_list(int dir_fd, const char *what, struct strv *ret_names, struct err *err);

/*
 * The path, the caller's, of what has that name in `dir`, which is empty or ends with a slash. NULL with `err` where it is longer than the kernel
 * takes a path (PATH_MAX): a name may lie deeper all the same, and who goes down to it would keep ever longer paths, one a directory.
 */
char *fd_path_below(const char *dir, const char *name, struct err *err);

/* Removes everything below dir_fd/name, and name itself; symlinks are not followed, mounts are not crossed. */
int fd_remove_tree(int dir_fd, const char *name, struct err *err);

/* One message over a SOCK_SEQPACKET unix socket with up to 128 descriptors; received ones are close-on-exec. */
int fd_send(int socket_fd, const void *data, size_t len, const int *fds, size_t fd_count);
/* Returns the message's length (0: the peer is gone), or a negative errno. *fd_count: room in, number out. */
ssize_t fd_recv(int socket_fd, void *data, size_t len, int *ret_fds, size_t *fd_count);

#endif
