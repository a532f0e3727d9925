/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * payload owns what a program finds in a container, as lines of "behaviour<TAB>value" that are the same on every
 * architecture, or else xrun is not. It is the whole image: static, the first process, `payload` for all that can be
 * asked from inside, or `payload VERB [ARG]` for one thing to be done that is seen from outside.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <net/if.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void say(const char *what, const char *value)
{
	printf("%s\t%s\n", what, value);
}

static void say_number(const char *what, long long value)
{
	printf("%s\t%lld\n", what, value);
}

/* "ok", or the name of errno. */
static void say_result(const char *what, long result)
{
	say(what, result >= 0 ? "ok" : strerrorname_np(errno));
}

static void who(void)
{
	gid_t groups[64];
	char text[512] = "";
	int count = getgroups(64, groups);
	say_number("who: process id", getpid());
	say_number("who: parent's process id", getppid());
	say_number("who: user", getuid());
	say_number("who: effective user", geteuid());
	say_number("who: group", getgid());
	for (int i = 0; i < count; i++)
		snprintf(text + strlen(text), sizeof text - strlen(text), "%s%u", i ? " " : "", groups[i]);
	say("who: groups", text);
	say_number("who: session leader", getsid(0) == getpid());
}

static void proc_line(const char *file, const char *key)
{
	char line[512], what[64];
	FILE *f = fopen(file, "r");
	snprintf(what, sizeof what, "status: %s", key);
	while (f && fgets(line, sizeof line, f)) {
		size_t n = strlen(key);
		if (strncmp(line, key, n) != 0 || line[n] != ':')
			continue;
		line[strcspn(line, "\n")] = 0;
		say(what, line + n + 1 + strspn(line + n + 1, "\t "));
	}
	if (f)
		fclose(f);
	else
		say(what, strerrorname_np(errno));
}

static void status(void)
{
	static const char *const keys[] = { "Name", "Umask", "NSpid", "SigQ_", "SigBlk", "SigIgn", "CapInh", "CapPrm", "CapEff", "CapBnd",
		"CapAmb", "NoNewPrivs", "Seccomp", "Seccomp_filters" };
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		proc_line("/proc/self/status", keys[i]);
}

/* The runner compares them with the host's. */
static void namespaces(void)
{
	static const char *const names[] = { "cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts" };
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char path[64], link[64], what[64];
		snprintf(path, sizeof path, "/proc/self/ns/%s", names[i]);
		ssize_t n = readlink(path, link, sizeof link - 1);
		link[n < 0 ? 0 : n] = 0;
		snprintf(what, sizeof what, "namespace: %s", names[i]);
		say(what, n < 0 ? strerrorname_np(errno) : link);
	}
}

