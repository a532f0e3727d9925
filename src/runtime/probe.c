/* SPDX-License-Identifier: GPL-2.0-or-later */
/* probe.c owns what the probes share, and the system calls that a start makes. */
#include "src/runtime/probe.h"

#include "src/base/fd.h"
#include "src/base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

struct report {
	int result;
	struct err err;
};

int probe_in_child(int (*call)(void *context, struct err *err), void *context, struct err *err)
{
	struct report report = { 0 };
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(err, "cannot make a pipe");
	pid_t child = fork();
	if (child == 0) {
		report.result = call(context, &report.err);
		_exit(fd_write_all(ends[1], &report, sizeof report) < 0);
	}
	close(ends[1]);
	ssize_t n = child < 0 ? -1 : read(ends[0], &report, sizeof report);
	close(ends[0]);
	int status = child < 0 ? child : process_wait(child);
	if (n != sizeof report)
		return status > 128 ? err_set(err, -EPERM, "the kernel killed the attempt by signal %d (%s)", status - 128,
					      strsignal(status - 128)) :
				      err_set(err, -EIO, "cannot start a process to try it");
	*err = report.err;
	return report.result;
}

bool probe_is_filtered(void)
{
	struct err ignored;
	cleanup_buf struct buf status = { 0 };
	if (fd_read_file(AT_FDCWD, "/proc/self/status", 16384, &status, &ignored) < 0 || !status.len)
		return false;
	const char *line = strstr(status.data, "\nSeccomp:");
	return line && atoi(line + strlen("\nSeccomp:")) == 2;
}

long probe_sysctl(const char *path)
{
	struct err ignored;
	cleanup_buf struct buf text = { 0 };
	return fd_read_file(AT_FDCWD, path, 64, &text, &ignored) == 0 && text.len ? atol(text.data) : -1;
}

/* Arguments that a kernel which has the call refuses in its own way, so that nothing happens. */
static int try_openat2(void)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT };
	int fd = syscall(SYS_openat2, AT_FDCWD, ".", &how, sizeof how);
	return fd < 0 ? -errno : close(fd);
}

/* EPERM: only in a mount namespace of our own. */
static int try_fsopen(void)
{
	int fd = fsopen("tmpfs", FSOPEN_CLOEXEC);
	return fd >= 0 ? close(fd) : errno == EPERM ? 0 : -errno;
}

static int try_open_tree(void)
{
	int fd = open_tree(AT_FDCWD, "/", OPEN_TREE_CLOEXEC);
	return fd < 0 ? -errno : close(fd);
}

/* EBADF to root, EPERM to others: whether it is allowed in a user namespace is tried there. */
static int try_mount_setattr(void)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };
	return mount_setattr(-1, "", AT_EMPTY_PATH, &attr, sizeof attr) < 0 && errno == ENOSYS ? -ENOSYS : 0;
}

static const struct call {
	const char *name, *since, *use;
	int (*run)(void);
} calls[] = {
	{ "openat2", "5.6", "names that an image chose are resolved inside it", try_openat2 },
	{ "fsopen", "5.2", "file systems are mounted by descriptor", try_fsopen },
	{ "open_tree", "5.2", "binds are made by descriptor", try_open_tree },
	{ "mount_setattr", "5.12", "binds are made read-only, root's volumes keep their owners", try_mount_setattr },
};

static int run_call(void *context, struct err *err)
{
	const struct call *call = context;
	int r = call->run();
	return r < 0 ? err_code(err, r, "%s", call->name) : 0;
}

void probe_calls(struct findings *findings)
{
	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
		struct err err = { 0 };
		int r = probe_in_child(run_call, (void *)&calls[i], &err);
		if (r == 0) {
			findings_add(findings, "kernel", calls[i].name, FINDING_OK, "%s", calls[i].use);
			continue;
		}
		struct finding *f = findings_add(findings, "kernel", calls[i].name, FINDING_BROKEN, "%s; it came with Linux %s%s", err.text,
			calls[i].since, probe_is_filtered() ? ", and a seccomp filter around xrun may deny it" : "");
		if (probe_is_filtered())
			finding_mend(f, "docker run --security-opt seccomp=unconfined ... # where xrun itself runs in a container");
		else
			finding_mend(f, "sudo apt install --upgrade linux-image-amd64 # then reboot: xrun needs Linux 5.12 or newer");
	}
}
