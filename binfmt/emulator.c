/* SPDX-License-Identifier: GPL-2.0-or-later */
/* emulator.c owns finding the emulator of an architecture, and refusing one that cannot serve. */
#include "binfmt/binfmt.h"
#include "binfmt/choice.h"
#include "binfmt/elf.h"
#include "binfmt/kinds.h"
#include "src/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
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
	const struct arch *machine = arch_by_elf(head, n);
	if (!machine || (machine != arch_host() && !binfmt_is_native(machine)))
		return err_set(err, -ENOEXEC, "the emulator %s is a program for %s, and this machine is %s", path,
			machine ? machine->name : "an unknown architecture", arch_host()->name);
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

/* An ordinary user's own programs come first, as for a shell, where he may look; root's PATH may be anybody's. */
static void list_directories(struct strv *ret_dirs)
{
	static char *const usual[] = { "/usr/bin", "/usr/local/bin", "/usr/libexec/qemu-binfmt", NULL };
	const char *path = geteuid() == 0 ? NULL : getenv("PATH");
	cleanup_free char *copy = str_dup(path ? path : "");
	char *rest = copy;
	for (char *dir; (dir = strsep(&rest, ":"));)
		if (*dir == '/' && access(dir, X_OK) == 0)
			strv_add(ret_dirs, dir);
	strv_copy(ret_dirs, usual);
}

/* In the usual places, the first that can serve; else the first that cannot is told of. */
static int search(const struct arch *arch, char **ret_path, struct err *err)
{
	struct err refused = { 0 };
	cleanup_strv struct strv dirs = { 0 }, names = { 0 };
	list_directories(&dirs);
	kinds_list(arch_host(), arch, &names);
	for (size_t i = 0; i < dirs.len * names.len; i++) {
		cleanup_free char *path = str_fmt("%s/%s", dirs.items[i / names.len], names.items[i % names.len]);
		int fd = open_checked(path, ret_path, err);
		if (fd >= 0)
			return fd;
		if (fd != -ENOENT && fd != -ENOTDIR && !refused.code)
			refused = *err;
	}
	if (refused.code) {
		*err = refused;
		return refused.code;
	}
	return err_set(err, -ENOENT, "there is no emulator for %s: install qemu-user-static (sudo apt install qemu-user-static)",
		arch->name);
}

int emulator_open(const struct arch *arch, const char *override, char **ret_path, char **ret_where, struct err *err)
{
	struct choice choice = { 0 };
	*ret_where = NULL;
	if (override)
		return open_checked(override, ret_path, err);
	int fd = choice_find(arch, &choice, err);
	if (fd == 0)
		fd = choice.path ? open_checked(choice.path, ret_path, err) : search(arch, ret_path, err);
	if (fd < 0 && choice.path)
		err_prefix(err, "%s", choice.where);
	*ret_where = choice.where;
	choice.where = NULL;
	choice_done(&choice);
	return fd;
}
