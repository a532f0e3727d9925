/* SPDX-License-Identifier: GPL-2.0-or-later */
/* namespaces.c owns a spec's namespaces as the kernel has them. */
#include "src/runtime/namespaces.h"

#include "src/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

static const struct {
	const char *file; /* in /proc/PID/ns */
	uint64_t flag;
} kinds[NAMESPACE_KINDS] = {
	[NAMESPACE_USER] = { "user", CLONE_NEWUSER }, [NAMESPACE_MOUNT] = { "mnt", CLONE_NEWNS },
	[NAMESPACE_PID] = { "pid", CLONE_NEWPID }, [NAMESPACE_NETWORK] = { "net", CLONE_NEWNET },
	[NAMESPACE_IPC] = { "ipc", CLONE_NEWIPC }, [NAMESPACE_UTS] = { "uts", CLONE_NEWUTS },
	[NAMESPACE_CGROUP] = { "cgroup", CLONE_NEWCGROUP }, [NAMESPACE_TIME] = { "time", CLONE_NEWTIME },
};

char *namespace_path(pid_t pid, enum namespace_kind kind)
{
	return str_fmt("/proc/%d/ns/%s", pid, kinds[kind].file);
}

ino_t namespace_number(pid_t pid, enum namespace_kind kind)
{
	struct stat st;
	cleanup_free char *path = namespace_path(pid, kind);
	return stat(path, &st) < 0 ? 0 : st.st_ino;
}

uint64_t namespace_flag(enum namespace_kind kind)
{
	return kinds[kind].flag;
}

uint64_t namespaces_new(const struct spec *spec)
{
	uint64_t flags = 0;
	for (int i = 0; i < NAMESPACE_KINDS; i++)
		flags |= spec->namespaces.of[i].origin == NAMESPACE_NEW ? kinds[i].flag : 0;
	return flags;
}

void namespaces_close(int fds[NAMESPACE_KINDS])
{
	for (int i = 0; i < NAMESPACE_KINDS; i++)
		fd_close(&fds[i]);
}

/* ioctl_ns(2), Linux 4.11. */
static int open_one(const char *path, enum namespace_kind kind, struct err *err)
{
	cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, "cannot open the %s namespace %s", spec_namespace_name(kind), path);
	int type = ioctl(fd, NS_GET_NSTYPE);
	if (type < 0 || (uint64_t)type != kinds[kind].flag)
		return err_set(err, -EINVAL, "%s is no %s namespace", path, spec_namespace_name(kind));
	return fd_take(&fd);
}

int namespaces_open(const struct spec *spec, int ret_fds[NAMESPACE_KINDS], struct err *err)
{
	int r = 0;
	for (int i = 0; i < NAMESPACE_KINDS; i++)
		ret_fds[i] = -1;
	for (int i = 0; r >= 0 && i < NAMESPACE_KINDS; i++)
		if (spec->namespaces.of[i].origin == NAMESPACE_JOINED)
			r = ret_fds[i] = open_one(spec->namespaces.of[i].path, i, err);
	if (r < 0)
		namespaces_close(ret_fds);
	return r < 0 ? r : 0;
}

static int enter_one(int fds[NAMESPACE_KINDS], enum namespace_kind kind, struct err *err)
{
	if (fds[kind] < 0)
		return 0;
	if (setns(fds[kind], (int)kinds[kind].flag) < 0)
		return err_sys(err, "cannot enter the %s namespace", spec_namespace_name(kind));
	fd_close(&fds[kind]);
	return 0;
}

int namespaces_enter(int fds[NAMESPACE_KINDS], struct err *err)
{
	struct err ignored;
	for (int i = NAMESPACE_USER + 1; fds[NAMESPACE_USER] >= 0 && i < NAMESPACE_KINDS; i++)
		if (i != NAMESPACE_MOUNT)
			enter_one(fds, i, &ignored);
	int r = enter_one(fds, NAMESPACE_USER, err);
	for (int i = NAMESPACE_USER + 1; r == 0 && i < NAMESPACE_KINDS; i++)
		if (i != NAMESPACE_MOUNT)
			r = enter_one(fds, i, err);
	return r < 0 ? r : enter_one(fds, NAMESPACE_MOUNT, err); /* last: paths lead elsewhere then */
}
