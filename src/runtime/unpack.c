/* SPDX-License-Identifier: GPL-2.0-or-later */
/* unpack.c owns the receiver of a copy that comes as a tar archive. */
/*
 * Theory of operation. Our root is the container's, so names lead nowhere else. Nor do they leave the target: the directory that an
 * entry lies in is opened below it by openat2, whatever symlinks are there or came with the archive, and then one call acts on the last
 * component alone and never follows it. What is in the way is replaced, but a directory by nothing else; directories that were
 * there stay as they are. What was made before an error stays.
 */
#include "src/base/fd.h"
#include "src/runtime/copy_record.h"
#include "src/runtime/untar.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <search.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK = 65536 };

/* A directory that we made. Its mode and time come last, when nothing is written to it any more. */
struct made {
	char *path;
	struct copy_record record;
	bool has_entry;
};

struct unpacker {
	struct copy *copy;
	struct untar untar;
	int top_fd;
	uint64_t resolve;
	void *made;            /* a tree (tsearch(3)) of struct made, by path */
	struct err *err;       /* for who walks it */
	int failed;
};

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct made *)a)->path, ((const struct made *)b)->path);
}

static void made_free(void *node)
{
	struct made *made = node;
	free(made->path);
	free(made);
}

static struct copy_record record_of(const struct untar_entry *entry)
{
	return (struct copy_record){ .mode = entry->mode, .uid = entry->uid, .gid = entry->gid, .size = entry->size,
		.mtime = entry->mtime.tv_sec, .mtime_ns = (uint32_t)entry->mtime.tv_nsec };
}

static int open_below(const struct unpacker *u, const char *path, int flags)
{
	return fd_openat2(u->top_fd, *path ? path : ".", flags | O_CLOEXEC, 0, u->resolve);
}

static int no_way(const struct unpacker *u, int code, const char *path, struct err *err)
{
	if (code == -EXDEV)
		return err_set(err, code, "%s leads out of %s by a symlink", path, u->copy->target);
	return err_code(err, code, "cannot open the directory %s", path);
}

static void note_made(struct unpacker *u, const char *path)
{
	struct made *made = mem_new(sizeof *made);
	*made = (struct made){ .path = str_dup(path), .record = { .mode = 0755 } };
	if (!tsearch(made, &u->made, by_path))
		abort();
}

/* The directory of this path, made if need be with those that lead there. A descriptor. */
static int open_directory(struct unpacker *u, const char *path, struct err *err)
{
	int fd = open_below(u, path, O_PATH | O_DIRECTORY);
	if (fd != -ENOENT)
		return fd < 0 ? no_way(u, fd, path, err) : fd;
	cleanup_free char *part = str_dup(path);
	cleanup_fd int dir_fd = open_below(u, "", O_PATH | O_DIRECTORY);
	for (char *at = part, *name = part; dir_fd >= 0; name = at) {
		at += strcspn(at, "/");
		bool last = !*at;
		*at = 0;
		int next_fd = open_below(u, part, O_PATH | O_DIRECTORY);
		if (next_fd == -ENOENT && mkdirat(dir_fd, name, 0700) == 0) {
			note_made(u, part);
			next_fd = open_below(u, part, O_PATH | O_DIRECTORY);
		} else if (next_fd == -ENOENT && errno != EEXIST) { /* EEXIST: a symlink that leads to nothing */
			return err_sys(err, "cannot make the directory %s", part);
		}
		if (next_fd < 0)
			return no_way(u, next_fd, part, err);
		fd_close(&dir_fd);
		dir_fd = next_fd;
		if (last)
			return fd_take(&dir_fd);
		*at++ = '/';
	}
	return err_set(err, -EIO, "cannot open the directory %s", path);
}

/* The directory that something lies in, and its name there. */
static int open_parent(struct unpacker *u, const char *path, const char **ret_name, struct err *err)
{
	const char *slash = strrchr(path, '/');
	cleanup_free char *parent = str_ndup(path, slash ? slash - path : 0);
	*ret_name = slash ? slash + 1 : path;
	return open_directory(u, parent, err);
}

static int take_directory(struct unpacker *u, const struct untar_entry *entry, struct err *err)
{
	const char *name;
	if (!*entry->path)
		return 0;
	cleanup_fd int dir_fd = open_parent(u, entry->path, &name, err);
	if (dir_fd < 0)
		return dir_fd;
	if (mkdirat(dir_fd, name, 0700) == 0)
		note_made(u, entry->path);
	else if (errno != EEXIST)
		return err_sys(err, "cannot make the directory %s", entry->path);
	struct made key = { .path = entry->path }, **found = tfind(&key, &u->made, by_path);
	if (found) {
		(*found)->record = record_of(entry);
		(*found)->has_entry = true;
		return 0;
	}
	cleanup_fd int fd = open_below(u, entry->path, O_PATH | O_DIRECTORY); /* one that was there, or a symlink to one */
	return fd < 0 ? err_set(err, -ENOTDIR, "cannot unpack a directory over %s", entry->path) : 0;
}

static int take_data(struct unpacker *u, int fd, struct err *err)
{
	static char data[CHUNK];
	ssize_t n;
	while ((n = untar_data(&u->untar, data, sizeof data, err)) > 0) {
		int r = fd_write_all(fd, data, n);
		if (r < 0)
			return err_code(err, r, "cannot write %s", u->untar.entry.path);
	}
	return n < 0 ? (int)n : 0;
}

