/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mark.c owns how files are known that xrun itself made in a container. */
#include "src/base/mark.h"

#include "src/base/fd.h"
#include "src/base/str.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

static const char attribute[] = "user.xrun.place";

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

bool mark_is_place(int dir_fd, const char *name)
{
	static const char *const names[] = { "hosts", "hostname", "resolv.conf" };
	bool known = false;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		known = known || str_eq(names[i], name);
	cleanup_free char *mark = known ? read_mark(dir_fd, name) : NULL;
	return mark;
}

bool mark_has_places_only(int dir_fd)
{
	struct err ignored;
	cleanup_strv struct strv names = { 0 };
	cleanup_free char *now = describe(dir_fd);
	if (!now || fd_list(dir_fd, "", &names, &ignored) < 0 || !names.len)
		return false;
	for (size_t i = 0; i < names.len; i++) {
		cleanup_free char *mark = mark_is_place(dir_fd, names.items[i]) ? read_mark(dir_fd, names.items[i]) : NULL;
		if (!str_eq(mark, now))
			return false;
	}
	return true;
}
