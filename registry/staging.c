/* SPDX-License-Identifier: GPL-2.0-or-later */
/* staging.c owns directories of work in progress. */
#include "registry/staging.h"

#include "src/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Between its making and its locking, a directory can be taken for an abandoned one, and removed: then another is made. */
static int lock_new(const struct store *store, const char *name)
{
	struct stat st;
	cleanup_fd int fd = openat(store->staging_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0)
		return errno == ENOENT || errno == EWOULDBLOCK ? -EAGAIN : -errno;
	if (fstat(fd, &st) < 0 || st.st_nlink == 0)
		return -EAGAIN;
	return fd_take(&fd);
}

int staging_make(const struct store *store, const char *what, char ret_name[STAGING_NAME_SIZE], struct err *err)
{
	for (unsigned tries = 0; tries < 1000; tries++) {
		snprintf(ret_name, STAGING_NAME_SIZE, "%.12s-%d-%u", what, getpid(), tries);
		if (mkdirat(store->staging_fd, ret_name, 0700) < 0) {
			if (errno == EEXIST)
				continue;
			return err_sys(err, "cannot make a staging directory in the store");
		}
		int fd = lock_new(store, ret_name);
		if (fd != -EAGAIN)
			return fd < 0 ? err_code(err, fd, "cannot use the staging directory %s", ret_name) : fd;
	}
	return err_set(err, -EBUSY, "cannot make a staging directory in the store: its names are all taken");
}
