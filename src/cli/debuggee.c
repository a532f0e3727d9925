/* SPDX-License-Identifier: GPL-2.0-or-later */
/* debuggee.c owns containers that debuggers can be attached to as they run: --debuggable. */
#include "src/cli/debuggee.h"

#include "src/base/calls.h"
#include "src/base/fd.h"
#include "src/base/process.h"
#include "src/base/unix.h"
#include "src/cli/debug.h"
#include "src/cli/stub.h"
#include "src/runtime/containers.h"
#include "src/runtime/shortage.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { POLL_MS = 20, EARLIER_ONE_MS = 10000 };

static char *directory_of(const struct spec *spec)
{
	return str_fmt("/tmp/xrun-debug.%.12s", spec->id);
}

void debuggee_plan(struct spec *spec)
{
	cleanup_free char *directory = directory_of(spec), *shared = str_fmt("%s/shared", directory);
	debug_wait_for_gdb(spec);
	spec_add_mount(spec, shared, DEBUG_DIRECTORY, false);
	spec->debuggable = true;
}

/* The relay of a container that has just ended may be about to remove it. */
static int make_directory(const char *path, struct err *err)
{
	int made = mkdir(path, 0700);
	for (int waited = 0; made < 0 && errno == EEXIST && waited < EARLIER_ONE_MS; waited += POLL_MS) {
		poll(NULL, 0, POLL_MS);
		made = mkdir(path, 0700);
	}
	return made < 0 ? err_sys(err, "--debuggable: cannot make %s", path) : 0;
}

static int listen_at(const char *path, struct err *err)
{
	int fd = unix_listen(path, SOCK_STREAM, 8);
	return fd < 0 ? err_code(err, fd, "cannot listen at %s", path) : fd;
}

int debuggee_prepare(const struct spec *spec, struct debuggee *ret_debuggee, struct err *err)
{
	*ret_debuggee = (struct debuggee)DEBUGGEE_NONE;
	if (!spec->debuggable)
		return 0;
	cleanup_free char *directory = directory_of(spec);
	int r = make_directory(directory, err);
	if (r < 0)
		return r;
	ret_debuggee->directory = str_dup(directory);
	cleanup_free char *shared = str_fmt("%s/shared", directory), *path = str_fmt("%s/gdb", directory);
	if (mkdir(shared, 0777) < 0 || chmod(shared, 0777) < 0) /* whatever id the program has: others do not get this far */
		return err_sys(err, "cannot make %s", shared);
	return ret_debuggee->listen_fd = listen_at(path, err);
}

/* Nothing else of ours stays open: neither a terminal nor a pipe that somebody waits for. */
static int keep_only(int first_fd, int second_fd)
{
	cleanup_fd int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	int high = fcntl(first_fd, F_DUPFD_CLOEXEC, 64), higher = second_fd < 0 ? high : fcntl(second_fd, F_DUPFD_CLOEXEC, high + 1);
	for (int fd = 0; fd < 3; fd++)
		if (null_fd < 0 || dup2(null_fd, fd) < 0)
			return -1;
	fd_close(&null_fd);
	if (high < 0 || higher < 0 || dup2(high, 3) < 0 || (second_fd >= 0 && dup2(higher, 4) < 0))
		return -1;
	return calls_close_range(second_fd < 0 ? 4 : 5, ~0u, 0);
}

/* While the container lives: in the foreground we end with xrun. */
static bool await_stub(const char *directory, int container_fd, struct stub *ret_stub)
{
	while (stub_connect(directory, "gdb", ret_stub) < 0) {
		if (container_fd >= 0 && !containers_is_alive(container_fd))
			return false;
		poll(NULL, 0, POLL_MS);
	}
	return true;
}

static void relay(const char *directory, int listen_fd, int container_fd)
{
	struct stub stub;
	bool alive = await_stub(directory, container_fd, &stub) && stub_resume(&stub, 0);
	while (alive) {
		struct pollfd polls[] = { { .fd = stub.fd, .events = POLLIN }, { .fd = listen_fd, .events = POLLIN } };
		if (poll(polls, 2, -1) < 0 && errno != EINTR)
			break;
		if (polls[0].revents) {
			alive = stub_pass_signal(&stub);
			continue;
		}
		cleanup_fd int client_fd = polls[1].revents ? accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC) : -1;
		if (client_fd >= 0)
			alive = stub_serve(&stub, client_fd);
	}
}

static void run_relay(const struct spec *spec, const struct debuggee *debuggee, int container_fd)
{
	struct err ignored;
	sigset_t all;
	cleanup_free char *shared = str_fmt("%s/shared", debuggee->directory);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	signal(SIGPIPE, SIG_IGN);
	bool alone = spec->life.detach;
	if (alone ? setsid() < 0 || chdir("/") < 0 : prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		_exit(1);
	if (keep_only(debuggee->listen_fd, container_fd) < 0)
		_exit(1);
	relay(shared, 3, container_fd < 0 ? -1 : 4);
	if (alone)
		fd_remove_tree(AT_FDCWD, debuggee->directory, &ignored);
	_exit(0);
}

int debuggee_start(const struct spec *spec, int store_fd, struct debuggee *debuggee, struct err *err)
{
	cleanup_free char *own = str_fmt("containers/%s", spec->id);
	if (!debuggee->directory)
		return 0;
	/* It may have ended and be gone by now. */
	cleanup_fd int container_fd = spec->life.detach ? openat(store_fd, own, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (spec->life.detach && container_fd < 0)
		return 0;
	pid_t pid = fork();
	if (pid == 0)
		run_relay(spec, debuggee, container_fd);
	if (pid < 0)
		return shortage_of_processes(err);
	if (!spec->life.detach) {
		debuggee->relay = pid;
		return 0;
	}
	fd_close(&debuggee->listen_fd);
	free(debuggee->directory); /* its own to remove */
	debuggee->directory = NULL;
	return 0;
}

void debuggee_finish(struct debuggee *debuggee)
{
	struct err ignored;
	if (debuggee->relay > 0) {
		kill(debuggee->relay, SIGKILL);
		process_wait(debuggee->relay);
	}
	fd_close(&debuggee->listen_fd);
	if (debuggee->directory)
		fd_remove_tree(AT_FDCWD, debuggee->directory, &ignored);
	free(debuggee->directory);
	*debuggee = (struct debuggee)DEBUGGEE_NONE;
}

char *debuggee_socket(const struct spec *spec)
{
	if (!spec->debuggable)
		return NULL;
	cleanup_free char *directory = directory_of(spec);
	char *path = str_fmt("%s/gdb", directory);
	struct stat st;
	if (lstat(directory, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid() && access(path, F_OK) == 0)
		return path; /* anybody may make one of that name where there is none */
	free(path);
	return NULL;
}