static void first_line(const char *what, const char *path)
{
	char text[256];
	int fd = open(path, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
	if (fd >= 0)
		close(fd);
	if (n < 0) {
		say(what, strerrorname_np(errno));
		return;
	}
	text[n] = 0;
	for (char *at = text; *at; at++)
		if (*at == '\n')
			*at = '|';
	say(what, text);
}

/* How many ids, not which: those are the caller's. */
static void id_map(const char *what, const char *path)
{
	unsigned long long inside, outside, count, total = 0;
	FILE *f = fopen(path, "r");
	while (f && fscanf(f, "%llu %llu %llu", &inside, &outside, &count) == 3)
		total += count;
	if (f)
		fclose(f);
	say_number(what, total);
}

static void ids(void)
{
	struct stat st;
	id_map("ids: users mapped", "/proc/self/uid_map");
	id_map("ids: groups mapped", "/proc/self/gid_map");
	first_line("ids: setgroups", "/proc/self/setgroups");
	int fd = open("/owned", O_CREAT | O_WRONLY, 0644);
	say_result("ids: chown to another user", fchown(fd, 1000, 1001));
	say_number("ids: the file's owner then", fstat(fd, &st) == 0 ? (long long)st.st_uid : -1);
	close(fd);
	say_result("ids: chown to an id that is not mapped", chown("/owned", 4000000, 1));
	unlink("/owned");
}

/* What a default container is refused, and by which error. Numbers are the host's: an emulator translates them. */
static void verdicts(void)
{
	say_result("refused: mount", mount("none", "/tmp", "tmpfs", 0, NULL));
	say_result("refused: umount", umount2("/proc", MNT_DETACH));
	say_result("refused: unshare", unshare(CLONE_NEWUSER));
	say_result("refused: setns", setns(open("/proc/self/ns/net", O_RDONLY), CLONE_NEWNET));
	say_result("refused: sethostname", sethostname("other", 5));
	say_result("refused: swapon", swapon("/nothing", 0));
	say_result("refused: pivot_root", syscall(SYS_pivot_root, ".", "."));
	say_result("refused: keyctl", syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0));
	say_result("refused: add_key", syscall(SYS_add_key, "user", "x", "y", 1, KEY_SPEC_PROCESS_KEYRING));
	say_result("refused: bpf", syscall(SYS_bpf, 0, NULL, 0));
	say_result("refused: perf_event_open", syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0));
	say_result("refused: io_uring_setup", syscall(SYS_io_uring_setup, 1, NULL));
	say_result("refused: userfaultfd", syscall(SYS_userfaultfd, 0));
	say_result("refused: init_module", syscall(SYS_init_module, NULL, 0, ""));
	say_result("refused: kexec_load", syscall(SYS_kexec_load, 0, 0, NULL, 0));
	say_result("refused: open_by_handle_at", syscall(SYS_open_by_handle_at, AT_FDCWD, NULL, 0));
	say_result("refused: fsopen", syscall(SYS_fsopen, "tmpfs", 0));
	say_result("refused: reboot", syscall(SYS_reboot, 0, 0, 0, NULL));
	say_result("refused: settimeofday", clock_settime(CLOCK_REALTIME, &(struct timespec){ .tv_sec = 1 }));
	say_result("refused: a block device", mknod("/disk", S_IFBLK | 0600, makedev(8, 0)));
	say_result("refused: a higher hard limit", setrlimit(RLIMIT_CORE, &(struct rlimit){ RLIM_INFINITY, RLIM_INFINITY }) < 0 ? -1 : 0);
	say_result("refused: chroot is not", chroot("/"));
}

static void try_open(const char *path, int flags)
{
	char what[96], byte;
	int fd = open(path, flags);
	snprintf(what, sizeof what, "path: %s %s", flags == O_RDONLY ? "read" : "write", path);
	if (fd < 0) {
		say(what, strerrorname_np(errno));
		return;
	}
	ssize_t n = flags == O_RDONLY ? read(fd, &byte, 1) : 0;
	say(what, n < 0 ? strerrorname_np(errno) : n == 0 && flags == O_RDONLY ? "empty" : "open");
	close(fd);
}

static void entries(const char *path)
{
	char what[96];
	int count = 0;
	DIR *dir = opendir(path);
	while (dir && readdir(dir))
		count++;
	snprintf(what, sizeof what, "path: entries of %s", path);
	if (dir)
		say_number(what, count - 2);
	else
		say(what, strerrorname_np(errno));
	if (dir)
		closedir(dir);
}

static void paths(void)
{
	static const char *const read_only[] = { "/proc/sys/kernel/core_pattern", "/proc/sys/kernel/hostname", "/proc/sysrq-trigger",
		"/proc/sys/vm/overcommit_memory", "/sys/kernel/notes" };
	static const char *const hidden[] = { "/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/interrupts" };
	for (size_t i = 0; i < sizeof read_only / sizeof *read_only; i++)
		try_open(read_only[i], O_WRONLY);
	for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++)
		try_open(hidden[i], O_RDONLY);
	entries("/sys/firmware");
	entries("/proc/acpi");
	entries("/sys/devices/virtual/powercap");
	try_open("/sys/fs/cgroup/cgroup.procs", O_WRONLY);
	try_open("/proc/sys/fs/binfmt_misc/register", O_WRONLY);
}

