/* SPDX-License-Identifier: GPL-2.0-or-later */
/* engine_tell.c owns telling an engine which process was started for it. */
#include "src/runtime/engine.h"

#include "src/base/fd.h"
#include "src/base/process.h"
#include "src/base/unix.h"

#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

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
	int r = tell->pid_file ? process_write_pid(tell->pid_file, pid) : 0;
	if (r < 0)
		return err_code(err, r, "--pid-file %s", tell->pid_file);
	return tell->pidfd_socket ? send_pidfd(tell->pidfd_socket, pid, err) : 0;
}
