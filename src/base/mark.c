/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mark.c owns how files are known that xrun itself made in a container. */
#include "src/base/mark.h"

#include "src/base/fd.h"
#include "src/base/str.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

enum { MAX_COPIES = 512 };
static const char attribute[] = "user.xrun.place", copies[] = "user.overlay.xrun-copies";

/* What the directory was like then; NULL if that cannot be told. */
static char *describe(int dir_fd)
{
	struct stat st;
	return fstat(dir_fd, &st) < 0 ? NULL : str_fmt("%o %u %u", st.st_mode & 07777, st.st_uid, st.st_gid);
}

void mark_place(int fd, int dir_fd)
{
	cleanup_free char *directory = describe(dir_fd);
	if (directory && fsetxattr(fd, attribute, directory, strlen(directory), 0) < 0)
		return; /* it will be told as a change of the container's */
}

/* The mark's text, or NULL. */
static char *read_mark(int dir_fd, const char *name)
{
	char text[64];
	struct stat st;
	if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode) || st.st_size > 0)
		return NULL;
	cleanup_fd int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : fgetxattr(fd, attribute, text, sizeof text);
	return n < 0 ? NULL : str_ndup(text, n);
}

/* "NAME INODE SECONDS.NANOSECONDS " as the file is now; the mark has the directory behind it. */
static char *describe_copy(int dir_fd, const char *name)
{
	struct stat st;
	if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
		return NULL;
	return str_fmt("%s %llu %lld.%09ld ", name, (unsigned long long)st.st_ino, (long long)st.st_ctim.tv_sec, st.st_ctim.tv_nsec);
}

/* All of them, a line each. */
static void read_copies(int dir_fd, char *ret_text, size_t size)
{
	ssize_t n = fgetxattr(dir_fd, copies, ret_text, size - 1);
	ret_text[n < 0 ? 0 : n] = 0;
}

void mark_copy(int dir_fd, const char *name)
{
	char old[MAX_COPIES];
	cleanup_free char *file = describe_copy(dir_fd, name), *directory = describe(dir_fd);
	if (!file || !directory)
		return;
	read_copies(dir_fd, old, sizeof old);
	cleanup_free char *text = str_fmt("%s%s%s\n", old, file, directory);
	if (strlen(text) < sizeof old && fsetxattr(dir_fd, copies, text, strlen(text), 0) < 0)
		return; /* it will be told as a change of the container's */
}

/* The directory as it was then, or NULL where `name` is no such copy, or one that was changed since. */
static char *read_copy(int dir_fd, const char *name)
{
	char text[MAX_COPIES];
	cleanup_free char *file = describe_copy(dir_fd, name);
	read_copies(dir_fd, text, sizeof text);
	for (const char *line = file ? text : ""; *line; line += strcspn(line, "\n"), line += *line == '\n')
		if (str_starts(line, file))
			return str_ndup(line + strlen(file), strcspn(line + strlen(file), "\n"));
	return NULL;
}

/* What the directory was like when the mark of the file was made; NULL where it has none. */
static char *find_mark(int dir_fd, const char *name)
{
	static const char *const places[] = { "hosts", "hostname", "resolv.conf" };
	for (size_t i = 0; i < sizeof places / sizeof *places; i++)
		if (str_eq(places[i], name))
			return read_mark(dir_fd, name);
	return str_eq(name, "passwd") || str_eq(name, "group") ? read_copy(dir_fd, name) : NULL;
}

bool mark_is_ours(int dir_fd, const char *name)
{
	cleanup_free char *mark = find_mark(dir_fd, name);
	return mark;
}

bool mark_has_ours_only(int dir_fd)
{
	struct err ignored;
	cleanup_strv struct strv names = { 0 };
	cleanup_free char *now = describe(dir_fd);
	if (!now || fd_list(dir_fd, "", &names, &ignored) < 0 || !names.len)
		return false;
	for (size_t i = 0; i < names.len; i++) {
		cleanup_free char *mark = find_mark(dir_fd, names.items[i]);
		if (!str_eq(mark, now))
			return false;
	}
	return true;
}
