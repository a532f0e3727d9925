/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hidden.c owns asking whether a container's programs still find the emulators that were registered for them. */
/*
 * Theory of operation. The kernel looks handlers up from the current user namespace upwards, in the first binfmt_misc that it
 * meets. The emulators are in U1's. A container whose root has CAP_SYS_ADMIN can mount another one, U2's, for good: from then on
 * the emulators are out of sight for all its programs, and execve fails with ENOEXEC. Only the kernel knows, so it is asked to
 * execute the header of an ELF file, which is all that a handler is chosen by. The answer is there before anything runs, and
 * what runs then is killed: an emulator that refuses the file, or whatever the container has registered.
 */
#include "src/runtime/hidden.h"

#include "binfmt/arch.h"
#include "src/base/calls.h"
#include "src/base/fd.h"
#include "src/base/process.h"
#include "src/runtime/security.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { HEADER_SIZE = 64 };

bool hidden_is_possible(const struct spec *spec)
{
	return spec->emulator_count && (spec->capabilities & (UINT64_C(1) << CAP_SYS_ADMIN));
}

/* The file stays open in what is executed: binfmt_misc refuses one that would be closed. */
static void execute_header(const struct arch *arch, int answer_fd)
{
	static char *const argv[] = { "xrun-probe", NULL }, *const env[] = { NULL };
	uint8_t header[HEADER_SIZE] = { 0 };
	memcpy(header, arch->magic, sizeof arch->magic);
	int file_fd = memfd_create("xrun-probe", 0), failure = EIO;
	if (file_fd >= 0 && fd_write_all(file_fd, header, sizeof header) == 0) {
		for (int fd = 0; fd < 3; fd++)
			close(fd);
		syscall(SYS_execveat, file_fd, "", argv, env, AT_EMPTY_PATH);
		failure = errno;
	}
	fd_write_all(answer_fd, &failure, sizeof failure);
	_exit(1);
}

bool hidden_here(const struct spec *spec)
{
	const struct arch *arch = spec->emulator_count ? arch_by_name(spec->emulators[0].arch) : NULL;
	int ends[2], failure = 0;
	if (!arch || pipe2(ends, O_CLOEXEC) < 0)
		return false;
	pid_t child = fork();
	if (child == 0)
		execute_header(arch, ends[1]);
	close(ends[1]);
	bool answered = child > 0 && read(ends[0], &failure, sizeof failure) == sizeof failure;
	close(ends[0]);
	if (child > 0) {
		kill(child, SIGKILL);
		process_wait(child);
	}
	return answered && failure == ENOEXEC;
}

/* An empty file system, and nothing of the host's before it. */
static int isolate(const struct idmap *map, int userns_fd, struct err *err)
{
	const int others = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;
	if (setsid() < 0 || setns(userns_fd, CLONE_NEWUSER) < 0 || unshare(others) < 0 || idmap_become_root(map, err) < 0)
		return -1;
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 || mount("none", "/proc", "tmpfs", 0, NULL) < 0 || chdir("/proc") < 0)
		return -1;
	return syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 || chdir("/") < 0 ? -1 : 0;
}

/*
 * The first process of its namespace: with it everything ends that was started there. It has the container's limits, rights and
 * filter: the container may have registered what is executed.
 */
static void ask_isolated(const struct spec *spec, const struct idmap *map, int answer_fd)
{
	struct err ignored;
	const struct user root = { 0 };
	bool hidden;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (dup2(answer_fd, 3) != 3 || calls_close_range(4, ~0u, 0) < 0 || security_become(&root, spec, map->single, &ignored) < 0)
		_exit(1);
	fcntl(3, F_SETFD, FD_CLOEXEC);
	hidden = hidden_here(spec);
	fd_write_all(3, &hidden, sizeof hidden);
	_exit(0);
}

bool hidden_in(const struct spec *spec, const struct idmap *map, int userns_fd)
{
	struct err ignored;
	int ends[2];
	bool hidden = false;
	if (userns_fd < 0 || pipe2(ends, O_CLOEXEC) < 0)
		return false;
	pid_t child = fork();
	if (child == 0) {
		pid_t first = isolate(map, userns_fd, &ignored) < 0 ? -1 : fork();
		if (first == 0)
			ask_isolated(spec, map, ends[1]);
		_exit(first < 0 || process_wait(first) != 0);
	}
	close(ends[1]);
	if (child < 0 || read(ends[0], &hidden, sizeof hidden) != sizeof hidden)
		hidden = false;
	close(ends[0]);
	if (child > 0)
		process_wait(child);
	return hidden;
}
