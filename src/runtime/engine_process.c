/* SPDX-License-Identifier: GPL-2.0-or-later */
/* engine_process.c owns the last steps of every process in an engine's container, the first one and those of exec. */
#include "src/runtime/engine.h"

#include "src/base/calls.h"
#include "src/base/fd.h"
#include "src/base/search.h"
#include "src/runtime/engine_scheduling.h"
#include "src/runtime/program.h"
#include "src/runtime/security.h"
#include "src/runtime/user.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { IOPRIO_WHO_PROCESS = 1, IOPRIO_CLASS_SHIFT = 13, PASSWD_LIMIT = 4 << 20 };

int engine_close_descriptors(const struct inherit *preserved, const int *keep, size_t count, struct err *err)
{
	for (unsigned from = INHERIT_FIRST; from != ~0u;) {
		unsigned next = (unsigned)inherit_next(preserved, (int)from);
		for (size_t i = 0; i < count; i++)
			if (keep[i] >= 0 && (unsigned)keep[i] >= from && (unsigned)keep[i] < next)
				next = keep[i];
		if (next != from && calls_close_range(from, next == ~0u ? ~0u : next - 1, 0) < 0)
			return err_sys(err, "cannot close the host's descriptors");
		from = next == ~0u ? ~0u : next + 1;
	}
	return 0;
}

/* The user's in the container's own passwd(5); config.json has a number only. */
static void set_home(struct spec *spec)
{
	cleanup_buf struct buf passwd = { 0 };
	struct user user;
	struct err ignored;
	struct stat st;
	char number[16];
	const char *own = strv_env_get(&spec->env, "HOME");
	if (own && *own)
		return;
	cleanup_fd int fd = fd_openat2(AT_FDCWD, "/etc/passwd", O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0, RESOLVE_IN_ROOT);
	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		fd_read_all(fd, PASSWD_LIMIT, &passwd);
	buf_str(&passwd, "");
	snprintf(number, sizeof number, "%u", spec->engine->user.uid);
	bool known = user_resolve(number, passwd.data, "", &user, &ignored) == 0;
	cleanup_free char *home = str_fmt("HOME=%s", known ? user.home : "/");
	strv_env_set(&spec->env, home);
}

static bool is_program(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_mode & 0111;
}

static char *search(const struct spec *spec, const char *name)
{
	cleanup_strv struct strv files = { 0 };
	search_files(name, strv_env_get(&spec->env, "PATH"), &files);
	for (size_t i = 0; i < files.len; i++)
		if (is_program(files.items[i]))
			return str_dup(files.items[i]);
	return NULL;
}

/* Engines look for these very words, to give exit statuses of their own: podman 127 and 126. */
static int find_program(const struct spec *spec, char **ret_path, struct err *err)
{
	const char *name = spec->args.items[0];
	if (!strchr(name, '/')) {
		*ret_path = search(spec, name);
		return *ret_path ? 0 : err_set(err, -ENOENT, "executable file `%s` not found in $PATH: No such file or directory", name);
	}
	if (access(name, F_OK) < 0)
		return err_code(err, -errno, "executable file %s", *name ? name : "\"\"");
	if (!is_program(name))
		return err_code(err, -EACCES, "executable file %s", name);
	*ret_path = str_dup(name);
	return 0;
}

/* No descriptor leads outside any more. Did something all the same, getcwd would tell (CVE-2024-21626). */
static int enter_directory(const struct spec *spec, struct err *err)
{
	char check[4096];
	const char *cwd = spec->cwd;
	if (chdir(cwd) < 0 && errno == ENOENT) {
		for (const char *slash = cwd + 1; *slash; slash++) {
			cleanup_free char *parent = *slash == '/' ? str_ndup(cwd, slash - cwd) : NULL;
			if (parent)
				mkdir(parent, 0755);
		}
		if (mkdir(cwd, 0755) < 0 || chdir(cwd) < 0)
			return err_sys(err, "cannot enter the working directory %s", cwd);
	} else if (access(".", F_OK) < 0 || chdir(cwd) < 0) {
		return errno == EACCES ? 0 : err_sys(err, "cannot enter the working directory %s", cwd); /* perhaps the user may */
	}
	if (!getcwd(check, sizeof check) || check[0] != '/')
		return err_set(err, -EINVAL, "the working directory %s is outside the container", cwd);
	return 0;
}

