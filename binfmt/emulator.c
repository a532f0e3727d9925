/* SPDX-License-Identifier: GPL-2.0-or-later */
/* emulator.c owns finding the emulator of an architecture, and refusing one that cannot serve. */
#include "binfmt/binfmt.h"
#include "binfmt/elf.h"
#include "src/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static int check(const char *path, struct err *err)
{
	char head[4096];
	struct stat st;
	cleanup_fd int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, "cannot open the emulator %s", path);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || access(path, X_OK) < 0)
		return err_set(err, -EACCES, "the emulator %s is not an executable file", path);
	ssize_t n = read(fd, head, sizeof head);
	int dynamic = n < 0 ? -1 : elf_has_interpreter(head, n);
	if (dynamic < 0)
		return err_set(err, -ENOEXEC, "the emulator %s is not an ELF program", path);
	if (dynamic)
		return err_set(err, -ELIBACC, "the emulator %s is dynamically linked, and its libraries would be looked for in the "
					      "container; use a static one (Debian's package qemu-user-static)", path);
	return 0;
}

static int open_checked(const char *path, char **ret_path, struct err *err)
{
	int r = check(path, err);
	if (r < 0)
		return r;
	int fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, "cannot open the emulator %s", path);
	*ret_path = str_dup(path);
	return fd;
}

int emulator_open(const struct arch *arch, const char *override, char **ret_path, struct err *err)
{
	static const char *const dirs[] = { "/usr/bin", "/usr/local/bin", "/usr/libexec/qemu-binfmt" };
	static const char *const suffixes[] = { "-static", "" };
	struct err refused = { 0 };
	if (override)
		return open_checked(override, ret_path, err);
	for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++) {
		for (size_t j = 0; j < sizeof suffixes / sizeof *suffixes; j++) {
			cleanup_free char *path = str_fmt("%s/qemu-%s%s", dirs[i], arch->qemu, suffixes[j]);
			int fd = open_checked(path, ret_path, err);
			if (fd >= 0)
				return fd;
			if (fd != -ENOENT)
				refused = *err;
		}
	}
	if (refused.code) {
		*err = refused;
		return refused.code;
	}
	return err_set(err, -ENOENT, "there is no emulator for %s: install qemu-user-static (sudo apt install qemu-user-static)",
		arch->name);
}
