/* SPDX-License-Identifier: GPL-2.0-or-later */
/* self.c owns the file that this program is executed from. */
#include "src/base/self.h"

#include "src/base/calls.h"
#include "src/base/fd.h"
#include "src/base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef MFD_EXEC /* Linux 6.3, younger than the headers of Debian 12 */
#define MFD_EXEC 0x0010U
#endif

char *self_path(void)
{
	char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
	if (n < 0)
		return NULL;
	path[n] = 0;
	return str_dup(str_starts(path, "/memfd:") ? program_invocation_name : path); /* see execute_copy */
}

char *self_find(const char *name)
{
	static const char *const places[] = { ".", "../libexec/xrun" };
	cleanup_free char *self = self_path();
	char *slash = self ? strrchr(self, '/') : NULL;
	for (size_t i = 0; slash && i < sizeof places / sizeof *places; i++) {
		cleanup_free char *path = str_fmt("%.*s/%s/%s", (int)(slash - self), self, places[i], name);
		if (access(path, R_OK) == 0)
			return realpath(path, NULL);
	}
	return NULL;
}

bool self_is_host_root(void)
{
	unsigned inside = 1, outside = 1, count = 0;
	if (geteuid() != 0)
		return false;
	cleanup_file FILE *file = fopen("/proc/self/uid_map", "re");
	return file && fscanf(file, "%u %u %u", &inside, &outside, &count) == 3 && count == UINT32_MAX;
}

static bool is_exposed(int self_fd)
{
	struct stat st;
	if (fcntl(self_fd, F_GET_SEALS) > 0)
		return false; /* it is the copy */
	return fstat(self_fd, &st) < 0 || (st.st_uid == geteuid() && !self_is_host_root());
}

static int make_copy(int self_fd, struct err *err)
{
	struct stat st;
	cleanup_fd int copy_fd = memfd_create("xrun", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
	if (copy_fd < 0 && errno == EINVAL)
		copy_fd = memfd_create("xrun", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (copy_fd < 0 || fstat(self_fd, &st) < 0)
		return err_sys(err, "cannot make a copy of xrun in memory");
	for (off_t at = 0; at < st.st_size;)
		if (sendfile(copy_fd, self_fd, &at, st.st_size - at) <= 0)
			return err_sys(err, "cannot copy xrun to memory");
	if (fcntl(copy_fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
		return err_sys(err, "cannot seal the copy of xrun in memory");
	return fd_take(&copy_fd);
}

/* The copy finds its original's path in argv[0]. */
static int execute_copy(int copy_fd, char **argv, struct err *err)
{
	cleanup_free char *path = self_path();
	if (!path)
		return err_sys(err, "cannot find out where xrun is");
	argv[0] = path;
	syscall(SYS_execveat, copy_fd, "", argv, environ, AT_EMPTY_PATH);
	return err_sys(err, "cannot execute the copy of xrun in memory");
}

/* Does not return if this is not the copy, but should be. */
static int protect(char **argv, struct err *err)
{
	cleanup_fd int self_fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	if (self_fd < 0)
		return err_sys(err, "cannot open xrun's own file");
	if (!is_exposed(self_fd)) {
		prctl(PR_SET_NAME, program_invocation_short_name); /* the copy would be called by a descriptor's number */
		return 0;
	}
	cleanup_fd int copy_fd = make_copy(self_fd, err);
	return copy_fd < 0 ? copy_fd : execute_copy(copy_fd, argv, err);
}

/* Where our caller closed one, the next file that is opened would be taken for it: the store, or the stages' socket. */
static int open_standard(struct err *err)
{
	int fd;
	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd < 3);
	return fd < 0 ? err_sys(err, "cannot open /dev/null") : close(fd);
}

int self_begin(char **argv, struct err *err)
{
	signal(SIGXFSZ, SIG_IGN); /* ulimit -f: an error like any other (EFBIG) then, for a supervisor's end would be its container's */
	umask(umask(0) & ~0700U); /* our caller's for others; what we make we must get into ourselves, and pasta, too */
	int r = open_standard(err);
	if (r == 0)
		r = protect(argv, err); /* before descriptors are marked: engines pass some on to us by number */
	if (r == 0 && calls_close_range(3, ~0u, CLOSE_RANGE_CLOEXEC) < 0)
		r = err_sys(err, "cannot mark what our caller left open as not to be passed on");
	return r;
}

void self_forget_arguments(void)
{
	struct err ignored;
	cleanup_buf struct buf arguments = { 0 };
	if (fd_read_file(AT_FDCWD, "/proc/self/cmdline", SIZE_MAX, &arguments, &ignored) == 0)
		memset(program_invocation_name, 0, arguments.len); /* argv[0], where the kernel put them all */
}
