/* SPDX-License-Identifier: GPL-2.0-or-later */
/* copy_receive.c owns the receiver of a copy. */
#include "src/runtime/copy_record.h"

#include "src/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK = 65536 };

/* A directory that we are in; its mode and time come last, when nothing is written to it any more. */
struct level {
	int fd;
	struct copy_record record;
	bool made;
};

struct receiver {
	struct copy *copy;
	struct level *levels;
	size_t depth;
	char *first_name;
};

static int get(int fd, void *data, size_t len, struct err *err)
{
	for (size_t at = 0; at < len;) {
		ssize_t n = read(fd, (char *)data + at, len - at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return err_set(err, -EPIPE, "the other side of the copy ended early");
		at += n;
	}
	return 0;
}

static int get_record(int fd, struct copy_record *ret_record, char *name, char *link, struct err *err)
{
	int r = get(fd, ret_record, sizeof *ret_record, err);
	if (r < 0)
		return r;
	if (ret_record->name_len > COPY_NAME_MAX || ret_record->link_len > COPY_LINK_MAX)
		return err_set(err, -EPROTO, "the other side of the copy sent a name that is too long");
	r = get(fd, name, ret_record->name_len, err);
	if (r == 0)
		r = get(fd, link, ret_record->link_len, err);
	name[ret_record->name_len] = link[ret_record->link_len] = 0;
	return r;
}

static int check_name(const char *name, struct err *err)
{
	if (!*name || strchr(name, '/') || str_eq(name, ".") || str_eq(name, ".."))
		return err_set(err, -EPROTO, "the other side of the copy sent \"%s\" as a name", name);
	return 0;
}

static mode_t mode_of(const struct receiver *receiver, const struct copy_record *record)
{
	const struct copy *copy = receiver->copy;
	return copy->is_host && !copy->keep_owners ? record->mode & 01777 : record->mode & 07777;
}

/* The owner before the mode: chown(2) drops set-id bits. */
int copy_finish(int fd, const struct copy_record *record, mode_t mode, bool keep_owners, const char *name, struct err *err)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = record->mtime, .tv_nsec = record->mtime_ns } };
	if (keep_owners && fchown(fd, record->uid, record->gid) < 0)
		return err_sys(err, "cannot give %s to user %u", name, record->uid);
	if (fchmod(fd, mode) < 0 || futimens(fd, times) < 0)
		return err_sys(err, "cannot set the mode or time of %s", name);
	return 0;
}

static int finish(const struct receiver *receiver, int fd, const struct copy_record *record, const char *name, struct err *err)
{
	return copy_finish(fd, record, mode_of(receiver, record), receiver->copy->keep_owners, name, err);
}

static int top_fd(const struct receiver *receiver)
{
	return receiver->levels ? receiver->levels[receiver->depth - 1].fd : -1;
}

static void enter(struct receiver *receiver, int fd, const struct copy_record *record, bool made)
{
	receiver->levels = mem_grow(receiver->levels, receiver->depth + 1, sizeof *receiver->levels);
	receiver->levels[receiver->depth++] = (struct level){ fd, *record, made };
}

int copy_clear(int dir_fd, const char *name, struct err *err)
{
	if (unlinkat(dir_fd, name, 0) == 0 || errno == ENOENT)
		return 0;
	return errno == EISDIR ? err_set(err, -EISDIR, "cannot copy a file over the directory %s", name) : err_sys(err, "cannot replace %s", name);
}

static int take_directory(struct receiver *receiver, const struct copy_record *record, const char *name, struct err *err)
{
	int dir_fd = top_fd(receiver);
	bool made = mkdirat(dir_fd, name, 0700) == 0;
	if (!made && errno != EEXIST)
		return err_sys(err, "cannot make the directory %s", name);
	int fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, "cannot copy a directory over %s", name);
	enter(receiver, fd, record, made);
	return 0;
}

static int leave(struct receiver *receiver, struct err *err)
{
	struct level *level = &receiver->levels[receiver->depth - 1];
	int r = level->made ? finish(receiver, level->fd, &level->record, "a directory", err) : 0;
	fd_close(&level->fd);
	receiver->depth--;
	return r;
}

static int take_file(struct receiver *receiver, const struct copy_record *record, const char *name, struct err *err)
{
	static char data[CHUNK];
	int dir_fd = top_fd(receiver), r = copy_clear(dir_fd, name, err);
	cleanup_fd int fd = r < 0 ? -1 : openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (r == 0 && fd < 0)
		r = err_sys(err, "cannot make the file %s", name);
	for (uint64_t left = record->size; r == 0 && left > 0;) {
		size_t n = left < CHUNK ? left : CHUNK;
		r = get(receiver->copy->fd, data, n, err);
		if (r == 0 && (r = fd_write_all(fd, data, n)) < 0)
			err_code(err, r, "cannot write %s", name);
		left -= n;
	}
	return r < 0 ? r : finish(receiver, fd, record, name, err);
}

