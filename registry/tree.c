/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tree.c owns telling a directory's files as a layer's entries. */
#include "registry/tree.h"

#include "registry/layer.h"
#include "src/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { MAX_DEPTH = 2000, CHUNK = 65536, XATTRS_MAX = 65536 };

/* Extended attributes of the file at hand; values lie one after the other in `values`. */
struct attributes {
	struct xattr *items;
	size_t count;
	char names[XATTRS_MAX], values[XATTRS_MAX];
};

static int put(struct tree *t, struct extract_entry *entry, const struct stat *st, const struct attributes *attributes,
	struct err *err)
{
	entry->type = st->st_mode & S_IFMT;
	entry->metadata = (struct metadata){ .mode = st->st_mode & 07777, .uid = st->st_uid, .gid = st->st_gid,
		.mtime = { .tv_sec = st->st_mtim.tv_sec }, .xattrs = attributes ? attributes->items : NULL,
		.xattr_count = attributes ? attributes->count : 0 };
	t->entries++;
	return tar_writer_entry(t->writer, entry, err);
}

int tree_write_whiteout(struct tree *t, const char *dir, const char *prefix, const char *name, struct err *err)
{
	const struct stat st = { .st_mode = S_IFREG };
	cleanup_free char *path = str_fmt("%s%s%s", dir, prefix, name);
	return put(t, &(struct extract_entry){ .name = path }, &st, NULL, err);
}

/* What overlayfs notes is its own; security.* other than this one is the host's (see metadata.h). */
static bool is_kept(const char *name)
{
	bool ours = str_starts(name, "user.overlay.") || str_starts(name, "user.xrun.");
	return (str_starts(name, "user.") && !ours) || str_eq(name, "security.capability") ||
		str_starts(name, "system.posix_acl_");
}

static int read_attributes(int fd, const char *path, struct attributes *a, struct err *err)
{
	ssize_t len = flistxattr(fd, a->names, sizeof a->names);
	size_t used = 0;
	a->count = 0;
	if (len < 0)
		return errno == EOPNOTSUPP ? 0 : err_sys(err, "cannot list the extended attributes of /%s", path);
	for (const char *name = a->names; name < a->names + len; name += strlen(name) + 1) {
		if (!is_kept(name))
			continue;
		ssize_t n = fgetxattr(fd, name, a->values + used, sizeof a->values - used);
		if (n < 0 && errno == ENODATA)
			continue;
		if (n < 0)
			return err_sys(err, "cannot read the extended attribute %s of /%s", name, path);
		a->items = mem_grow(a->items, a->count + 1, sizeof *a->items);
		a->items[a->count++] = (struct xattr){ name, a->values + used, n };
		used += n;
	}
	return 0;
}

static void free_attributes(struct attributes **a)
{
	if (*a)
		free((*a)->items);
	free(*a);
}
#define cleanup_attributes __attribute__((cleanup(free_attributes)))

/* Exactly as many bytes as the header announces: it is an error when the file changes meanwhile. */
static int put_data(struct tree *t, int fd, const struct stat *st, const char *path, struct err *err)
{
	static char data[CHUNK];
	for (off_t left = st->st_size; left > 0;) {
		ssize_t n = read(fd, data, left < CHUNK ? left : CHUNK);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, "cannot read /%s", path);
		if (n == 0)
			return err_set(err, -EAGAIN, "/%s changed while it was read", path);
		int r = tar_writer_data(t->writer, data, n, err);
		if (r < 0)
			return r;
		left -= n;
	}
	return 0;
}

