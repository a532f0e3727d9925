/* SPDX-License-Identifier: GPL-2.0-or-later */
/* network.c owns the program that connects a private network. */
/*
 * Theory of operation. pasta (or slirp4netns) has a tap interface in the container's network namespace and ordinary
 * sockets in the host's. It runs as root of U1, the outer user namespace: an ordinary user's processes as that user, the
 * host's root's as a subordinate id; never as the host's root. U1 is out of the container's reach and above the namespace
 * that owns the interface. The network namespace is shown to it as a file in a mount namespace of its own: neither
 * descriptors (it closes them) nor /proc/PID/ns (it gives up the capability for that) would do. It sees nothing of the
 * container, keeps no socket file, and the container's own sockets in the abstract namespace are those of its network.
 *
 * Meanwhile the container's files are put together; interface_configure waits until it has opened the interface.
 */
#include "src/runtime/network.h"

#include "binfmt/emulator.h"
#include "src/base/fd.h"
#include "src/base/process.h"
#include "src/base/rlimits.h"
#include "src/base/signals.h"
#include "src/runtime/interface.h"
#include "src/runtime/shortage.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static bool is_pasta(const char *helper)
{
	return !str_ends(helper, "/slirp4netns");
}

/* pasta(1): [ADDRESS/]FIRST[-LAST][:FIRST[-LAST]]. */
static char *port_spec(const struct spec_port *port)
{
	struct buf text = { 0 };
	if (*port->address)
		buf_fmt(&text, "%s/", port->address);
	buf_fmt(&text, "%u", port->host);
	if (port->count > 1)
		buf_fmt(&text, "-%u", port->host + port->count - 1u);
	buf_fmt(&text, ":%u", port->container);
	if (port->count > 1)
		buf_fmt(&text, "-%u", port->container + port->count - 1u);
	return buf_take(&text);
}

static void add_ports(struct strv *argv, const struct spec_network *network, bool udp)
{
	bool any = false;
	for (size_t i = 0; i < network->port_count; i++) {
		if (network->ports[i].udp != udp)
			continue;
		any = true;
		strv_add(argv, udp ? "-u" : "-t");
		strv_take(argv, port_spec(&network->ports[i]));
	}
	if (!any)
		strv_copy(argv, (char *[]){ udp ? "-u" : "-t", "none", NULL });
}

/*
 * What is left out matters: without --no-map-gw and -T none -U none the container would reach what listens on the host's
 * 127.0.0.1 only. -M: any address does, but without one pasta takes the host's interface's, which may have none.
 */
static void pasta_arguments(const struct spec_network *network, const char *netns, struct strv *argv)
{
	const char *nameserver = network->host_nameserver ? "53" : "none";
	strv_copy(argv, (char *[]){ "pasta", "--foreground", "--quiet", "--stderr", "--netns", (char *)netns, "--no-netns-quit",
		"--ns-ifname", INTERFACE_NAME, "--no-map-gw", "--no-dhcp", "--no-dhcpv6", "--no-ra", "-M", "52:55:0a:00:02:02",
		"-a", INTERFACE_ADDRESS, "-n", "24", "-g", INTERFACE_GATEWAY, "-T", (char *)nameserver, "-U", (char *)nameserver, NULL });
	if (network->ipv6)
		strv_copy(argv, (char *[]){ "-a", INTERFACE_ADDRESS6, "-g", INTERFACE_GATEWAY6, NULL });
	else
		strv_add(argv, "--ipv4-only");
	if (network->offline)
		strv_copy(argv, (char *[]){ "-i", "lo", NULL });
	add_ports(argv, network, false);
	add_ports(argv, network, true);
}

static void slirp_arguments(const struct spec_network *network, const char *netns, struct strv *argv)
{
	strv_copy(argv, (char *[]){ "slirp4netns", "--netns-type=path", "--mtu=65520", "--disable-host-loopback",
		"--enable-sandbox", "--enable-seccomp", NULL });
	if (network->ipv6)
		strv_add(argv, "--enable-ipv6");
	strv_copy(argv, (char *[]){ (char *)netns, INTERFACE_NAME, NULL });
}

/* A place below /run/user is where a distribution's rules for pasta (AppArmor) let it find namespaces. */
static int show_namespace(int netns_fd, char *ret_path, size_t size, struct err *err)
{
	char self[64];
	const char *place = access("/run/user", F_OK) == 0 ? "/run/user" : "/tmp";
	snprintf(ret_path, size, "%s/0/netns/xrun", place);
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		mount("tmpfs", place, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "size=64k,mode=0700") < 0)
		return err_sys(err, "cannot make a place for the network namespace");
	for (char *slash = ret_path + strlen(place) + 1; (slash = strchr(slash, '/')); *slash++ = '/') {
		*slash = 0;
		if (mkdir(ret_path, 0700) < 0)
			return err_sys(err, "cannot make %s", ret_path);
	}
	snprintf(self, sizeof self, "/proc/self/fd/%d", netns_fd);
	if (mknod(ret_path, S_IFREG | 0600, 0) < 0 || mount(self, ret_path, NULL, MS_BIND, NULL) < 0)
		return err_sys(err, "cannot bind the network namespace to %s", ret_path);
	return 0;
}

/* passt executes NAME.avx2 by itself where the processor has that (its arch.c): a tenth of the way to a network is that detour. */
static char *find_fast(const char *helper)
{
#ifdef __x86_64__
	char path[PATH_MAX];
	if (is_pasta(helper) && __builtin_cpu_supports("avx2") && realpath(helper, path)) {
		cleanup_free char *fast = str_fmt("%s.avx2", path);
		if (access(fast, X_OK) == 0)
			return str_dup(fast);
	}
#endif
	return str_dup(helper);
}

