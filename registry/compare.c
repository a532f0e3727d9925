/* SPDX-License-Identifier: GPL-2.0-or-later */
/* compare.c owns telling whether two unpacked layers are the same. */
#include "registry/compare.h"

#include "src/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { PIECE = 64 << 10, XATTRS_MAX = 64 << 10, OPEN_LEVELS = 16 };

struct pair {
	int fds[2];       /* directories */
	const int *roots; /* where the comparison began, */
	int level;        /* and how far above */
	struct buf *path; /* to them, from the roots */
	struct err *err;
};

/* A name below a directory, for calls that take paths only: lgetxattr(2), listxattr(2). */
static char *path_of(int dir_fd, const char *name)
{
	return str_fmt("/proc/self/fd/%d/%s", dir_fd, name);
}

/* Documentation/filesystems/overlayfs.rst: what overlayfs keeps for itself, and what is of no meaning in a lower layer. */
static bool is_ignored(const char *xattr)
{
	static const char *const names[] = { "origin", "impure", "uuid", "nlink", "upper" };
	if (!str_starts(xattr, "user.overlay."))
		return false;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (str_eq(xattr + strlen("user.overlay."), names[i]))
			return true;
	return false;
}

static size_t count_xattrs(const char *names, ssize_t len)
{
	size_t count = 0;
	for (const char *at = names; at < names + len; at += strlen(at) + 1)
		count += !is_ignored(at);
	return count;
}

static bool has_xattr(const char *path, const char *name, const char *want, ssize_t len)
{
	cleanup_free char *value = mem_new(XATTRS_MAX);
	return lgetxattr(path, name, value, XATTRS_MAX) == len && memcmp(value, want, len) == 0;
}

/* As many, and each of the one is the other's. */
static bool same_xattrs(const struct pair *p, const char *name)
{
	cleanup_free char *a = path_of(p->fds[0], name), *b = path_of(p->fds[1], name);
	cleanup_free char *a_names = mem_new(XATTRS_MAX), *b_names = mem_new(XATTRS_MAX), *value = mem_new(XATTRS_MAX);
	ssize_t a_len = llistxattr(a, a_names, XATTRS_MAX), b_len = llistxattr(b, b_names, XATTRS_MAX);
	if (a_len < 0 || b_len < 0)
		return a_len == b_len;
	if (count_xattrs(a_names, a_len) != count_xattrs(b_names, b_len))
		return false;
	for (const char *at = a_names; at < a_names + a_len; at += strlen(at) + 1) {
		ssize_t len = is_ignored(at) ? 0 : lgetxattr(a, at, value, XATTRS_MAX);
		if (!is_ignored(at) && (len < 0 || !has_xattr(b, at, value, len)))
			return false;
	}
	return true;
}

static bool same_target(const struct pair *p, const char *name)
{
	char targets[2][4096];
	ssize_t a = readlinkat(p->fds[0], name, targets[0], sizeof targets[0]);
	ssize_t b = readlinkat(p->fds[1], name, targets[1], sizeof targets[1]);
	return a >= 0 && a == b && memcmp(targets[0], targets[1], a) == 0;
}

/* overlayfs links whiteouts to each other (Linux 5.8): their link counts mean nothing. */
static bool same_status(const struct stat *a, const struct stat *b)
{
	bool timeless = S_ISDIR(a->st_mode) || S_ISCHR(a->st_mode);
	bool same_time = a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
	return a->st_mode == b->st_mode && a->st_uid == b->st_uid && a->st_gid == b->st_gid && (timeless || same_time) &&
	       (timeless || a->st_nlink == b->st_nlink) &&
	       (S_ISDIR(a->st_mode) || (a->st_size == b->st_size && a->st_rdev == b->st_rdev));
}

/* Where the next data begins, in either file: what lies between is a hole in both. */
static off_t next_data(const int fds[2], off_t at)
{
	off_t a = lseek(fds[0], at, SEEK_DATA), b = lseek(fds[1], at, SEEK_DATA);
	return a < 0 ? b : b < 0 ? a : a < b ? a : b;
}

