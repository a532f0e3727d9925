/* SPDX-License-Identifier: GPL-2.0-or-later */
/* process.c owns what is tried of processes: starting, watching and confining them. */
#include "src/probe/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static int trace(void)
{
	int status;
	pid_t pid = fork();
	if (pid == 0) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
			_exit(errno);
		raise(SIGSTOP);
		_exit(0);
	}
	if (waitpid(pid, &status, 0) < 0)
		return -errno;
	if (WIFEXITED(status))
		return WEXITSTATUS(status) ? -WEXITSTATUS(status) : say("the traced process did not stop");
	long r = ptrace(PTRACE_CONT, pid, NULL, NULL);
	kill(pid, SIGKILL);
	return result(r);
}

static int spawn_missing(void)
{
	pid_t pid;
	char *argv[] = { "none", NULL };
	int error = posix_spawn(&pid, "/no/such/program", NULL, NULL, argv, environ);
	return error == ENOENT ? 0 : say("posix_spawn of a missing program returned %d, not ENOENT", error);
}

/* The child of vfork borrows the parent's memory: what it writes, its parent sees. */
static int vfork_memory(void)
{
	static volatile int seen;
	pid_t pid = vfork();
	if (pid == 0) {
		seen = 1; /* NOLINT(clang-analyzer-unix.Vfork): it is what is tried */
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	return seen ? 0 : say("vfork's child has a copy of the memory");
}

static int clone_three(void)
{
	struct clone_args args = { .exit_signal = SIGCHLD };
	long pid = syscall(SYS_clone3, &args, sizeof args);
	if (pid == 0)
		_exit(0);
	return result(pid);
}

static int seccomp_filter(void)
{
	struct sock_filter allow[] = { BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW) };
	struct sock_fprog filter = { .len = 1, .filter = allow };
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return result(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter));
}

/* Values that containers' seccomp profiles let through. */
static int set_personality(void)
{
	int before = personality(0xffffffff);
	if (before < 0 || personality(PER_LINUX32) < 0)
		return -errno;
	int now = personality(0xffffffff);
	return (now & PER_MASK) == PER_LINUX32 ? 0 : say("it was not kept");
}

static int reap_orphans(void)
{
	int status = 0;
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		return -errno;
	pid_t pid = fork();
	if (pid == 0) {
		if (fork() == 0)
			_exit(CHILD_STATUS);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	return wait(&status) > 0 && WEXITSTATUS(status) == CHILD_STATUS ? 0 : say("an orphan was not handed to us");
}

static int limit_memory(void)
{
	enum { LIMIT = 256 << 20 };
	struct rlimit limit = { LIMIT, LIMIT };
	if (setrlimit(RLIMIT_AS, &limit) < 0)
		return -errno;
	void *p = malloc(2u * LIMIT - 1);
	if (!p)
		return 0;
	free(p);
	return say("ulimit -v is not enforced");
}

static int affinity(void)
{
	cpu_set_t set;
	if (sched_getaffinity(0, sizeof set, &set) < 0)
		return -errno;
	int first = 0;
	while (first < CPU_SETSIZE && !CPU_ISSET(first, &set))
		first++;
	CPU_ZERO(&set);
	CPU_SET(first, &set);
	return result(sched_setaffinity(0, sizeof set, &set));
}

/* Starts ourselves as a child that lives until end_fd is closed. */
static pid_t start_child(int *ret_end_fd)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	pid_t pid = fork();
	if (pid == 0) {
		dup2(ends[0], 0);
		execl(program, program, CHILD_ARGUMENT, NULL);
		_exit(127);
	}
	close(ends[0]);
	*ret_end_fd = ends[1];
	return pid;
}

static int read_proc(pid_t pid, const char *name, char *text, size_t size)
{
	char path[64];
	snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, size - 1);
	text[n > 0 ? n : 0] = 0;
	close(fd);
	return n < 0 ? -errno : 0;
}

