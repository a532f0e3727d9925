/* SPDX-License-Identifier: GPL-2.0-or-later */
/* program.c owns the last steps of every process in a container: who it is to be, giving up the rest, exec. */
#include "src/runtime/program.h"

#include "src/base/calls.h"
#include "src/base/fd.h"
#include "src/base/search.h"
#include "src/base/self.h"
#include "src/plan/explain.h"
#include "src/runtime/directories.h"
#include "src/runtime/hidden.h"
#include "src/runtime/mount.h"
#include "src/runtime/security.h"
#include "src/runtime/single.h"
#include "src/runtime/stage.h"
#include "src/runtime/target.h"
#include "src/runtime/users.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <linux/openat2.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

int program_leave_keyring(struct err *err)
{
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) >= 0 || errno == ENOSYS || errno == EPERM)
		return 0;
	int error = errno;
	err_sys(err, "cannot make a session keyring");
	if (error == EDQUOT)
		err_append(err, "; it is the quota of keys (keyrings(7)), of which each container takes one: /proc/key-users has what is used, and "
			"sudo sysctl kernel.keys.%s=2000 allows more", self_is_host_root() ? "root_maxkeys" : "maxkeys");
	return err->code;
}

/* The pty comes from the container's own devpts, its peer by TIOCGPTPEER: no path that the image could have swapped. */
int program_open_terminal(int root_fd, int *ret_terminal_fd, struct err *err)
{
	cleanup_fd int master_fd = fd_openat2(root_fd, "dev/pts/ptmx", O_RDWR | O_NOCTTY, 0, RESOLVE_IN_ROOT);
	int unlock = 0;
	struct winsize size;
	if (master_fd < 0)
		return err_code(err, master_fd, "cannot open a terminal");
	if (ioctl(master_fd, TIOCSPTLCK, &unlock) < 0)
		return err_sys(err, "cannot unlock the terminal");
	cleanup_fd int peer_fd = ioctl(master_fd, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (peer_fd < 0)
		return err_sys(err, "cannot open the terminal's other end");
	if (ioctl(0, TIOCGWINSZ, &size) == 0) /* from the start; the relay follows later changes */
		ioctl(peer_fd, TIOCSWINSZ, &size);
	if (setsid() < 0 || ioctl(peer_fd, TIOCSCTTY, 0) < 0)
		return err_sys(err, "cannot make the terminal the controlling one");
	for (int fd = 0; fd < 3; fd++)
		if (dup2(peer_fd, fd) < 0)
			return err_sys(err, "cannot connect the terminal");
	*ret_terminal_fd = fd_take(&master_fd);
	return 0;
}

int program_bind_console(int root_fd, struct err *err)
{
	cleanup_fd int fd = mount_clone(0, "", false, err);
	cleanup_fd int target_fd = fd < 0 ? fd : target_open(root_fd, "dev/console", false, err);
	return target_fd < 0 ? target_fd : mount_attach(fd, target_fd, "/dev/console", err);
}

int program_close_descriptors(int socket_fd, struct err *err)
{
	bool done = calls_close_range(3, socket_fd - 1, 0) == 0 && calls_close_range(socket_fd + 1, ~0u, 0) == 0;
	return done ? 0 : err_sys(err, "cannot close the host's descriptors");
}

static int make_directories(const char *path, struct err *err)
{
	for (const char *slash = path + 1; *slash; slash++) {
		if (*slash != '/')
			continue;
		cleanup_free char *parent = str_ndup(path, slash - path);
		if (mkdir(parent, 0755) < 0 && errno != EEXIST && errno != EROFS)
			return err_sys(err, "cannot make the working directory %s", path);
	}
	if (mkdir(path, 0755) < 0 && errno != EEXIST && errno != EROFS)
		return err_sys(err, "cannot make the working directory %s", path);
	return 0;
}

/* program_close_descriptors has left nothing that leads outside. Did something all the same, getcwd would tell. */
static int enter_directory(const struct program *program, struct err *err)
{
	char check[4096];
	int r = program->make_cwd ? make_directories(program->cwd, err) : 0;
	if (r < 0)
		return r;
	if (chdir(program->cwd) < 0)
		return err_sys(err, "cannot enter the working directory %s", program->cwd);
	if (!getcwd(check, sizeof check) || check[0] != '/')
		return err_set(err, -EINVAL, "the working directory %s is outside the container", program->cwd);
	return 0;
}

/* glibc's signal(2) leaves out 32 and 33, which it has for itself: GNU make is one that starts programs with them ignored. */
void program_reset_signals(void)
{
	static const unsigned char none_set[64]; /* a kernel's struct sigaction, smaller on every machine: SIG_DFL, no flags */
	sigset_t none;
	for (int i = 1; i < NSIG; i++)
		syscall(SYS_rt_sigaction, i, none_set, NULL, 8);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* --init: a first process that passes signals on and reaps; the program is its child. */
static int child_status(pid_t child, int *ret_status)
{
	int status;
	for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
		if (pid == child) {
			*ret_status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
			return 1;
		}
	}
	return 0;
}

static int run_init(bool terminal, struct err *err)
{
	sigset_t all;
	siginfo_t info;
	int status;
	self_forget_arguments();
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	pid_t child = fork();
	if (child == 0) {
		program_reset_signals();
		setpgid(0, 0);
		if (terminal) {
			signal(SIGTTOU, SIG_IGN);
			tcsetpgrp(0, getpid());
			signal(SIGTTOU, SIG_DFL);
		}
		return 0; /* goes on to exec */
	}
	if (child < 0) {
		err_sys(err, "--init: cannot start the program");
		return err_append(err, "; see --pids-limit, pids.max of the cgroup that xrun is in, and ulimit -u");
	}
	calls_close_range(3, ~0u, 0); /* the socket above all: its end of file tells the supervisor of exec */
	for (;;) {
		int signal_number = sigwaitinfo(&all, &info);
		if (signal_number == SIGCHLD && child_status(child, &status))
			_exit(status);
		if (signal_number > 0 && signal_number != SIGCHLD)
			kill(info.si_code == SI_QUEUE ? -child : child, signal_number); /* queued: it was typed, see relay.c */
	}
}

/* The errno that tells most. */
static int search_and_execute(const struct program *program, char *const argv[])
{
	static char *const no_env[] = { NULL };
	char *const *env = program->env->items ? program->env->items : no_env;
	cleanup_strv struct strv files = { 0 };
	int worst = ENOENT;
	search_files(argv[0], strv_env_get(program->env, "PATH"), &files);
	for (size_t i = 0; i < files.len && worst != ENOEXEC; i++) {
		execve(files.items[i], argv, env);
		if (errno != ENOENT && errno != ENOTDIR)
			worst = errno;
	}
	return worst;
}

static void tell_format(const struct program *program, const char *name, struct err *err)
{
	const struct spec *spec = program->spec;
	cleanup_free char *why = spec->emulator_count && hidden_here(spec) ? explain_hidden(spec->emulators[0].arch) : NULL;
	if (why)
		err_set(err, -ENOEXEC, "%s: exec format error: %s", name, why);
	else
		err_set(err, -ENOEXEC, "%s: not a program this machine can run (exec format error); `xrun binfmt status` tells which", name);
}

static int execute(const struct program *program, struct err *err)
{
	char *const *argv = program->args->items;
	int failure = search_and_execute(program, argv);
	if (failure == ENOENT && strchr(argv[0], '/') && access(argv[0], F_OK) == 0) {
		err_set(err, -ENOENT, "%s: the interpreter or dynamic loader that it names is not in %s", argv[0],
			program->spec->rootfs ? program->spec->rootfs : "the image");
		err->status = STATUS_NOT_EXECUTABLE;
		return err->code;
	}
	err_code(err, -failure, "%s: cannot be executed", argv[0]);
	if (failure == ENOENT)
		err_set(err, -ENOENT, "%s: no such program in %s", argv[0], program->spec->rootfs ? program->spec->rootfs : "the image");
	else if (failure == ENOEXEC)
		tell_format(program, argv[0], err);
	err->status = failure == ENOENT || failure == ENOTDIR ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE;
	return err->code;
}

static int close_input(void)
{
	cleanup_fd int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	return null_fd < 0 ? -1 : dup2(null_fd, 0);
}

int program_check_standard(struct err *err)
{
	static const char *const names[] = { "input", "output", "error" };
	struct stat st;
	for (int fd = 0; fd < 3; fd++)
		if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
			return err_set(err, -EISDIR, "standard %s is a directory of the host: the container could leave by it", names[fd]);
	return 0;
}

static void set_home(const struct program *program, const struct user *user)
{
	if (strv_env_get(program->env, "HOME"))
		return;
	cleanup_free char *home = str_fmt("HOME=%s", user->home);
	strv_env_set(program->env, home);
}

static int give_terminal(const struct program *program, const struct user *user, struct err *err)
{
	if (program->terminal && user->uid != 0 && fchown(0, user->uid, -1) < 0)
		return err_sys(err, "cannot give the terminal to user %u", user->uid);
	return 0;
}

/* Before the filter, which may forbid sending. */
static int hand_over_directories(const struct program *program, struct err *err)
{
	const struct stage_message message = { .kind = STAGE_DIRECTORIES };
	cleanup_fd int listener_fd = program->spec->short_positions ? directories_listen() : -1;
	int r = listener_fd < 0 ? 0 : stage_send(program->socket_fd, &message, &listener_fd, 1);
	return r < 0 ? err_code(err, r, "cannot hand over the listing of directories") : 0;
}

int program_become(const struct program *program, struct err *err)
{
	struct user user = { 0 };
	if (!program->terminal && !program->interactive && close_input() < 0)
		return err_sys(err, "cannot open /dev/null as standard input");
	int r = program_check_standard(err);
	if (r == 0)
		r = users_find(AT_FDCWD, program->user, &program->spec->groups, &user, err);
	if (r == 0 && program->single && program->spec->groups.len)
		r = err_set(err, -EINVAL, "--group-add %s: the container has one group id only", program->spec->groups.items[0]);
	if (r == 0)
		r = enter_directory(program, err);
	if (r == 0)
		r = give_terminal(program, &user, err);
	if (r < 0)
		return r;
	set_home(program, &user);
	if (program->single)
		single_set_env(program->env);
	unsigned long persona = (program->spec->personality_32 ? PER_LINUX32 : PER_LINUX) |
				(program->spec->fixed_addresses ? ADDR_NO_RANDOMIZE : 0);
	if (persona != PER_LINUX && personality(persona) < 0)
		return err_sys(err, "cannot set the personality");
	r = hand_over_directories(program, err);
	if (r == 0)
		r = security_become(&user, program->spec, program->single, err);
	if (r < 0)
		return r;
	if (!program->detached)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (program->init)
		r = run_init(program->terminal, err);
	else
		program_reset_signals();
	return r < 0 ? r : execute(program, err);
}
