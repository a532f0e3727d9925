/* SPDX-License-Identifier: GPL-2.0-or-later */
/* selinux.c owns what the machine's SELinux policy is asked; see security/selinux/selinuxfs.c for its files. */
#include "src/runtime/selinux.h"

#include "src/base/fd.h"
#include "src/base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#define POLICY "/sys/fs/selinux"
enum { MAX_LABEL = 4096 };

bool selinux_is_there(void)
{
	return access(POLICY "/context", F_OK) == 0;
}

static int check_label(const char *label, struct err *err)
{
	cleanup_fd int fd = open(POLICY "/context", O_RDWR | O_CLOEXEC);
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return err_set(err, -EOPNOTSUPP, "this machine has no SELinux, and so no label %s", label);
	if (fd < 0)
		return err_sys(err, "cannot ask SELinux's policy");
	if (write(fd, label, strlen(label) + 1) < 0)
		return errno == EINVAL ? err_set(err, -EINVAL, "this machine's SELinux policy has no %s", label) :
					 err_sys(err, "cannot ask SELinux's policy for %s", label);
	return 0;
}

/* A number in a file of the policy's; 0 where it has none, which it never gives. */
static unsigned number_in(const char *path)
{
	struct err ignored;
	unsigned number = 0;
	cleanup_buf struct buf text = { 0 };
	if (fd_read_file(AT_FDCWD, path, 64, &text, &ignored) == 0 && text.len)
		sscanf(text.data, "%u", &number);
	return number;
}

/* What a program with the label may do to a file with the other one: bit n - 1 is permission n. All of it where that is not known. */
static unsigned long may(const char *label, const char *file_label)
{
	char answer[256] = "";
	unsigned long allowed = 0;
	cleanup_free char *question = str_fmt("%s %s %u", label, file_label, number_in(POLICY "/class/file/index"));
	cleanup_fd int fd = open(POLICY "/access", O_RDWR | O_CLOEXEC);
	bool answered = fd >= 0 && write(fd, question, strlen(question)) > 0 && read(fd, answer, sizeof answer - 1) > 0;
	return answered && sscanf(answer, "%lx", &allowed) == 1 ? allowed : ~0ul;
}

static int check_stream(int fd, const char *label, struct err *err)
{
	static const char *const names[] = { [1] = "standard output", [2] = "standard error" };
	struct stat st;
	char file_label[MAX_LABEL] = "";
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || fgetxattr(fd, "security.selinux", file_label, sizeof file_label - 1) <= 0)
		return 0;
	bool appends = fcntl(fd, F_GETFL) & O_APPEND;
	unsigned wanted = number_in(appends ? POLICY "/class/file/perms/append" : POLICY "/class/file/perms/write");
	if (!wanted || (may(label, file_label) & 1ul << (wanted - 1)))
		return 0;
	return err_set(err, -EACCES, "SELinux does not let a program with the label %s write to our %s, a file with the label %s; "
		"write to a pipe, | cat >FILE", label, names[fd], file_label);
}

int selinux_check(const char *label, const char *file_label, struct err *err)
{
	int r = label ? check_label(label, err) : 0;
	if (r == 0 && file_label)
		r = check_label(file_label, err);
	for (int fd = 1; r == 0 && label && fd <= 2; fd++)
		r = check_stream(fd, label, err);
	return r;
}
