/* SPDX-License-Identifier: GPL-2.0-or-later */
/* engine_copy.c owns filling a new tmpfs with what its place in the root holds: tmpcopyup. */
/*
 * Both directories are descriptors; what is below is opened by single names and no symlink is followed, so that the root's
 * files lead nowhere. The container has not begun; should another one with the same files put a fifo in a file's place meanwhile, nothing waits.
 */
#include "src/runtime/engine_stage.h"

#include "src/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_DEPTH = 64, CHUNK = 1 << 20 };

static int copy_below(int from_fd, int to_fd, int depth);

static int keep_attributes(int dir_fd, const char *name, const struct stat *st)
{
	const struct timespec times[] = { st->st_atim, st->st_mtim };
	if (fchownat(dir_fd, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0 && errno != EPERM && errno != EINVAL)
		return -errno;
	if (!S_ISLNK(st->st_mode) && fchmodat(dir_fd, name, st->st_mode & 07777, 0) < 0)
		return -errno;
	return utimensat(dir_fd, name, times, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

static int copy_file(int from_fd, int to_fd, const char *name)
{
	cleanup_fd int in_fd = openat(from_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	cleanup_fd int out_fd = openat(to_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	ssize_t n = 1;
	while (in_fd >= 0 && out_fd >= 0 && (n = sendfile(out_fd, in_fd, NULL, CHUNK)) > 0)
		;
	return in_fd < 0 || out_fd < 0 || n < 0 ? -errno : 0;
}

static int copy_link(int from_fd, int to_fd, const char *name)
{
	char target[4096];
	ssize_t n = readlinkat(from_fd, name, target, sizeof target - 1);
	if (n < 0)
		return -errno;
	target[n] = 0;
	return symlinkat(target, to_fd, name) < 0 ? -errno : 0;
}

static int copy_directory(int from_fd, int to_fd, const char *name, int depth)
{
	cleanup_fd int in_fd = openat(from_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (in_fd < 0 || mkdirat(to_fd, name, 0700) < 0)
		return -errno;
	cleanup_fd int out_fd = openat(to_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return out_fd < 0 ? -errno : copy_below(in_fd, out_fd, depth + 1);
}

static int copy_one(int from_fd, int to_fd, const char *name, int depth)
{
	struct stat st;
	int r = fstatat(from_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
	if (r == 0 && S_ISDIR(st.st_mode))
		r = copy_directory(from_fd, to_fd, name, depth);
	else if (r == 0 && S_ISREG(st.st_mode))
		r = copy_file(from_fd, to_fd, name);
	else if (r == 0 && S_ISLNK(st.st_mode))
		r = copy_link(from_fd, to_fd, name);
	else if (r == 0 && mknodat(to_fd, name, st.st_mode, st.st_rdev) < 0)
		r = -errno;
	return r < 0 ? r : keep_attributes(to_fd, name, &st);
}

static int copy_below(int from_fd, int to_fd, int depth)
{
	cleanup_dir DIR *dir = fdopendir(dup(from_fd));
	int r = !dir ? -errno : depth > MAX_DEPTH ? -ELOOP : 0;
	for (struct dirent *entry; r == 0 && dir && (entry = readdir(dir));)
		if (!str_eq(entry->d_name, ".") && !str_eq(entry->d_name, ".."))
			r = copy_one(from_fd, to_fd, entry->d_name, depth);
	return r;
}

int engine_copy_up(int from_fd, int to_fd, const char *what, struct err *err)
{
	cleanup_fd int in_fd = openat(from_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_fd int out_fd = openat(to_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = in_fd < 0 || out_fd < 0 ? -errno : copy_below(in_fd, out_fd, 0);
	return r < 0 ? err_code(err, r, "cannot copy %s into its tmpfs", what) : 0;
}
