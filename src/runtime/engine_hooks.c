/* SPDX-License-Identifier: GPL-2.0-or-later */
/* engine_hooks.c owns running hooks (config.md, "POSIX-platform Hooks"). */
#include "src/runtime/engine.h"

#include "src/base/fd.h"
#include "src/base/process.h"
#include "src/runtime/security.h"
#include "src/runtime/shortage.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* The state is read from a file in memory, so that a hook which does not read it stops nobody. */
static int make_input(json_t *state, struct err *err)
{
	cleanup_free char *text = json_dumps(state, JSON_COMPACT);
	cleanup_fd int fd = memfd_create("state", MFD_CLOEXEC);
	int r = fd < 0 ? -errno : !text ? -EINVAL : fd_write_all(fd, text, strlen(text));
	if (r < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return err_code(err, r < 0 ? r : -errno, "cannot hand the state to hooks");
	return fd_take(&fd);
}

/* Where a hook was to run as somebody else and could not: through a pipe, since it has no other way to tell why. */
static void become(const struct engine_hook_user *as, int error_fd)
{
	struct err err = { 0 };
	if (security_become_engines(as->spec, as->socket_fd, &err) == 0)
		return;
	fd_write_all(error_fd, &err, sizeof err);
	_exit(STATUS_FAILED);
}

static void run_child(const struct engine_hook *hook, const struct engine_hook_place *place, int input_fd, int error_fd)
{
	static char *const no_env[] = { NULL };
	char *const only_name[] = { hook->path, NULL };
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (dup2(input_fd, 0) < 0 || (place->dir && chdir(place->dir) < 0))
		_exit(STATUS_FAILED);
	if (place->as)
		become(place->as, error_fd);
	char *const *env = !hook->has_env ? environ : hook->env.len ? hook->env.items : no_env;
	execve(hook->path, hook->args.len ? hook->args.items : only_name, env);
	_exit(errno == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE);
}

static int await(const struct engine_hook *hook, const char *name, pid_t pid, struct err *err)
{
	bool late = hook->timeout && process_ends_within(pid, (uint64_t)hook->timeout * 1000) == 0;
	if (late)
		kill(pid, SIGKILL);
	int status = process_wait(pid);
	if (late)
		return err_set(err, -ETIMEDOUT, "the %s hook %s did not end within %d s", name, hook->path, hook->timeout);
	if (status == STATUS_NOT_FOUND && access(hook->path, F_OK) < 0)
		return err_set(err, -ENOENT, "the %s hook %s: no such file or directory", name, hook->path);
	return status ? err_set(err, -EIO, "the %s hook failed with exit code %d: %s", name, status, hook->path) : 0;
}

static int run_one(const struct engine_hook *hook, const char *name, const struct engine_hook_place *place, json_t *state, struct err *err)
{
	int ends[2];
	struct err why;
	cleanup_fd int input_fd = make_input(state, err);
	if (input_fd < 0)
		return input_fd;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(err, "cannot make a pipe");
	cleanup_fd int read_fd = ends[0], error_fd = ends[1];
	pid_t pid = fork();
	if (pid == 0)
		run_child(hook, place, input_fd, error_fd);
	fd_close(&error_fd);
	if (pid < 0)
		return shortage_of_processes(err);
	int r = await(hook, name, pid, err);
	if (r == 0 || !place->as || read(read_fd, &why, sizeof why) != sizeof why)
		return r;
	r = err_take(&why, &why, "it said no reason");
	return err_set(err, r, "the %s hook %s: %s", name, hook->path, why.text);
}

int engine_hooks_run(const struct engine_hooks *hooks, const char *name, const struct engine_hook_place *place, json_t *state, struct err *err)
{
	int r = 0;
	for (size_t i = 0; r == 0 && i < hooks->count; i++)
		r = run_one(&hooks->items[i], name, place, state, err);
	return r;
}

int engine_hooks_run_all(const struct engine_hooks *hooks, const char *name, const struct engine_hook_place *place, json_t *state, struct err *err)
{
	struct err first = { 0 };
	int failed = 0;
	for (size_t i = 0; i < hooks->count; i++) {
		int r = run_one(&hooks->items[i], name, place, state, failed ? &first : err);
		failed = failed ? failed : r;
	}
	return failed;
}