/* It is a copy of ours until it has executed the program: its second argument tells. */
static int others_arguments(void)
{
	char text[256] = "";
	int end_fd = -1;
	pid_t pid = start_child(&end_fd);
	for (int tries = 0; tries < 200 && !memmem(text, sizeof text, CHILD_ARGUMENT, sizeof CHILD_ARGUMENT); tries++) {
		usleep(10000);
		memset(text, 0, sizeof text);
		int r = read_proc(pid, "cmdline", text, sizeof text);
		if (r < 0)
			return r;
	}
	close(end_fd);
	waitpid(pid, NULL, 0);
	return strcmp(text, program) == 0 ? 0 : say("another process' command line begins with %.80s", text);
}

static int own_file(void)
{
	char path[256] = "";
	if (readlink("/proc/self/exe", path, sizeof path - 1) < 0)
		return -errno;
	return strcmp(path, program) == 0 ? 0 : say("/proc/self/exe is %.100s", path);
}

static int others_file(void)
{
	char path[64], target[256] = "";
	int end_fd = -1;
	pid_t pid = start_child(&end_fd);
	snprintf(path, sizeof path, "/proc/%d/exe", pid);
	usleep(300000);
	ssize_t n = readlink(path, target, sizeof target - 1);
	int error = errno;
	close(end_fd);
	waitpid(pid, NULL, 0);
	if (n < 0)
		return -error;
	return strcmp(target, program) == 0 ? 0 : say("/proc/PID/exe of another is %.100s", target);
}

static int execute_descriptor(void)
{
	char *argv[] = { (char *)program, CHILD_ARGUMENT, NULL };
	int status = 0;
	pid_t pid = fork();
	if (pid == 0) {
		int null_fd = open("/dev/null", O_RDONLY);
		int fd = open(program, O_RDONLY | O_CLOEXEC);
		dup2(null_fd, 0);
		fexecve(fd, argv, environ);
		_exit(errno == ENOSYS ? 126 : 127);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) && WEXITSTATUS(status) == CHILD_STATUS ? 0 : say("fexecve did not start the program");
}

static int read_other(void)
{
	static char from[16] = "data", to[16];
	struct iovec local = { to, sizeof to }, remote = { from, sizeof from };
	ssize_t n = process_vm_readv(getpid(), &local, 1, &remote, 1, 0);
	return n < 0 ? -errno : strcmp(to, from) == 0 ? 0 : say("it read something else");
}

static int process_descriptor(void)
{
	int fd = syscall(SYS_pidfd_open, getpid(), 0);
	return fd < 0 ? -errno : result(syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0));
}

static int own_name(void)
{
	char name[17] = "", text[32];
	if (prctl(PR_SET_NAME, "renamed", 0, 0, 0) < 0 || prctl(PR_GET_NAME, name, 0, 0, 0) < 0)
		return -errno;
	int r = read_proc(getpid(), "comm", text, sizeof text);
	return r < 0 ? r : strcmp(name, "renamed") == 0 && strcmp(text, "renamed\n") == 0 ? 0 : say("it was not kept");
}

const struct probe process_probes[] = {
	{ "ptrace", "gdb, strace, rr", trace },
	{ "spawn errors", "Python's subprocess, Rust, Java, make: a missing program is reported", spawn_missing },
	{ "vfork memory", "shells and libraries that report errors through vfork", vfork_memory },
	{ "clone3", "new C libraries, which fall back to clone", clone_three },
	{ "seccomp", "OpenSSH, systemd, browsers, sandboxes", seccomp_filter },
	{ "personality", "setarch, linux32", set_personality },
	{ "subreaper", "init systems, tini -s", reap_orphans },
	{ "address space limit", "ulimit -v, judges of programming contests", limit_memory },
	{ "affinity", "taskset, nproc, OpenMP", affinity },
	{ "own /proc/self/exe", "Go, Java, busybox: finding their own file", own_file },
	{ "others' /proc/PID/exe", "pidof, killall, service scripts", others_file },
	{ "others' command line", "ps, pgrep, pkill", others_arguments },
	{ "fexecve", "systemd, runc, programs in memory", execute_descriptor },
	{ "process_vm_readv", "debuggers, profilers, MPI", read_other },
	{ "pidfd", "systemd, Python's asyncio", process_descriptor },
	{ "thread names", "prctl(PR_SET_NAME), pthread_setname_np", own_name },
	{ 0 },
};
