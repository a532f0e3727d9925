/* SPDX-License-Identifier: GPL-2.0-or-later */
/* procfs.c owns what xrun writes to a container's /proc. */
#include "src/runtime/procfs.h"

#include "src/base/fd.h"
#include "src/runtime/mount.h"
#include "src/runtime/selinux.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

static int write_below(int proc_fd, const char *path, const char *value, struct err *err)
{
	cleanup_fd int fd = fd_openat2(proc_fd, path, O_WRONLY | O_CLOEXEC, 0, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
	if (fd < 0)
		return fd;
	ssize_t n = write(fd, value, strlen(value));
	return n < 0 ? -errno : n == (ssize_t)strlen(value) ? 0 : err_set(err, -EIO, "short write");
}

int procfs_set_sysctls(int proc_fd, const struct spec *spec, struct err *err)
{
	for (size_t i = 0; i < spec->isolation.sysctls.len; i++) {
		const char *assignment = spec->isolation.sysctls.items[i];
		const char *equals = strchr(assignment, '=');
		cleanup_free char *path = str_fmt("sys/%.*s", (int)(equals - assignment), assignment);
		int r = write_below(proc_fd, path, equals + 1, err);
		if (r == -ENOENT)
			return err_set(err, r, "--sysctl %s: this kernel has no such setting for a container", assignment);
		if (r < 0)
			return err_code(err, r, "--sysctl %s", assignment);
	}
	return 0;
}

bool procfs_knows_apparmor(void)
{
	struct err ignored;
	cleanup_buf struct buf enabled = { 0 };
	return fd_read_file(AT_FDCWD, "/sys/module/apparmor/parameters/enabled", 16, &enabled, &ignored) == 0 && enabled.len && enabled.data[0] == 'Y';
}

int procfs_check_label(const struct spec *spec, struct err *err)
{
	const struct spec_isolation *isolation = &spec->isolation;
	int r = 0;
	if (isolation->apparmor && !procfs_knows_apparmor())
		r = err_set(err, -EOPNOTSUPP, "--security-opt apparmor=%s: this machine has no AppArmor", isolation->apparmor);
	if (r == 0 && isolation->label && selinux_check(isolation->label, isolation->file_label, err) < 0)
		return err_prefix(err, "--security-opt label");
	return r;
}

static int set_apparmor(int proc_fd, const char *attributes, const char *profile, struct err *err)
{
	cleanup_free char *path = str_fmt("%s/apparmor/exec", attributes);
	cleanup_free char *old_path = str_fmt("%s/exec", attributes); /* before Linux 5.8 */
	cleanup_free char *value = str_fmt("exec %s", profile);
	int r = write_below(proc_fd, path, value, err);
	if (r == -ENOENT)
		r = write_below(proc_fd, old_path, value, err);
	return r < 0 ? err_code(err, r, "the AppArmor profile %s cannot be used; is it loaded?", profile) : 0;
}

static int set_selinux(int proc_fd, const char *attributes, const char *label, struct err *err)
{
	cleanup_free char *path = str_fmt("%s/exec", attributes);
	int r = write_below(proc_fd, path, label, err);
	return r < 0 ? err_code(err, r, "the program cannot be given the SELinux label %s", label) : 0;
}

/*
 * With --pid host the namespaces allow no procfs of our own, and the container's /proc is the host's. Whatever procfs the user may
 * have put there instead, the kernel lets a process change no labels but its own.
 */
static int open_proc(const struct spec *spec, struct err *err)
{
	struct statfs fs;
	if (spec->namespaces.of[NAMESPACE_PID].origin != NAMESPACE_HOST)
		return mount_new("proc", NULL, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, err);
	cleanup_fd int fd = open("/proc", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstatfs(fd, &fs) < 0)
		return err_sys(err, "cannot open the container's /proc");
	if (fs.f_type != PROC_SUPER_MAGIC)
		return err_set(err, -EINVAL, "the container's /proc is no procfs, by which the program could be given a label");
	return fd_take(&fd);
}

int procfs_set_label(const struct spec *spec, struct err *err)
{
	const struct spec_isolation *isolation = &spec->isolation;
	if (!isolation->apparmor && !isolation->label)
		return 0;
	cleanup_fd int proc_fd = open_proc(spec, err);
	if (proc_fd < 0)
		return proc_fd;
	cleanup_free char *attributes = str_fmt("%d/task/%d/attr", getpid(), (pid_t)syscall(SYS_gettid));
	int r = isolation->apparmor ? set_apparmor(proc_fd, attributes, isolation->apparmor, err) : 0;
	return r < 0 || !isolation->label ? r : set_selinux(proc_fd, attributes, isolation->label, err);
}
