/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fd.c owns file descriptors. */
#include "src/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

void fd_close(int *fd)
{
	if (*fd < 0)
		return;
	int saved = errno;
	close(*fd);
	errno = saved;
	*fd = -1;
}

int fd_take(int *fd)
{
	int taken = *fd;
	*fd = -1;
	return taken;
}

void file_close(FILE **file)
{
	int saved = errno;
	if (*file)
		fclose(*file);
	*file = NULL;
	errno = saved;
}

void dir_close(DIR **dir)
{
	int saved = errno;
	if (*dir)
		closedir(*dir);
	*dir = NULL;
	errno = saved;
}

int fd_openat2(int dir_fd, const char *path, int flags, mode_t mode, uint64_t resolve)
{
	struct open_how how = {
		.flags = flags | O_CLOEXEC,
		.mode = flags & (O_CREAT | __O_TMPFILE) ? mode : 0,
		.resolve = resolve,
	};
	for (int tries = 0; tries < 128; tries++) {
		int fd = syscall(SYS_openat2, dir_fd, path, &how, sizeof how);
		if (fd >= 0)
			return fd;
		/* openat2(2): EAGAIN when a rename raced with the lookup of "..". */
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
	}
	return -EAGAIN;
}

int fd_reopen_directory(int *fd, struct err *err)
{
	char self[64], path[4096];
	struct stat before, after;
	snprintf(self, sizeof self, "/proc/self/fd/%d", *fd);
	ssize_t n = readlink(self, path, sizeof path - 1);
	if (n < 0)
		return err_sys(err, "cannot find a directory's path");
	path[n] = 0;
	cleanup_fd int again = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (again < 0 && errno == EACCES)
		again = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (again < 0 || fstat(*fd, &before) < 0 || fstat(again, &after) < 0)
		return err_sys(err, "cannot open %s again", path);
	if (before.st_dev != after.st_dev || before.st_ino != after.st_ino)
		return err_set(err, -ESTALE, "%s was replaced by another directory meanwhile", path);
	fd_close(fd);
	*fd = fd_take(&again);
	return 0;
}

int fd_write_all(int fd, const void *data, size_t len)
{
	const char *at = data;
	while (len) {
		ssize_t n = write(fd, at, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		at += n;
		len -= n;
	}
	return 0;
}

int fd_read_all(int fd, size_t limit, struct buf *buf)
{
	char chunk[16384];
	for (;;) {
		ssize_t n = read(fd, chunk, sizeof chunk);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return 0;
		if ((size_t)n > limit)
			return -EFBIG;
		limit -= n;
		buf_add(buf, chunk, n);
	}
}

int fd_read_file(int dir_fd, const char *path, size_t limit, struct buf *ret_buf, struct err *err)
{
	cleanup_fd int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, "cannot open %s", path);
	cleanup_buf struct buf content = { 0 };
	int r = fd_read_all(fd, limit, &content);
	if (r < 0)
		return err_code(err, r, "cannot read %s", path);
	buf_done(ret_buf);
	*ret_buf = content;
	content = (struct buf){ 0 };
	return 0;
}

