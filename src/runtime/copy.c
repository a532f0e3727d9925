/* SPDX-License-Identifier: GPL-2.0-or-later */
/* copy.c owns the sender of a copy, and what passes through the pipe. */
#include "src/runtime/copy_record.h"

#include "src/base/fd.h"
#include "src/runtime/archive.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { MAX_DEPTH = 2000, CHUNK = 65536 };

static int put(int fd, const struct copy_record *record, const char *name, const char *link, struct err *err)
{
	int r = fd_write_all(fd, record, sizeof *record);
	if (r == 0)
		r = fd_write_all(fd, name, record->name_len);
	if (r == 0)
		r = fd_write_all(fd, link, record->link_len);
	return r < 0 ? err_code(err, r, "cannot pass files on") : 0;
}

static struct copy_record describe(enum copy_kind kind, const struct stat *st, const char *name, const char *link)
{
	return (struct copy_record){ .kind = kind, .mode = st->st_mode & 07777, .uid = st->st_uid, .gid = st->st_gid,
		.size = kind == COPY_FILE ? (uint64_t)st->st_size : 0, .mtime = st->st_mtim.tv_sec, .mtime_ns = st->st_mtim.tv_nsec,
		.name_len = strlen(name), .link_len = strlen(link) };
}

/* As many bytes as were announced: a file that shrinks meanwhile is filled up, one that grows cut. */
static int put_data(int out_fd, int file_fd, uint64_t size, const char *name, struct err *err)
{
	static char data[CHUNK];
	while (size > 0) {
		ssize_t n = read(file_fd, data, size < CHUNK ? size : CHUNK);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, "cannot read %s", name);
		if (n == 0)
			memset(data, 0, n = (ssize_t)(size < CHUNK ? size : CHUNK));
		int r = fd_write_all(out_fd, data, n);
		if (r < 0)
			return err_code(err, r, "cannot pass files on");
		size -= n;
	}
	return 0;
}

static int put_file(struct copy *copy, int dir_fd, const char *name, const char *as, struct err *err)
{
	struct stat st;
	cleanup_fd int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(err, "cannot open %s", name);
	if (!S_ISREG(st.st_mode)) /* it was one when we looked */
		return err_set(err, -EAGAIN, "%s was replaced while it was copied", name);
	struct copy_record record = describe(COPY_FILE, &st, as, "");
	int r = put(copy->fd, &record, as, "", err);
	return r < 0 ? r : put_data(copy->fd, fd, record.size, name, err);
}

static int put_link(struct copy *copy, int dir_fd, const char *name, const char *as, const struct stat *st, struct err *err)
{
	char target[COPY_LINK_MAX + 1];
	ssize_t n = readlinkat(dir_fd, name, target, COPY_LINK_MAX);
	if (n < 0)
		return err_sys(err, "cannot read the symlink %s", name);
	target[n] = 0;
	struct copy_record record = describe(COPY_LINK, st, as, target);
	return put(copy->fd, &record, as, target, err);
}

static int put_entry(struct copy *copy, int dir_fd, const char *name, const char *as, int depth, struct err *err);

static int put_contents(struct copy *copy, int dir_fd, int depth, struct err *err)
{
	int own = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	cleanup_dir DIR *dir = own < 0 ? NULL : fdopendir(own);
	if (!dir)
		return err_sys(err, "cannot list a directory");
	if (depth > MAX_DEPTH)
		return err_set(err, -ELOOP, "directories lie more than %d deep", MAX_DEPTH);
	for (struct dirent *entry; r == 0 && (entry = readdir(dir));)
		if (!str_eq(entry->d_name, ".") && !str_eq(entry->d_name, ".."))
			r = put_entry(copy, dir_fd, entry->d_name, entry->d_name, depth + 1, err);
	return r;
}

static int put_directory(struct copy *copy, int dir_fd, const char *name, const char *as, int depth, struct err *err)
{
	struct stat st;
	cleanup_fd int fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(err, "cannot open the directory %s", name);
	struct copy_record record = describe(COPY_DIRECTORY, &st, as, ""), leave = { .kind = COPY_LEAVE };
	int r = put(copy->fd, &record, as, "", err);
	if (r == 0)
		r = put_contents(copy, fd, depth, err);
	return r < 0 ? r : put(copy->fd, &leave, "", "", err);
}

static int put_entry(struct copy *copy, int dir_fd, const char *name, const char *as, int depth, struct err *err)
{
	struct stat st;
	if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT && depth > 0 ? 0 : err_sys(err, "cannot look at %s", name); /* deleted meanwhile */
	if (S_ISDIR(st.st_mode))
		return put_directory(copy, dir_fd, name, as, depth, err);
	if (S_ISREG(st.st_mode))
		return put_file(copy, dir_fd, name, as, err);
	if (S_ISLNK(st.st_mode))
		return put_link(copy, dir_fd, name, as, &st, err);
	copy->left_out++;
	return 0;
}

static const char *last_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

/* The directory that `source` lies in; *ret_name is its name there, "." for what has none of its own. */
static int open_parent(const char *source, char **ret_name, struct err *err)
{
	cleanup_free char *path = str_dup(source);
	size_t len = strlen(path);
	while (len > 1 && path[len - 1] == '/')
		path[--len] = 0;
	const char *name = last_name(path);
	bool bare = !*name || str_eq(name, ".") || str_eq(name, "..");
	cleanup_free char *parent = bare ? str_dup(path) : name == path ? str_dup(".") : str_ndup(path, name - path);
	*ret_name = str_dup(bare ? "." : name);
	int fd = open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err_sys(err, "cannot open %s", source) : fd;
}

/* Where it lies, a descriptor; its name there, and the one that it gets. What a symlink at the end leads to has the symlink's. "x/." stands for what is in x. */
static int find_source(const struct copy *copy, char **ret_name, char **ret_as, struct err *err)
{
	const char *source = copy->source;
	bool contents = str_eq(source, ".") || str_ends(source, "/."), slash = str_ends(source, "/");
	cleanup_free char *real = NULL, *shown = NULL;
	if (copy->follow || (slash && !contents)) {
		real = realpath(source, NULL);
		if (!real)
			return err_sys(err, "cannot find %s", source);
	}
	cleanup_fd int shown_fd = real ? open_parent(source, &shown, err) : -1;
	int parent_fd = open_parent(real ? real : source, ret_name, err);
	const char *name = *ret_name;
	if (parent_fd < 0 || !name)
		return parent_fd;
	*ret_as = str_dup(contents || str_eq(name, ".") ? "." : shown && !str_eq(shown, ".") ? shown : name);
	return parent_fd;
}

int copy_send(struct copy *copy, struct err *err)
{
	struct copy_record end = { .kind = COPY_END };
	cleanup_free char *name = NULL, *as = NULL;
	cleanup_fd int parent_fd = find_source(copy, &name, &as, err);
	int r = parent_fd < 0 || !name ? parent_fd : put_entry(copy, parent_fd, name, as, 0, err);
	end.left_out = copy->left_out;
	return r < 0 ? r : put(copy->fd, &end, "", "", err);
}

int copy_send_archive(struct copy *copy, struct err *err)
{
	cleanup_free char *name = NULL, *as = NULL;
	cleanup_fd int parent_fd = find_source(copy, &name, &as, err);
	return parent_fd < 0 ? parent_fd : archive_write_entry(parent_fd, name, as, copy->fd, &copy->left_out, err);
}
