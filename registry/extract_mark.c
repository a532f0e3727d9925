/* SPDX-License-Identifier: GPL-2.0-or-later */
/* extract_mark.c owns whiteouts as an overlayfs lower directory has them (overlayfs.rst). */
#include "registry/extract_parts.h"
#include "src/base/fd.h"
#include "src/base/overlay.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

int extract_make_opaque(struct extract *x, int dir_fd, struct err *err)
{
	x->report->implicit.opaque = true;
	if (fsetxattr(dir_fd, OVERLAY_OPAQUE, "y", 1, 0) == 0)
		return 0;
	if (errno == EOPNOTSUPP)
		return err_set(err, -EOPNOTSUPP, "the store's file system has no user.* extended attributes, which layers "
			"need; keep the store on ext4, xfs, btrfs, or tmpfs of Linux 6.6 or newer");
	return err_sys(err, "cannot mark the directory as opaque");
}

static int make_whiteout(struct extract *x, int parent_fd, const char *name, struct err *err)
{
	struct stat st;
	if (mknodat(parent_fd, name, S_IFCHR, makedev(0, 0)) == 0) {
		x->whiteouts++;
		return 0;
	}
	if (errno != EEXIST || fstatat(parent_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(err, "cannot make a whiteout");
	if (!S_ISDIR(st.st_mode))
		return 0;
	if (x->report->implicit.count) { /* perhaps this one, which would be new then, and not like that below */
		x->report->needs_lower = true;
		return 0;
	}
	cleanup_fd int fd = parent_open_directory(parent_fd, name);
	return fd < 0 ? err_code(err, fd, "cannot open the directory") : extract_make_opaque(x, fd, err);
}

int extract_mark(struct extract *x, enum whiteout kind, const char *name, struct err *err)
{
	int parent_fd = extract_open_parent(x, true, err);
	if (parent_fd < 0)
		return extract_miss(x, parent_fd, "cannot open its directory", err);
	if (kind == WHITEOUT_NAME)
		return make_whiteout(x, parent_fd, name, err);
	if (!*x->parent.path) {
		x->report->needs_lower = true;
		return 0;
	}
	return extract_make_opaque(x, parent_fd, err);
}
