/* SPDX-License-Identifier: GPL-2.0-or-later */
/* root_arch.c owns finding out which architecture the programs of a root file system are for. */
#include "src/runtime/root_arch.h"

#include "src/base/fd.h"
#include "src/base/search.h"
#include "src/base/str.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEAD_SIZE = 256, MAX_SCRIPTS = 4 };

/* The file's first bytes, ended by a NUL; what is no regular file is not opened in earnest. */
static ssize_t read_head(int root_fd, const char *path, char ret_head[HEAD_SIZE + 1])
{
	struct stat st;
	cleanup_fd int fd = fd_openat2(root_fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0, RESOLVE_IN_ROOT);
	ssize_t n = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? read(fd, ret_head, HEAD_SIZE) : -1;
	ret_head[n < 0 ? 0 : n] = 0;
	return n;
}

/* execve(2): "#!INTERPRETER [ARGUMENT]"; of env(1) it is env's architecture that counts. */
static const struct arch *arch_of(int root_fd, const char *path)
{
	char head[HEAD_SIZE + 1], next[HEAD_SIZE + 1];
	for (int depth = 0; depth < MAX_SCRIPTS; depth++) {
		ssize_t n = read_head(root_fd, path, head);
		if (n < 2 || memcmp(head, "#!", 2) != 0)
			return n < 0 ? NULL : arch_by_elf(head, n);
		char *start = head + 2 + strspn(head + 2, " \t");
		start[strcspn(start, " \t\r\n")] = 0;
		memcpy(next, start, strlen(start) + 1);
		path = next;
	}
	return NULL;
}

const struct arch *root_arch_find(int root_fd, const struct root_program *program)
{
	static const char *const others[] = { "/bin/sh", "/usr/bin/env", "/bin/busybox", "/sbin/ldconfig" };
	const struct arch *arch = NULL;
	cleanup_strv struct strv files = { 0 };
	search_files(program->name, program->path, &files);
	for (size_t i = 0; !arch && *program->name && i < files.len; i++) {
		const char *file = files.items[i];
		cleanup_free char *below = *file == '/' ? str_dup(file) : str_fmt("%s/%s", program->cwd ? program->cwd : "", file);
		arch = arch_of(root_fd, below);
	}
	for (size_t i = 0; !arch && i < sizeof others / sizeof *others; i++)
		arch = arch_of(root_fd, others[i]);
	return arch;
}
