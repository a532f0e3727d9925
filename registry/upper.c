/* SPDX-License-Identifier: GPL-2.0-or-later */
/* upper.c owns telling an overlay's upper directory as a layer's entries. */
#include "registry/upper.h"

#include "src/base/fd.h"
#include "src/base/links.h"
#include "src/base/mark.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { MAX_DEPTH = 2000, CHUNK = 65536, XATTRS_MAX = 65536 };

struct upper {
	struct tar_writer *writer;
	const struct strv *skip;
	struct links links;
	size_t entries;
};

/* Extended attributes of the file at hand; values lie one after the other in `values`. */
struct attributes {
	struct xattr *items;
	size_t count;
	char names[XATTRS_MAX], values[XATTRS_MAX];
};

static int put(struct upper *u, struct extract_entry *entry, const struct stat *st, const struct attributes *attributes,
	struct err *err)
{
	entry->type = st->st_mode & S_IFMT;
	entry->metadata = (struct metadata){ .mode = st->st_mode & 07777, .uid = st->st_uid, .gid = st->st_gid,
		.mtime = { .tv_sec = st->st_mtim.tv_sec }, .xattrs = attributes ? attributes->items : NULL,
		.xattr_count = attributes ? attributes->count : 0 };
	u->entries++;
	return tar_writer_entry(u->writer, entry, err);
}

/* An empty file whose name says what is gone: "DIR.wh.NAME". */
static int put_whiteout(struct upper *u, const char *dir, const char *prefix, const char *name, struct err *err)
{
	const struct stat st = { .st_mode = S_IFREG };
	cleanup_free char *path = str_fmt("%s%s%s", dir, prefix, name);
	return put(u, &(struct extract_entry){ .name = path }, &st, NULL, err);
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
static int put_data(struct upper *u, int fd, const struct stat *st, const char *path, struct err *err)
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
		int r = tar_writer_data(u->writer, data, n, err);
		if (r < 0)
			return r;
		left -= n;
	}
	return 0;
}

static int put_file(struct upper *u, int dir_fd, const char *name, const char *path, const struct stat *st, struct err *err)
{
	struct extract_entry entry = { .name = path, .size = st->st_size, .hardlink = links_first(&u->links, st->st_dev, st->st_ino, st->st_nlink, path) };
	if (entry.hardlink)
		return put(u, &entry, st, NULL, err);
	cleanup_attributes struct attributes *attributes = mem_new(sizeof *attributes);
	cleanup_fd int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	int r = fd < 0 ? err_sys(err, "cannot open /%s", path) : read_attributes(fd, path, attributes, err);
	if (r == 0)
		r = put(u, &entry, st, attributes, err);
	return r < 0 ? r : put_data(u, fd, st, path, err);
}

static int put_symlink(struct upper *u, int dir_fd, const char *name, const char *path, const struct stat *st, struct err *err)
{
	char target[ENTRY_PATH_MAX];
	ssize_t n = readlinkat(dir_fd, name, target, sizeof target - 1);
	if (n < 0)
		return err_sys(err, "cannot read the symlink /%s", path);
	target[n] = 0;
	struct extract_entry entry = { .name = path, .symlink = target, .hardlink = links_first(&u->links, st->st_dev, st->st_ino, st->st_nlink, path) };
	if (entry.hardlink)
		entry.symlink = NULL;
	return put(u, &entry, st, NULL, err);
}

static bool is_skipped(const struct upper *u, const char *path)
{
	for (size_t i = 0; i < u->skip->len; i++) {
		const char *skip = u->skip->items[i] + strspn(u->skip->items[i], "/");
		if (str_starts(path, skip) && str_eq(path + strlen(skip), "/"))
			return true;
	}
	return false;
}

static int put_contents(struct upper *u, int dir_fd, const char *path, int depth, struct err *err);

static bool is_opaque(int dir_fd)
{
	char value[2];
	return fgetxattr(dir_fd, "user.overlay.opaque", value, sizeof value) == 1 && *value == 'y';
}

static int put_directory(struct upper *u, int dir_fd, const char *name, const char *bare, const struct stat *st, int depth,
	struct err *err)
{
	cleanup_attributes struct attributes *attributes = mem_new(sizeof *attributes);
	cleanup_free char *path = str_fmt("%s/", bare);
	cleanup_fd int fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0 && mark_has_ours_only(fd))
		return 0;
	int r = fd < 0 ? err_sys(err, "cannot open /%s", path) : read_attributes(fd, path, attributes, err);
	if (r == 0)
		r = put(u, &(struct extract_entry){ .name = path }, st, attributes, err);
	if (r == 0 && is_opaque(fd))
		r = put_whiteout(u, path, ".wh..wh..opq", "", err);
	return r < 0 || is_skipped(u, path) ? r : put_contents(u, fd, path, depth + 1, err);
}

static int put_entry(struct upper *u, int dir_fd, const char *name, const char *dir, int depth, struct err *err)
{
	struct stat st;
	cleanup_free char *path = str_fmt("%s%s", dir, name);
	if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(err, "cannot look at /%s", path);
	if (mark_is_ours(dir_fd, name))
		return 0;
	if (S_ISCHR(st.st_mode) && st.st_rdev == makedev(0, 0))
		return put_whiteout(u, dir, ".wh.", name, err);
	if (str_starts(name, ".wh."))
		return err_set(err, -EINVAL, "/%s: a layer cannot hold a name that begins with \".wh.\"", path);
	switch (st.st_mode & S_IFMT) {
	case S_IFDIR:
		return put_directory(u, dir_fd, name, path, &st, depth, err);
	case S_IFREG:
		return put_file(u, dir_fd, name, path, &st, err);
	case S_IFLNK:
		return put_symlink(u, dir_fd, name, path, &st, err);
	case S_IFIFO:
		return put(u, &(struct extract_entry){ .name = path }, &st, NULL, err);
	default: /* sockets; there are no other devices in a user namespace */
		return 0;
	}
}

static int put_contents(struct upper *u, int dir_fd, const char *path, int depth, struct err *err)
{
	cleanup_strv struct strv names = { 0 };
	cleanup_free char *shown = str_fmt("/%s", path);
	if (depth > MAX_DEPTH)
		return err_set(err, -ELOOP, "directories lie more than %d deep", MAX_DEPTH);
	int r = fd_list(dir_fd, shown, &names, err);
	for (size_t i = 0; r == 0 && i < names.len; i++)
		r = put_entry(u, dir_fd, names.items[i], path, depth, err);
	return r;
}

int upper_write(int upper_fd, const struct strv *skip, struct tar_writer *writer, size_t *ret_entries, struct err *err)
{
	struct upper upper = { .writer = writer, .skip = skip };
	int r = put_contents(&upper, upper_fd, "", 0, err);
	links_done(&upper.links);
	*ret_entries = upper.entries;
	return r;
}