int fd_write_file(int dir_fd, const char *path, const char *text, struct err *err)
{
	cleanup_fd int fd = openat(dir_fd, path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, "cannot open %s", path);
	size_t len = strlen(text);
	ssize_t n;
	do
		n = write(fd, text, len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_sys(err, "cannot write \"%s\" to %s", text, path);
	return (size_t)n == len ? 0 : err_set(err, -EIO, "cannot write all of \"%s\" to %s", text, path);
}

static void share_pipe(int fd)
{
	static const mode_t bits[] = { [O_RDONLY] = 0444, [O_WRONLY] = 0222, [O_RDWR] = 0666 };
	struct stat st;
	struct statfs fs;
	int flags = fcntl(fd, F_GETFL);
	if (flags < 0 || (flags & O_ACCMODE) > O_RDWR || fstatfs(fd, &fs) < 0 || fs.f_type != PIPEFS_MAGIC || fstat(fd, &st) < 0)
		return;
	fchmod(fd, (st.st_mode & 0777) | bits[flags & O_ACCMODE]);
}

void fd_share_standard(int first)
{
	for (int fd = first; fd < 3; fd++)
		share_pipe(fd);
}

int fd_link(int fd, int dir_fd, const char *name)
{
	char self[64];
	snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
	return linkat(AT_FDCWD, self, dir_fd, name, AT_SYMLINK_FOLLOW) < 0 ? -errno : 0;
}

/* linkat refuses an existing name, so a replacement goes through a temporary name and rename. */
static int link_over(int dir_fd, int fd, const char *name)
{
	int r = fd_link(fd, dir_fd, name);
	if (r != -EEXIST)
		return r;
	cleanup_free char *temporary = str_fmt(".%s.%d", name, (int)gettid());
	unlinkat(dir_fd, temporary, 0);
	r = fd_link(fd, dir_fd, temporary);
	if (r == 0 && renameat(dir_fd, temporary, dir_fd, name) < 0) {
		r = -errno;
		unlinkat(dir_fd, temporary, 0);
	}
	return r;
}

int fd_publish_file(int dir_fd, const char *name, const void *data, size_t len, mode_t mode, struct err *err)
{
	cleanup_fd int fd = openat(dir_fd, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, mode);
	if (fd < 0)
		return err_sys(err, "cannot create %s", name);
	int r = fd_write_all(fd, data, len);
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	if (r == 0)
		r = link_over(dir_fd, fd, name);
	if (r == 0 && fsync(dir_fd) < 0)
		r = -errno;
	return r < 0 ? err_code(err, r, "cannot write %s", name) : 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int fd_list(int dir_fd, const char *what, struct strv *ret_names, struct err *err)
{
	int copy = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_dir DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	if (!dir)
		return err_sys(err, "cannot list %s", what);
	for (struct dirent *entry; (entry = readdir(dir));)
		if (!str_eq(entry->d_name, ".") && !str_eq(entry->d_name, ".."))
			strv_add(ret_names, entry->d_name);
	if (ret_names->len)
		qsort(ret_names->items, ret_names->len, sizeof *ret_names->items, compare_names);
	return 0;
}

char *fd_path_below(const char *dir, const char *name, struct err *err)
{
	if (strlen(dir) + strlen(name) < PATH_MAX)
		return str_fmt("%s%s", dir, name);
	err_set(err, -ENAMETOOLONG, "/%.60s...: directories lie so deep that the path of a file has more than %d bytes", dir, PATH_MAX - 1);
	return NULL;
}

int fd_mkdir_path(const char *path, mode_t mode, struct err *err)
{
	cleanup_free char *copy = str_dup(path);
	for (char *slash = copy; *slash;) {
		slash += strspn(slash, "/");
		slash += strcspn(slash, "/");
		char kept = *slash;
		*slash = 0;
		if (mkdir(copy, mode) < 0 && errno != EEXIST)
			return err_sys(err, "cannot create directory %s", copy);
		*slash = kept;
	}
	return 0;
}

/*
 * Removal. An image may nest directories deeper than descriptors or the stack allow, so below MAX_DEPTH levels a
 * directory is moved up to the top of what is being removed, under a name of ours, and its turn comes later.
 */
enum { MAX_DEPTH = 64, LISTING = 2048 };
struct removal {
	int top_fd;
	dev_t device;
	unsigned moved;
};
static int remove_below(struct removal *removal, int dir_fd, int depth, struct err *err);

static int open_for_removal(int dir_fd, const char *name)
{
	int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(dir_fd, name, flags);
	if (fd < 0 && errno == EACCES && fchmodat(dir_fd, name, 0700, AT_SYMLINK_NOFOLLOW) == 0)
		fd = openat(dir_fd, name, flags); /* a directory without permissions: its owner may still open it up */
	return fd;
}

static int move_up(struct removal *removal, int dir_fd, const char *name, struct err *err)
{
	char up[32];
	int r;
	do {
		snprintf(up, sizeof up, ".xrun-removal-%u", removal->moved++);
		r = renameat2(dir_fd, name, removal->top_fd, up, RENAME_NOREPLACE);
	} while (r < 0 && errno == EEXIST);
	return r < 0 ? err_sys(err, "cannot remove %s", name) : 0;
}

static int remove_entry(struct removal *removal, int dir_fd, const char *name, bool directory, int depth, struct err *err)
{
	if (!directory) { /* of an unknown type, it may be one all the same */
		if (unlinkat(dir_fd, name, 0) == 0 || errno == ENOENT)
			return 0;
		if (errno != EISDIR && errno != EPERM)
			return err_sys(err, "cannot remove %s", name);
	}
	cleanup_fd int fd = open_for_removal(dir_fd, name);
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return err_sys(err, "cannot remove %s", name);
	if (depth >= MAX_DEPTH)
		return move_up(removal, dir_fd, name, err);
	int r = remove_below(removal, fd, depth + 1, err);
	if (r < 0)
		return r;
	if (unlinkat(dir_fd, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return err_sys(err, "cannot remove %s", name);
	return 0;
}

static int remove_some(struct removal *removal, int dir_fd, const char *entries, ssize_t len, int depth, struct err *err)
{
	int r = 0;
	for (ssize_t at = 0; r == 0 && at < len;) {
		const struct dirent64 *entry = (const void *)(entries + at);
		if (!str_eq(entry->d_name, ".") && !str_eq(entry->d_name, ".."))
			r = remove_entry(removal, dir_fd, entry->d_name, entry->d_type == DT_DIR, depth, err);
		at += entry->d_reclen;
	}
	return r;
}

/* dir_fd has been opened for this, and is read by it. */
static int remove_below(struct removal *removal, int dir_fd, int depth, struct err *err)
{
	struct stat st;
	char entries[LISTING] __attribute__((aligned(8)));
	ssize_t len;
	int r = 0;
	if (fstat(dir_fd, &st) < 0)
		return err_sys(err, "cannot remove a directory");
	if (st.st_dev != removal->device)
		return err_set(err, -EXDEV, "cannot remove a directory: something is mounted on it");
	if ((st.st_mode & 0700) != 0700 && fchmod(dir_fd, 0700) < 0)
		return err_sys(err, "cannot remove a directory");
	while (r == 0 && (len = getdents64(dir_fd, entries, sizeof entries)) > 0)
		r = remove_some(removal, dir_fd, entries, len, depth, err);
	return r == 0 && len < 0 ? err_sys(err, "cannot list a directory") : r;
}

void fd_spread_directories(int dir_fd)
{
	int flags;
	if (ioctl(dir_fd, FS_IOC_GETFLAGS, &flags) < 0 || (flags & FS_TOPDIR_FL))
		return;
	flags |= FS_TOPDIR_FL;
	ioctl(dir_fd, FS_IOC_SETFLAGS, &flags);
}

int fd_remove_tree(int dir_fd, const char *name, struct err *err)
{
	struct stat st;
	if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : err_sys(err, "cannot remove %s", name);
	if (!S_ISDIR(st.st_mode))
		return unlinkat(dir_fd, name, 0) < 0 ? err_sys(err, "cannot remove %s", name) : 0;
	cleanup_fd int top_fd = open_for_removal(dir_fd, name);
	if (top_fd < 0)
		return errno == ENOENT ? 0 : err_sys(err, "cannot remove %s", name);
	struct removal removal = { .top_fd = top_fd, .device = st.st_dev };
	unsigned before;
	do { /* until a pass moves nothing up */
		before = removal.moved;
		int r = lseek(top_fd, 0, SEEK_SET) < 0 ? err_sys(err, "cannot remove %s", name) : remove_below(&removal, top_fd, 0, err);
		if (r < 0)
			return r;
	} while (removal.moved != before);
	if (unlinkat(dir_fd, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return err_sys(err, "cannot remove %s", name);
	return 0;
}

enum { MAX_FDS = 128 }; /* below SCM_MAX_FD, 253 (unix(7)) */

int fd_send(int socket_fd, const void *data, size_t len, const int *fds, size_t fd_count)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int) * MAX_FDS)];
	} control = { 0 };
	struct iovec iov = { .iov_base = (void *)data, .iov_len = len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	if (fd_count > MAX_FDS)
		return -EINVAL;
	if (fd_count) {
		msg.msg_control = control.room;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * fd_count);
		struct cmsghdr *header = CMSG_FIRSTHDR(&msg);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(sizeof(int) * fd_count);
		memcpy(CMSG_DATA(header), fds, sizeof(int) * fd_count);
	}
	ssize_t n;
	do
		n = sendmsg(socket_fd, &msg, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

static size_t take_fds(struct msghdr *msg, int *ret_fds, size_t room)
{
	size_t count = 0;
	for (struct cmsghdr *h = CMSG_FIRSTHDR(msg); h; h = CMSG_NXTHDR(msg, h)) {
		if (h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_RIGHTS)
			continue;
		size_t n = (h->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < n; i++) {
			int fd;
			memcpy(&fd, CMSG_DATA(h) + i * sizeof fd, sizeof fd);
			if (count < room)
				ret_fds[count++] = fd;
			else
				close(fd);
		}
	}
	return count;
}

ssize_t fd_recv(int socket_fd, void *data, size_t len, int *ret_fds, size_t *fd_count)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int) * MAX_FDS)];
	} control;
	struct iovec iov = { .iov_base = data, .iov_len = len };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.room,
		.msg_controllen = sizeof control.room,
	};
	ssize_t n;
	do
		n = recvmsg(socket_fd, &msg, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	*fd_count = take_fds(&msg, ret_fds, *fd_count);
	return n;
}