int engine_process_prepare(struct spec *spec, char **ret_path, struct err *err)
{
	set_home(spec);
	int r = enter_directory(spec, err);
	return r < 0 ? r : find_program(spec, ret_path, err);
}

static int set_priorities(const struct spec *spec, struct err *err)
{
	const struct spec_engine *engine = spec->engine;
	unsigned long persona = (engine->has_personality ? engine->personality : PER_LINUX) | (spec->fixed_addresses ? ADDR_NO_RANDOMIZE : 0);
	if ((engine->has_personality || spec->fixed_addresses) && personality(persona) < 0)
		return err_sys(err, "cannot set the personality");
	int priority = engine->io_class << IOPRIO_CLASS_SHIFT | engine->io_priority;
	if (engine->io_class && syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, priority) < 0)
		return err_sys(err, "cannot set the I/O priority");
	return 0;
}

/*
 * Programs open /dev/stdout and its kin anew, which asks for rights over the pipe or file behind it: its owner becomes the
 * user. Where that is not allowed (an owner that the id map lacks, a read-only file system) the descriptor still serves.
 */
static void give_streams(const struct engine_user *user)
{
	struct stat st;
	for (int fd = 0; fd < 3; fd++)
		if (fstat(fd, &st) == 0 && !S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode) && fchown(fd, user->uid, user->gid) < 0)
			continue;
}

static int give_terminal(const struct spec *spec, struct err *err)
{
	if (spec->terminal && spec->engine->user.uid != 0 && fchown(0, spec->engine->user.uid, -1) < 0)
		return err_sys(err, "cannot give the terminal to user %u", spec->engine->user.uid);
	if (!spec->terminal && spec->engine->user.uid != 0)
		give_streams(&spec->engine->user);
	return 0;
}

/* What the engine had open, and wanted the program to have. What has such a number and is ours stays behind. */
static void keep_descriptors(const struct inherit *preserved)
{
	for (int fd = inherit_next(preserved, INHERIT_FIRST); fd >= 0; fd = inherit_next(preserved, fd + 1))
		fcntl(fd, F_SETFD, 0);
}

/* Whether `prepare` could enter it. Without capabilities, and with a filter, it may not be possible any more. */
static bool is_in_directory(const char *cwd)
{
	struct stat here, there;
	return fstatat(AT_FDCWD, "", &here, AT_EMPTY_PATH) == 0 && stat(cwd, &there) == 0 && here.st_dev == there.st_dev &&
	       here.st_ino == there.st_ino;
}

int engine_process_become(const struct spec *spec, const char *path, const struct inherit *preserved, int socket_fd, struct err *err)
{
	static char *const no_env[] = { NULL };
	bool entered = is_in_directory(spec->cwd);
	int r = give_terminal(spec, err);
	if (r == 0)
		r = set_priorities(spec, err);
	if (r == 0)
		r = engine_scheduling_apply(spec->engine, err);
	if (r == 0)
		r = security_become_engines(spec, socket_fd, err);
	if (r < 0)
		return r;
	if (!entered && chdir(spec->cwd) < 0)
		return err_sys(err, "cannot enter the working directory %s", spec->cwd);
	keep_descriptors(preserved);
	program_reset_signals();
	execve(path, spec->args.items, spec->env.items ? spec->env.items : no_env);
	if (errno == ENOENT)
		return err_set(err, -ENOENT, "exec %s: No such file or directory: the interpreter or dynamic loader that it names is not there", path);
	return err_sys(err, "exec %s", path);
}