static int same_content(const struct pair *p, const char *name)
{
	cleanup_free char *a = mem_new(PIECE), *b = mem_new(PIECE);
	cleanup_fd int a_fd = openat(p->fds[0], name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	cleanup_fd int b_fd = openat(p->fds[1], name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	const int fds[] = { a_fd, b_fd };
	if (a_fd < 0 || b_fd < 0)
		return err_sys(p->err, "cannot open %s of a layer", name);
	for (off_t at = next_data(fds, 0); at >= 0; at = next_data(fds, at)) {
		ssize_t n = pread(a_fd, a, PIECE, at);
		if (n < 0 || pread(b_fd, b, PIECE, at) != n)
			return n < 0 ? err_sys(p->err, "cannot read %s of a layer", name) : 0;
		if (memcmp(a, b, n) != 0)
			return 0;
		if (n == 0)
			break;
		at += n;
	}
	return 1;
}

static int same_directories(struct pair *p, const char *name);

static int same_entry(struct pair *p, const char *name)
{
	struct stat a, b;
	if (fstatat(p->fds[0], name, &a, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(p->err, "cannot look at %s of a layer", name);
	if (fstatat(p->fds[1], name, &b, AT_SYMLINK_NOFOLLOW) < 0 || !same_status(&a, &b) || !same_xattrs(p, name))
		return 0;
	if (S_ISLNK(a.st_mode))
		return same_target(p, name);
	if (S_ISREG(a.st_mode))
		return same_content(p, name);
	return S_ISDIR(a.st_mode) ? same_directories(p, name) : 1;
}

static int count_entries(int dir_fd, struct strv *names, struct err *err)
{
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), count = 0;
	cleanup_dir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir)
		return err_sys(err, "cannot list a layer's directory");
	for (struct dirent *entry; (entry = readdir(dir));) {
		if (str_eq(entry->d_name, ".") || str_eq(entry->d_name, ".."))
			continue;
		count++;
		if (names)
			strv_add(names, entry->d_name);
	}
	return count;
}

static int same_entries(struct pair *p)
{
	cleanup_strv struct strv names = { 0 };
	int a = count_entries(p->fds[0], &names, p->err);
	int b = a < 0 ? a : count_entries(p->fds[1], NULL, p->err);
	int r = a < 0 || b < 0 ? -1 : a == b;
	for (size_t i = 0; r == 1 && i < names.len; i++) {
		size_t len = p->path->len;
		buf_fmt(p->path, "/%s", names.items[i]);
		r = same_entry(p, names.items[i]);
		if (r != 1)
			break; /* the path stays what it is */
		p->path->len = len;
		p->path->data[len] = 0;
	}
	return r < 0 ? p->err->code : r;
}

static void close_both(struct pair *p)
{
	fd_close(&p->fds[0]);
	fd_close(&p->fds[1]);
}

/* What lies between the roots and a directory that was closed on the way down: path, of what was in it, begins with "./". */
static int open_again(struct pair *p)
{
	cleanup_free char *path = str_dup(p->path->data + 2);
	char *slash = strrchr(path, '/');
	*(slash ? slash : path) = 0;
	for (int i = 0; i < 2; i++) {
		p->fds[i] = fd_openat2(p->roots[i], path, O_RDONLY | O_DIRECTORY, 0, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
		if (p->fds[i] < 0)
			return err_code(p->err, p->fds[i], "cannot open %s of a layer again", path);
	}
	return 1;
}

/* Directories may be deeper than there are descriptors to be had: only those near the roots stay open. */
static int same_directories(struct pair *p, const char *name)
{
	struct pair below = { { -1, -1 }, p->roots, p->level + 1, p->path, p->err };
	bool closes = p->level > OPEN_LEVELS;
	for (int i = 0; i < 2; i++)
		below.fds[i] = openat(p->fds[i], name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int r = below.fds[0] < 0 || below.fds[1] < 0 ? err_sys(p->err, "cannot open %s of a layer", p->path->data) : 1;
	if (r == 1 && closes)
		close_both(p);
	if (r == 1)
		r = same_entries(&below);
	close_both(&below);
	return r == 1 && closes ? open_again(p) : r;
}

int compare_trees(int a_fd, int b_fd, struct buf *ret_path, struct err *err)
{
	const int roots[] = { a_fd, b_fd };
	struct pair p = { { a_fd, b_fd }, roots, 0, ret_path, err };
	buf_str(ret_path, ".");
	return same_entry(&p, ".");
}
