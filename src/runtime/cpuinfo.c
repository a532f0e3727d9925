/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cpuinfo.c owns the /proc/cpuinfo that an emulated container sees. */
#include "src/runtime/cpuinfo.h"

#include "binfmt/cpuinfo.h"
#include "src/base/fd.h"
#include "src/runtime/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/mount.h>
#include <unistd.h>

static const char file[] = ".xrun-cpuinfo", target[] = "proc/cpuinfo";

static bool is_a_volume(const struct spec *spec)
{
	for (size_t i = 0; i < spec->mount_count; i++)
		if (str_eq(spec->mounts[i].target + 1, target))
			return true;
	return false;
}

/* The kernel attaches no file that is unlinked: it stays in the container's own /dev until then. */
static int attach_file(int dev_fd, int target_fd, const struct buf *text, struct err *err)
{
	cleanup_fd int fd = openat(dev_fd, file, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0444);
	int r = fd < 0 ? -errno : fd_write_all(fd, text->data, text->len);
	cleanup_fd int bind_fd = r < 0 ? err_code(err, r, "cannot write /proc/cpuinfo") : mount_clone(dev_fd, file, false, err);
	r = bind_fd < 0 ? bind_fd :
			  mount_set(bind_fd, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, false, err);
	if (r == 0)
		r = mount_attach(bind_fd, target_fd, "/proc/cpuinfo", err);
	if (unlinkat(dev_fd, file, 0) < 0 && r == 0)
		r = err_sys(err, "cannot remove /dev/%s", file);
	return r;
}

int cpuinfo_mount(const struct spec *spec, int root_fd, struct err *err)
{
	const struct arch *arch = spec->cpuinfo.arch ? arch_by_name(spec->cpuinfo.arch) : NULL;
	const struct cpu_capabilities capabilities = { spec->cpuinfo.hwcap, spec->cpuinfo.hwcap2 };
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	cleanup_buf struct buf text = { 0 };
	if (!arch || is_a_volume(spec) || !cpuinfo_text(arch, &capabilities, processors > 0 ? processors : 1, &text))
		return 0;
	cleanup_fd int dev_fd = fd_openat2(root_fd, "dev", O_RDONLY | O_DIRECTORY, 0, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
	cleanup_fd int target_fd = fd_openat2(root_fd, target, O_PATH, 0, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
	if (dev_fd < 0 || target_fd < 0)
		return err_code(err, dev_fd < 0 ? dev_fd : target_fd, "cannot open /dev or /proc/cpuinfo");
	return attach_file(dev_fd, target_fd, &text, err);
}