/* Where the container's user namespace emulates the machine's own programs, the helper is not to be one of those. */
static int execute(const struct spec *spec, char *const *argv, char *const *env, struct err *err)
{
	cleanup_free char *helper = find_fast(spec->network.helper);
	bool emulated = spec->emulator_count > 0 && str_eq(arch_by_name(spec->emulators[0].arch)->qemu, arch_host()->qemu);
	cleanup_fd int spared_fd = emulated ? emulator_spare(helper, err) : -1;
	if (emulated && spared_fd < 0)
		return spared_fd;
	if (emulated)
		syscall(SYS_execveat, spared_fd, "", argv, env, AT_EMPTY_PATH);
	else
		execve(helper, argv, env);
	return err_sys(err, "cannot execute %s", helper);
}

/* By a process of its own, since there is no way back from there; and by none in the container's cgroup, whose rules may forbid the tap. */
static int make_interface(int netns_fd, int output_fd, struct err *err)
{
	pid_t pid = fork();
	if (pid == 0) {
		struct err failed = { 0 };
		if (setns(netns_fd, CLONE_NEWNET) < 0)
			err_sys(&failed, "cannot enter the container's network namespace");
		else if (interface_make(&failed) == 0)
			_exit(0);
		fd_write_all(output_fd, failed.text, strlen(failed.text));
		_exit(STATUS_FAILED);
	}
	if (pid < 0)
		return shortage_of_processes(err);
	return process_wait(pid) == 0 ? 0 : err_set(err, -EIO, "%s", "");
}

/* In the child. A session of its own: Ctrl-C is for the program, not for its network. */
static int become_helper(const struct spec *spec, const struct idmap *map, int userns_fd, int netns_fd, int output_fd,
	pid_t parent, struct err *err)
{
	const struct spec_network *network = &spec->network;
	static char *const env[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", NULL };
	char path[64];
	sigset_t none;
	cleanup_strv struct strv argv = { 0 };
	cleanup_fd int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (setsid() < 0 || null_fd < 0 || setns(userns_fd, CLONE_NEWUSER) < 0)
		return err_sys(err, "cannot enter the container's user namespace");
	int r = idmap_become_root(map, err);
	if (r == 0)
		r = make_interface(netns_fd, output_fd, err);
	if (r == 0)
		r = show_namespace(netns_fd, path, sizeof path, err);
	if (r < 0)
		return r;
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* after the change of ids, which resets it */
	if (getppid() != parent || dup2(null_fd, 0) < 0 || dup2(output_fd, 1) < 0 || dup2(output_fd, 2) < 0 || chdir("/") < 0)
		return err_sys(err, "cannot prepare the network");
	signal(SIGPIPE, SIG_DFL); /* pasta of 2023 takes an inherited SIG_IGN for a failure */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (is_pasta(network->helper))
		pasta_arguments(network, path, &argv);
	else
		slirp_arguments(network, path, &argv);
	return execute(spec, argv.items, env, err);
}

int network_start(struct network_helper *ret_helper, const struct spec *spec, const struct idmap *map, int userns_fd, int netns_fd,
	struct err *err)
{
	int ends[2];
	pid_t parent = getpid();
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(err, "cannot make a pipe");
	pid_t pid = fork();
	if (pid == 0) {
		struct err failed = { 0 };
		become_helper(spec, map, userns_fd, netns_fd, ends[1], parent, &failed);
		fd_write_all(ends[1], failed.text, strlen(failed.text));
		_exit(STATUS_FAILED);
	}
	close(ends[1]);
	*ret_helper = (struct network_helper){ .pid = pid, .died_fd = -1, .output_fd = ends[0], .helper = spec->network.helper };
	if (pid > 0)
		ret_helper->died_fd = syscall(SYS_pidfd_open, pid, 0);
	if (pid < 0 || ret_helper->died_fd < 0) {
		err_sys(err, "cannot start %s", spec->network.helper);
		return shortage_explain(getpid(), err);
	}
	return 0;
}

/* Left to network_stop to be waited for. */
static char *describe_end(pid_t pid)
{
	siginfo_t info = { 0 };
	if (waitid(P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid != pid)
		return str_dup("it did not say why");
	cleanup_free char *name = info.si_code == CLD_EXITED ? NULL : signal_name(info.si_status);
	return name ? str_fmt("%s killed it", name) : str_fmt("with status %d, and without a reason", info.si_status);
}

int network_failed(struct network_helper *network, struct err *err)
{
	cleanup_buf struct buf said = { 0 };
	fd_read_all(network->output_fd, 65536, &said);
	while (said.len && said.data[said.len - 1] == '\n')
		said.data[--said.len] = 0;
	const char *before = said.len ? strrchr(said.data, '\n') : NULL, *reason = before ? before + 1 : said.data; /* the last line is why */
	cleanup_free char *end = said.len ? NULL : describe_end(network->pid);
	err_set(err, -EIO, "the container's network: %s ended: %.400s", network->helper, end ? end : reason);
	rlimits_explain_end(err);
	return err->code;
}

void network_end(struct network_helper *network)
{
	if (network->pid > 0)
		kill(network->pid, SIGKILL);
}

void network_stop(struct network_helper *network)
{
	network_end(network);
	if (network->pid > 0)
		process_wait(network->pid);
	network->pid = 0;
	fd_close(&network->died_fd);
	fd_close(&network->output_fd);
}