static int take_file(struct unpacker *u, int dir_fd, const char *name, const struct untar_entry *entry, struct err *err)
{
	struct copy_record record = record_of(entry);
	cleanup_fd int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	int r = fd < 0 ? err_sys(err, "cannot make the file %s", entry->path) : take_data(u, fd, err);
	return r < 0 ? r : copy_finish(fd, &record, record.mode, u->copy->keep_owners, entry->path, err);
}

/* What cannot be opened, or should not be. */
static int finish_name(const struct unpacker *u, int dir_fd, const char *name, const struct untar_entry *entry, struct err *err)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, entry->mtime };
	if (u->copy->keep_owners && fchownat(dir_fd, name, entry->uid, entry->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(err, "cannot give %s to user %u", entry->path, entry->uid);
	if (utimensat(dir_fd, name, times, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(err, "cannot set the time of %s", entry->path);
	return 0;
}

static int take_symlink(const struct unpacker *u, int dir_fd, const char *name, const struct untar_entry *entry, struct err *err)
{
	if (symlinkat(entry->link, dir_fd, name) < 0)
		return err_sys(err, "cannot make the symlink %s", entry->path);
	return finish_name(u, dir_fd, name, entry, err);
}

static int take_fifo(const struct unpacker *u, int dir_fd, const char *name, const struct untar_entry *entry, struct err *err)
{
	umask(0);
	if (mkfifoat(dir_fd, name, entry->mode & 0777) < 0)
		return err_sys(err, "cannot make the fifo %s", entry->path);
	return finish_name(u, dir_fd, name, entry, err);
}

/* linkat(2) without AT_SYMLINK_FOLLOW: of a symlink it is another name of the link itself. */
static int take_link(struct unpacker *u, int dir_fd, const char *name, const struct untar_entry *entry, struct err *err)
{
	const char *first;
	cleanup_fd int first_fd = open_parent(u, entry->link, &first, err);
	if (first_fd < 0)
		return first_fd;
	if (linkat(first_fd, first, dir_fd, name, 0) < 0)
		return err_sys(err, "cannot make %s another name of %s", entry->path, entry->link);
	return 0;
}

static int take(struct unpacker *u, const struct untar_entry *entry, struct err *err)
{
	const char *name;
	if (entry->kind == UNTAR_DIRECTORY)
		return take_directory(u, entry, err);
	if (entry->kind == UNTAR_DEVICE) {
		u->copy->left_out++;
		return 0;
	}
	if (entry->kind == UNTAR_LINK && str_eq(entry->path, entry->link))
		return 0;
	cleanup_fd int dir_fd = open_parent(u, entry->path, &name, err);
	int r = dir_fd < 0 ? dir_fd : copy_clear(dir_fd, name, err);
	if (r < 0)
		return r;
	switch (entry->kind) {
	case UNTAR_FILE:
		return take_file(u, dir_fd, name, entry, err);
	case UNTAR_SYMLINK:
		return take_symlink(u, dir_fd, name, entry, err);
	case UNTAR_LINK:
		return take_link(u, dir_fd, name, entry, err);
	default:
		return take_fifo(u, dir_fd, name, entry, err);
	}
}

/* One that was replaced meanwhile, by whoever else uses the container, is left as it is. */
static void finish_directory(const void *node, VISIT visit, void *closure)
{
	struct unpacker *u = closure;
	const struct made *made = *(struct made *const *)node;
	if (u->failed < 0 || (visit != postorder && visit != leaf))
		return;
	cleanup_fd int fd = fd_openat2(u->top_fd, made->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0, u->resolve);
	if (fd < 0)
		return;
	if (made->has_entry)
		u->failed = copy_finish(fd, &made->record, made->record.mode, u->copy->keep_owners, made->path, u->err);
	else if (fchmod(fd, made->record.mode) < 0)
		u->failed = err_sys(u->err, "cannot set the mode of %s", made->path);
}

/* In the container's root a symlink that begins with a slash leads somewhere; below another target it leads out of it. */
static int open_target(struct unpacker *u, struct err *err)
{
	struct stat root, top;
	u->top_fd = open(u->copy->target, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (u->top_fd < 0 && errno == ENOTDIR)
		return err_set(err, -ENOTDIR, "an archive is unpacked into a directory, and %s is none", u->copy->target);
	if (u->top_fd < 0 || stat("/", &root) < 0 || fstat(u->top_fd, &top) < 0)
		return err_sys(err, "cannot open the directory %s", u->copy->target);
	bool is_root = root.st_ino == top.st_ino && root.st_dev == top.st_dev;
	u->resolve = RESOLVE_NO_MAGICLINKS | (is_root ? RESOLVE_IN_ROOT : RESOLVE_BENEATH);
	return 0;
}

int copy_receive_archive(struct copy *copy, struct err *err)
{
	struct unpacker u = { .copy = copy, .untar = { .fd = copy->fd }, .top_fd = -1, .err = err };
	int r = open_target(&u, err);
	while (r == 0 && (r = untar_next(&u.untar, err)) == 1)
		r = take(&u, &u.untar.entry, err);
	if (r == 0)
		twalk_r(u.made, finish_directory, &u);
	tdestroy(u.made, made_free);
	untar_done(&u.untar);
	fd_close(&u.top_fd);
	return r < 0 ? r : u.failed;
}