/* The file that was looked at, and no other that has its name now: a device would be opened in earnest. */
static int open_file(int dir_fd, const char *name, const char *path, struct stat *st, struct err *err)
{
	char self[64];
	cleanup_fd int path_fd = openat(dir_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (path_fd < 0 || fstat(path_fd, st) < 0)
		return err_sys(err, "cannot open /%s", path);
	if (!S_ISREG(st->st_mode))
		return err_set(err, -EAGAIN, "/%s changed while it was read", path);
	snprintf(self, sizeof self, "/proc/self/fd/%d", path_fd);
	int fd = open(self, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return fd < 0 ? err_sys(err, "cannot open /%s", path) : fd;
}

/* Said before it is read: an archive has the zeros of a hole, and a terabyte of them takes its time. */
static int check_size(struct tree *t, const struct stat *st, const char *path, struct err *err)
{
	uint64_t size = st->st_size;
	if (size > LAYER_MAX_BYTES - t->bytes)
		return err_set(err, -EFBIG, "/%s: with its %llu bytes, holes included, the layer would have more than the %llu that one may have", path,
			(unsigned long long)size, LAYER_MAX_BYTES);
	t->bytes += size;
	return 0;
}

static int put_file(struct tree *t, int dir_fd, const char *name, const char *path, struct stat *st, struct err *err)
{
	const char *first;
	int r = links_first(&t->links, st->st_dev, st->st_ino, st->st_nlink, path, &first, err);
	if (r < 0 || first)
		return r < 0 ? r : put(t, &(struct extract_entry){ .name = path, .hardlink = first }, st, NULL, err);
	cleanup_attributes struct attributes *attributes = mem_new(sizeof *attributes);
	cleanup_fd int fd = open_file(dir_fd, name, path, st, err);
	r = fd < 0 ? fd : check_size(t, st, path, err);
	if (r == 0)
		r = read_attributes(fd, path, attributes, err);
	if (r == 0)
		r = put(t, &(struct extract_entry){ .name = path, .size = st->st_size }, st, attributes, err);
	return r < 0 ? r : put_data(t, fd, st, path, err);
}

static int put_symlink(struct tree *t, int dir_fd, const char *name, const char *path, const struct stat *st, struct err *err)
{
	char target[ENTRY_PATH_MAX];
	ssize_t n = readlinkat(dir_fd, name, target, sizeof target - 1);
	if (n < 0)
		return err_sys(err, "cannot read the symlink /%s", path);
	target[n] = 0;
	struct extract_entry entry = { .name = path };
	int r = links_first(&t->links, st->st_dev, st->st_ino, st->st_nlink, path, &entry.hardlink, err);
	if (!entry.hardlink)
		entry.symlink = target;
	return r < 0 ? r : put(t, &entry, st, NULL, err);
}

static int put_other(struct tree *t, const char *path, const struct stat *st, struct err *err)
{
	struct extract_entry entry = { .name = path, .major = major(st->st_rdev), .minor = minor(st->st_rdev) };
	if (!S_ISSOCK(st->st_mode))
		return put(t, &entry, st, NULL, err);
	t->sockets++;
	return 0;
}

static int put_contents(struct tree *t, int dir_fd, const char *path, int depth, struct err *err);

static int put_directory(struct tree *t, int dir_fd, const char *name, const char *bare, const struct stat *st, int depth,
	struct err *err)
{
	cleanup_attributes struct attributes *attributes = mem_new(sizeof *attributes);
	cleanup_free char *path = str_fmt("%s/", bare);
	cleanup_fd int fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int r = fd < 0 ? err_sys(err, "cannot open /%s", path) : read_attributes(fd, path, attributes, err);
	if (r == 0)
		r = put(t, &(struct extract_entry){ .name = path }, st, attributes, err);
	if (r == 0 && t->rules->inside)
		r = t->rules->inside(t, fd, path, err);
	return r < 0 ? r : r > 0 ? 0 : put_contents(t, fd, path, depth + 1, err);
}

static int put_entry(struct tree *t, int dir_fd, const char *name, const char *dir, int depth, struct err *err)
{
	struct stat st;
	cleanup_free char *path = fd_path_below(dir, name, err);
	if (!path)
		return err->code;
	if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(err, "cannot look at /%s", path);
	int r = t->rules->entry ? t->rules->entry(t, dir_fd, name, path, &st, err) : 0;
	if (r != 0)
		return r < 0 ? r : 0;
	if (str_starts(name, ".wh."))
		return err_set(err, -EINVAL, "/%s: a layer cannot hold a name that begins with \".wh.\"", path);
	switch (st.st_mode & S_IFMT) {
	case S_IFDIR:
		return put_directory(t, dir_fd, name, path, &st, depth, err);
	case S_IFREG:
		return put_file(t, dir_fd, name, path, &st, err);
	case S_IFLNK:
		return put_symlink(t, dir_fd, name, path, &st, err);
	default:
		return put_other(t, path, &st, err);
	}
}

static int put_contents(struct tree *t, int dir_fd, const char *path, int depth, struct err *err)
{
	cleanup_strv struct strv names = { 0 };
	cleanup_free char *shown = str_fmt("/%s", path);
	if (depth > MAX_DEPTH)
		return err_set(err, -ELOOP, "directories lie more than %d deep", MAX_DEPTH);
	int r = fd_list(dir_fd, shown, &names, err);
	for (size_t i = 0; r == 0 && i < names.len; i++)
		r = put_entry(t, dir_fd, names.items[i], path, depth, err);
	return r;
}

int tree_write_top(struct tree *t, int fd, struct err *err)
{
	struct stat st;
	cleanup_attributes struct attributes *attributes = mem_new(sizeof *attributes);
	int r = fstat(fd, &st) < 0 ? err_sys(err, "cannot look at the directory") : read_attributes(fd, "", attributes, err);
	return r < 0 ? r : put(t, &(struct extract_entry){ .name = "./" }, &st, attributes, err);
}

int tree_write(struct tree *t, int fd, struct err *err)
{
	return put_contents(t, fd, "", 0, err);
}

void tree_done(struct tree *t)
{
	links_done(&t->links);
}