static int take_link(struct receiver *receiver, const struct copy_record *record, const char *name, const char *link, struct err *err)
{
	int dir_fd = top_fd(receiver), r = copy_clear(dir_fd, name, err);
	if (r == 0 && symlinkat(link, dir_fd, name) < 0)
		r = err_sys(err, "cannot make the symlink %s", name);
	if (r == 0 && receiver->copy->keep_owners && fchownat(dir_fd, name, record->uid, record->gid, AT_SYMLINK_NOFOLLOW) < 0)
		r = err_sys(err, "cannot give %s to user %u", name, record->uid);
	return r;
}

static int take(struct receiver *receiver, const struct copy_record *record, const char *name, const char *link, struct err *err)
{
	int r = check_name(name, err);
	if (r < 0)
		return r;
	switch (record->kind) {
	case COPY_DIRECTORY:
		return take_directory(receiver, record, name, err);
	case COPY_FILE:
		return take_file(receiver, record, name, err);
	case COPY_LINK:
		return take_link(receiver, record, name, link, err);
	default:
		return err_set(err, -EPROTO, "the other side of the copy sent an unknown record");
	}
}

/* The target as docker-cp(1) has it: into a directory that is there, or under a new name in one that is. */
static int open_target(struct receiver *receiver, const struct copy_record *first, struct err *err)
{
	const char *target = receiver->copy->target;
	struct stat st;
	bool exists = stat(target, &st) == 0, directory = exists && S_ISDIR(st.st_mode);
	cleanup_free char *path = str_dup(target);
	if (first->kind == COPY_DIRECTORY && exists && !directory)
		return err_set(err, -ENOTDIR, "cannot copy a directory over the file %s", target);
	if (first->kind != COPY_DIRECTORY && !exists && str_ends(target, "/"))
		return err_set(err, -ENOENT, "there is no directory %s", target);
	if (!directory) {
		size_t len = strlen(path);
		while (len > 1 && path[len - 1] == '/')
			path[--len] = 0;
		char *slash = strrchr(path, '/');
		receiver->first_name = str_dup(slash ? slash + 1 : path);
		char *parent = slash == path ? str_dup("/") : slash ? str_ndup(path, slash - path) : str_dup(".");
		free(path);
		path = parent;
	}
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, "cannot open %s", path);
	enter(receiver, fd, first, false);
	return 0;
}

/* Whether the contents of a directory go straight into the target, which is there. */
static int take_first(struct receiver *receiver, const struct copy_record *first, const char *name, const char *link, struct err *err)
{
	int r = open_target(receiver, first, err);
	if (r < 0)
		return r;
	if (receiver->first_name)
		return take(receiver, first, receiver->first_name, link, err);
	if (!str_eq(name, "."))
		return take(receiver, first, name, link, err);
	int fd = fcntl(top_fd(receiver), F_DUPFD_CLOEXEC, 3);
	if (fd < 0)
		return err_sys(err, "cannot open the target");
	enter(receiver, fd, first, false);
	return 0;
}

static int receive(struct receiver *receiver, struct err *err)
{
	struct copy_record record = { 0 };
	char name[COPY_NAME_MAX + 1] = "", link[COPY_LINK_MAX + 1] = "";
	int r = get_record(receiver->copy->fd, &record, name, link, err);
	if (r == 0 && record.kind != COPY_END)
		r = take_first(receiver, &record, name, link, err);
	while (r == 0 && record.kind != COPY_END) {
		r = get_record(receiver->copy->fd, &record, name, link, err);
		if (r < 0 || record.kind == COPY_END)
			break;
		if (record.kind != COPY_LEAVE)
			r = take(receiver, &record, name, link, err);
		else
			r = receiver->depth > 1 ? leave(receiver, err) : err_set(err, -EPROTO, "the other side of the copy left too many directories");
	}
	receiver->copy->left_out = r == 0 ? record.left_out : 0;
	return r;
}

int copy_receive(struct copy *copy, struct err *err)
{
	struct receiver receiver = { .copy = copy };
	int r = receive(&receiver, err);
	while (receiver.depth > 0)
		fd_close(&receiver.levels[--receiver.depth].fd);
	free(receiver.levels);
	free(receiver.first_name);
	return r;
}