static void devices(void)
{
	static const char *const names[] = { "/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty", "/dev/ptmx" };
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct stat st;
		char what[64], text[64];
		snprintf(what, sizeof what, "device: %s", names[i]);
		int r = stat(names[i], &st);
		snprintf(text, sizeof text, "%c %u:%u %o", S_ISCHR(st.st_mode) ? 'c' : '?', major(st.st_rdev), minor(st.st_rdev), st.st_mode & 0777);
		say(what, r < 0 ? strerrorname_np(errno) : text);
	}
	entries("/dev");
}

/* Type, place and options that are ours; what the store's file system adds is the host's. */
static void mounts(void)
{
	char line[4096], place[512], options[256], type[64], what[600];
	FILE *f = fopen("/proc/self/mountinfo", "r");
	while (f && fgets(line, sizeof line, f)) {
		const char *tail = strstr(line, " - ");
		if (!tail || sscanf(line, "%*s %*s %*s %*s %511s %255s", place, options) != 2 || sscanf(tail + 3, "%63s", type) != 1)
			continue;
		snprintf(what, sizeof what, "mount: %s", place);
		strncat(type, " ", sizeof type - strlen(type) - 1);
		strncat(type, options, sizeof type - strlen(type) - 1);
		say(what, type);
	}
	if (f)
		fclose(f);
}

static void self(char **argv)
{
	char link[256];
	ssize_t n = readlink("/proc/self/exe", link, sizeof link - 1);
	link[n < 0 ? 0 : n] = 0;
	say("self: /proc/self/exe", n < 0 ? strerrorname_np(errno) : link);
	say("self: argv[0]", argv[0]);
	first_line("self: comm", "/proc/self/comm");
	first_line("self: cmdline", "/proc/self/cmdline");
	first_line("self: cgroup", "/proc/self/cgroup");
	say("self: directory", getcwd(link, sizeof link) ? link : strerrorname_np(errno));
	say("self: greeting", getenv("GREETING") ? getenv("GREETING") : "none");
	say("self: home", getenv("HOME") ? getenv("HOME") : "none");
	int open_fds = 0;
	for (int fd = 0; fd < 256; fd++)
		open_fds += fcntl(fd, F_GETFD) >= 0;
	say_number("self: open descriptors", open_fds);
	gethostname(link, sizeof link);
	say("self: hostname", link);
}

