/* SPDX-License-Identifier: GPL-2.0-or-later */
/* instance.c owns the private instance of binfmt_misc. */
/*
 * Theory of operation. Since Linux 6.7 every user namespace may have a binfmt_misc of its own; the kernel looks a
 * program's handler up from the current namespace upwards and uses the first instance it meets. The instance is made
 * in the outer namespace and never attached anywhere: its descriptor is its life. The payload's namespace is nested, so
 * it inherits the handlers and has no way to reach them.
 *
 * Flags: P keeps argv[0], for emulators that understand it; F opens the emulator now, so the image needs no file of ours;
 * C takes credentials from the program, so that set-uid works as it does natively, within the namespace. F keeps the
 * emulator's file open for as long as the handler lives, so what is registered is a read-only detached clone of it: a
 * handle that a program gains through /proc/PID/exe can never be opened for writing.
 */
#include "binfmt/binfmt.h"
#include "src/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <unistd.h>

int binfmt_instance_open(struct err *err)
{
	cleanup_fd int fs_fd = fsopen("binfmt_misc", FSOPEN_CLOEXEC);
	if (fs_fd >= 0 && fsconfig(fs_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0) {
		int fd = fsmount(fs_fd, FSMOUNT_CLOEXEC, 0);
		return fd < 0 ? err_sys(err, "cannot mount a private binfmt_misc") : fd;
	}
	if (errno == ENODEV || errno == EPERM || errno == EINVAL) /* absent; or of before 6.7, the host's alone */
		return err_set(err, -EOPNOTSUPP, "this kernel has no private binfmt_misc (Linux 6.7 or newer)");
	return err_sys(err, "cannot make a private binfmt_misc");
}

/* open_tree(2) clones only mounts of the caller's own mount namespace: emulator_fd was opened in it. */
static int clone_read_only(int emulator_fd, struct err *err)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };
	int fd = open_tree(emulator_fd, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
	if (fd < 0)
		return err_sys(err, "cannot clone the emulator's mount");
	if (mount_setattr(fd, "", AT_EMPTY_PATH, &attr, sizeof attr) == 0)
		return fd;
	err_sys(err, "cannot make the emulator read-only");
	fd_close(&fd);
	return err->code;
}

int binfmt_instance_register(int instance_fd, const struct arch *arch, int emulator_fd, bool keeps_argv0, struct err *err)
{
	char interpreter[64];
	cleanup_buf struct buf rule = { 0 };
	cleanup_fd int clone_fd = clone_read_only(emulator_fd, err);
	if (clone_fd < 0)
		return clone_fd;
	snprintf(interpreter, sizeof interpreter, "/proc/self/fd/%d", clone_fd);
	binfmt_rule(&rule, arch, interpreter, keeps_argv0 ? "POCF" : "OCF");
	cleanup_fd int register_fd = openat(instance_fd, "register", O_WRONLY | O_CLOEXEC);
	if (register_fd < 0 || write(register_fd, rule.data, rule.len) != (ssize_t)rule.len)
		return err_sys(err, "cannot register the emulator for %s", arch->name);
	return 0;
}
