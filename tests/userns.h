/* SPDX-License-Identifier: GPL-2.0-or-later */
/* userns.h owns making a test root of a user namespace of its own: of 65,536 ids for root, otherwise of one. */
#ifndef XRUN_TESTS_USERNS_H
#define XRUN_TESTS_USERNS_H

#include "src/base/fd.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

static inline void userns_write_map(pid_t pid, const char *name, const char *text)
{
	cleanup_free char *path = str_fmt("/proc/%d/%s", (int)pid, name);
	struct err err = { 0 };
	if (fd_write_file(AT_FDCWD, path, text, &err) < 0)
		_exit(1);
}

static inline void userns_write_maps(pid_t pid, uid_t uid, gid_t gid)
{
	cleanup_free char *uids = uid ? str_fmt("0 %u 1", uid) : str_dup("0 0 65536");
	cleanup_free char *gids = uid ? str_fmt("0 %u 1", gid) : str_dup("0 0 65536");
	if (uid)
		userns_write_map(pid, "setgroups", "deny");
	userns_write_map(pid, "gid_map", gids);
	userns_write_map(pid, "uid_map", uids);
}

/* 0, or -1. The process must have no other threads. */
static inline int userns_enter(void)
{
	int ready[2], status;
	pid_t me = getpid();
	uid_t uid = geteuid();
	gid_t gid = getegid();
	if (pipe2(ready, O_CLOEXEC) < 0)
		return -1;
	pid_t helper = fork();
	if (helper == 0) {
		char go;
		close(ready[1]);
		if (read(ready[0], &go, 1) == 1)
			userns_write_maps(me, uid, gid);
		_exit(0);
	}
	bool entered = unshare(CLONE_NEWUSER) == 0 && write(ready[1], "x", 1) == 1;
	close(ready[0]);
	close(ready[1]);
	waitpid(helper, &status, 0);
	return entered && status == 0 && setresgid(0, 0, 0) == 0 && setresuid(0, 0, 0) == 0 ? 0 : -1;
}

#endif