static void network(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct if_nameindex *list = if_nameindex();
	char names[256] = "";
	for (struct if_nameindex *at = list; at && at->if_name; at++)
		snprintf(names + strlen(names), sizeof names - strlen(names), "%s ", at->if_name);
	if (list)
		if_freenameindex(list);
	say("network: interfaces", list ? names : strerrorname_np(errno));
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t len = sizeof address;
	say_result("network: bind on loopback", bind(fd, (struct sockaddr *)&address, sizeof address));
	say_result("network: listen", listen(fd, 1));
	getsockname(fd, (struct sockaddr *)&address, &len);
	int client = socket(AF_INET, SOCK_STREAM, 0);
	say_result("network: connect to it", connect(client, (struct sockaddr *)&address, sizeof address));
	address.sin_addr.s_addr = inet_addr("192.0.2.1");
	int away = socket(AF_INET, SOCK_DGRAM, 0);
	say_result("network: a way to elsewhere", connect(away, (struct sockaddr *)&address, sizeof address));
	say_result("network: raw sockets", socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
}

static void *thread(void *argument)
{
	return argument;
}

static volatile sig_atomic_t caught;
static void handler(int number)
{
	caught = number;
}

static void programs(void)
{
	static char token;
	pthread_t id;
	void *result = NULL;
	say_result("programs: thread", pthread_create(&id, NULL, thread, &token) == 0 ? 0 : -1);
	pthread_join(id, &result);
	say("programs: thread's result", result == &token ? "same" : "lost");
	signal(SIGUSR1, handler);
	raise(SIGUSR1);
	say_number("programs: signal caught", caught == SIGUSR1);
	pid_t child = fork();
	if (child == 0)
		_exit(42);
	int status = 0;
	waitpid(child, &status, 0);
	say_number("programs: child's status", WEXITSTATUS(status));
	child = fork();
	if (child == 0) {
		raise(SIGKILL);
		_exit(1);
	}
	waitpid(child, &status, 0);
	say_number("programs: child killed by", WIFSIGNALED(status) ? WTERMSIG(status) : -1);
	struct utsname uts;
	say_result("programs: uname", uname(&uts));
	say_number("programs: 64-bit file sizes", truncate("/payload-big", 0) < 0 && errno == ENOENT);
}

/* A set-uid program runs as its owner. The runner made /setuid, owned by root, mode 4755. */
static void set_uid(void)
{
	fflush(stdout);
	pid_t child = fork();
	if (child == 0) {
		if (setgid(1000) < 0 || setuid(1000) < 0)
			_exit(100);
		execl("/setuid", "setuid", "euid", NULL);
		_exit(101);
	}
	int status = 0;
	waitpid(child, &status, 0);
	say_number("programs: a set-uid program's effective user", WEXITSTATUS(status));
}

static int all(char **argv)
{
	who();
	status();
	namespaces();
	ids();
	mounts();
	devices();
	paths();
	self(argv);
	network();
	programs();
	set_uid();
	verdicts();
	return 0;
}

/* Touches so many MiB. */
static int eat(int mib)
{
	for (int i = 0; i < mib; i++) {
		char *block = malloc(1 << 20);
		if (!block)
			return 1;
		for (int j = 0; j < 1 << 20; j += 4096)
			((volatile char *)block)[j] = 1;
	}
	return 0;
}

/* How many children there can be. */
static int breed(int limit)
{
	int count = 0;
	for (; count < limit; count++) {
		pid_t child = fork();
		if (child < 0)
			break;
		if (child == 0) {
			pause();
			_exit(0);
		}
	}
	say(count < limit ? strerrorname_np(errno) : "no limit", count < limit ? "reached" : "");
	return 0;
}

static int await_signal(void)
{
	signal(SIGTERM, handler);
	signal(SIGUSR2, handler);
	puts("ready");
	fflush(stdout);
	while (!caught)
		usleep(10000);
	say_number("signal", caught == SIGTERM ? 15 : 12);
	return 7;
}

static int terminal(void)
{
	struct winsize size = { 0 };
	struct stat st;
	say_number("terminal: input is one", isatty(0));
	say_number("terminal: output is one", isatty(1));
	say_result("terminal: size", ioctl(0, TIOCGWINSZ, &size));
	printf("terminal: rows and columns\t%u %u\n", size.ws_row, size.ws_col);
	say_number("terminal: foreground", tcgetpgrp(0) == getpgrp());
	say_number("terminal: major number of a pty", fstat(0, &st) == 0 && major(st.st_rdev) == 136);
	return 0;
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "all";
	int number = argc > 2 ? atoi(argv[2]) : 0;
	if (strcmp(verb, "all") == 0)
		return all(argv);
	if (strcmp(verb, "euid") == 0)
		return geteuid();
	if (strcmp(verb, "exit") == 0)
		return number;
	if (strcmp(verb, "die") == 0)
		return raise(number) != 0;
	if (strcmp(verb, "eat") == 0)
		return eat(number);
	if (strcmp(verb, "breed") == 0)
		return breed(number);
	if (strcmp(verb, "await") == 0)
		return await_signal();
	if (strcmp(verb, "terminal") == 0)
		return terminal();
	fprintf(stderr, "payload: no such verb: %s\n", verb);
	return 1;
}
