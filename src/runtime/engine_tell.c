/* SPDX-License-Identifier: GPL-2.0-or-later */
/* engine_tell.c owns telling an engine which process was started for it. */
#include "src/runtime/engine.h"

#include "src/base/fd.h"
#include "src/base/unix.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Under its name when it is whole. */
static int write_number(const char *path, pid_t pid, struct err *err)
{
	char number[16];
	cleanup_free char *temporary = str_fmt("%s.%d", path, getpid());
	cleanup_fd int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	int len = snprintf(number, sizeof number, "%d", pid);
	int r = fd < 0 ? -errno : fd_write_all(fd, number, len);
	if (r == 0 && rename(temporary, path) < 0)
		r = -errno;
	return r < 0 ? err_code(err, r, "--pid-file %s", path) : 0;
}

/* With a text beside it, as readers of runc's expect, who ask for one and do not look at it. */
static int send_pidfd(const char *path, pid_t pid, struct err *err)
{
	static const char text[] = "pidfd";
	cleanup_fd int socket_fd = unix_connect(path, SOCK_STREAM);
	cleanup_fd int pid_fd = socket_fd < 0 ? -1 : (int)syscall(SYS_pidfd_open, pid, 0);
	if (socket_fd < 0)
		return err_code(err, socket_fd, "--pidfd-socket %s", path);
	if (pid_fd < 0)
		return err_sys(err, "--pidfd-socket: cannot open the process %d", pid);
	int r = fd_send(socket_fd, text, sizeof text - 1, &pid_fd, 1);
	return r < 0 ? err_code(err, r, "--pidfd-socket %s", path) : 0;
}

int engine_tell(const struct engine_tell *tell, pid_t pid, struct err *err)
{
	int r = tell->pid_file ? write_number(tell->pid_file, pid, err) : 0;
	return r < 0 || !tell->pidfd_socket ? r : send_pidfd(tell->pidfd_socket, pid, err);
}
