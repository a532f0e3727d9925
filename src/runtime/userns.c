/* SPDX-License-Identifier: GPL-2.0-or-later */
/* userns.c owns doing one thing as root of a user namespace. */
#include "src/runtime/userns.h"

#include "src/base/fd.h"
#include "src/base/process.h"
#include "src/runtime/shortage.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* Both directions of one SOCK_SEQPACKET pair: "ready" from the child, "mapped" to it, the result from it. */
struct report {
	int result;
	struct err err;
};

static int enter(const struct idmap *map, int *const *directories, int socket_fd, struct err *err)
{
	char mapped;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
		return shortage_of_namespaces("cannot make a user namespace", err);
	if (send(socket_fd, "", 1, MSG_NOSIGNAL) != 1 || recv(socket_fd, &mapped, 1, 0) != 1)
		return err_set(err, -EPIPE, "the id map was not written");
	int r = 0;
	for (; r == 0 && directories && *directories; directories++)
		r = fd_reopen_directory(*directories, err); /* as ourselves: its parents may be ours alone */
	if (r == 0)
		r = idmap_become_root(map, err);
	if (r < 0)
		return r;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	umask(0);
	if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		return err_sys(err, "cannot make the mounts private");
	return 0;
}

static void run_child(const struct idmap *map, int *const *directories, int socket_fd, int (*call)(void *, struct err *), void *context)
{
	struct report report = { 0 };
	int r = enter(map, directories, socket_fd, &report.err);
	report.result = r < 0 ? r : call(context, &report.err);
	_exit(send(socket_fd, &report, sizeof report, MSG_NOSIGNAL) == sizeof report ? 0 : STATUS_FAILED);
}

/* The child says ready by one byte; a whole report instead means that it failed before. */
static int serve(const struct idmap *map, pid_t child, int socket_fd, struct err *err)
{
	struct report report;
	ssize_t n = recv(socket_fd, &report, sizeof report, 0);
	if (n == 1) {
		int r = idmap_write(map, child, err);
		if (r < 0)
			return r;
		if (send(socket_fd, "", 1, MSG_NOSIGNAL) != 1)
			return err_sys(err, "a process ended early");
		n = recv(socket_fd, &report, sizeof report, 0);
	}
	if (n == 0)
		return 1; /* it executed a program */
	if (n != sizeof report)
		return err_set(err, -EIO, "a process ended early");
	*err = report.err;
	if (report.result == -EUSERS)
		shortage_explain(getpid(), err);
	return report.result < 0 ? report.result : 0;
}

int userns_call(const struct idmap *map, int *const *directories, int (*call)(void *, struct err *), void *context,
	struct err *err)
{
	int ends[2];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return err_sys(err, "cannot make a socket pair");
	cleanup_fd int ours_fd = ends[0];
	pid_t child = fork();
	if (child == 0) {
		close(ends[0]);
		run_child(map, directories, ends[1], call, context);
	}
	close(ends[1]);
	if (child < 0)
		return shortage_of_processes(err);
	int r = serve(map, child, ours_fd, err);
	if (r < 0)
		kill(child, SIGKILL);
	int status = process_wait(child);
	return r == 1 ? status : r;
}
