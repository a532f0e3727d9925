/* SPDX-License-Identifier: GPL-2.0-or-later */
/* turn.c owns that a blob is downloaded once. */
#include "registry/turn.h"

#include "src/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_SIZE = DIGEST_HEX + 8 };

static void name_of(const struct digest *digest, char ret_name[NAME_SIZE])
{
	snprintf(ret_name, NAME_SIZE, "%s.turn", digest_hex(digest));
}

/* Whoever ends a turn removes the file: a lock on what has no name any more is worth nothing. */
static bool is_named(int fd, int dir_fd, const char *name)
{
	struct stat ours, there;
	return fstat(fd, &ours) == 0 && fstatat(dir_fd, name, &there, AT_SYMLINK_NOFOLLOW) == 0 && ours.st_ino == there.st_ino;
}

int turn_take(const struct store *store, const struct digest *digest, struct err *err)
{
	char name[NAME_SIZE];
	name_of(digest, name);
	for (;;) {
		cleanup_fd int fd = openat(store->staging_fd, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd < 0)
			return err_sys(err, "cannot make a lock in the store's staging directory");
		if (flock(fd, LOCK_EX) < 0 && errno != EINTR)
			return err_sys(err, "cannot wait for another download of %s", digest->text);
		if (is_named(fd, store->staging_fd, name) && flock(fd, LOCK_EX | LOCK_NB) == 0)
			return fd_take(&fd);
	}
}

void turn_end(const struct store *store, const struct digest *digest, int *fd)
{
	char name[NAME_SIZE];
	if (*fd < 0)
		return;
	name_of(digest, name);
	unlinkat(store->staging_fd, name, 0); /* while it is still locked */
	fd_close(fd);
}
