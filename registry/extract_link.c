/* SPDX-License-Identifier: GPL-2.0-or-later */
/* extract_link.c owns a layer's hard links. */
#include "registry/extract_parts.h"
#include "src/base/overlay.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* 1: the name is that very file already; 0: it is another; linkat's EEXIST is all the same. */
static int same(int target_fd, const char *target, int parent_fd, const char *name)
{
	struct stat a, b;
	return fstatat(target_fd, target, &a, AT_SYMLINK_NOFOLLOW) == 0
		&& fstatat(parent_fd, name, &b, AT_SYMLINK_NOFOLLOW) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* The name of a whiteout of ours is there, and yet nothing to link to. */
static bool is_gone(const struct extract *x, int target_fd, const char *target)
{
	struct stat st;
	return x->whiteouts && fstatat(target_fd, target, &st, AT_SYMLINK_NOFOLLOW) == 0 && overlay_is_whiteout(&st);
}

/* 0, or a negative errno without a text; -EEXIST if something else has the name. */
static int link_once(struct extract *x, int parent_fd, const char *name, const char *target)
{
	enum parent_rule rule = x->mode == EXTRACT_UPPER ? PARENT_STRICT : PARENT_IN_ROOT;
	int target_fd = parent_open(&x->link_parent, x->root_fd, target, rule);
	if (target_fd < 0)
		return target_fd;
	const char *base = entry_base(target);
	if (is_gone(x, target_fd, base))
		return -ENOENT;
	if (linkat(target_fd, base, parent_fd, name, 0) == 0)
		return 0;
	int code = -errno;
	return code == -EEXIST && same(target_fd, base, parent_fd, name) ? 0 : code;
}

/* Gives a file that linkat has just copied up its other names again. */
static int move_sibling(struct extract *x, int parent_fd, const char *name, const char *sibling, const struct stat *old,
	struct err *err)
{
	struct parent parent = PARENT_INIT;
	struct stat st;
	int sibling_fd = parent_open(&parent, x->root_fd, sibling, PARENT_IN_ROOT);
	const char *base = entry_base(sibling);
	int r = 0;
	if (sibling_fd >= 0 && fstatat(sibling_fd, base, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_dev == old->st_dev &&
		st.st_ino == old->st_ino && !same(parent_fd, name, sibling_fd, base)) {
		r = extract_keep_time(x, sibling_fd, sibling, base == sibling ? 0 : base - sibling - 1, err);
		if (r == 0 && (unlinkat(sibling_fd, base, 0) < 0 || linkat(parent_fd, name, sibling_fd, base, 0) < 0))
			r = err_sys(err, "cannot link %s to it", sibling);
	}
	parent_forget(&parent);
	return r;
}

/* The file to be linked to, if overlayfs would take its other names from it. */
static int look_at_target(struct extract *x, const char *target, struct stat *ret_old, struct err *err)
{
	ret_old->st_nlink = 0;
	if (x->mode != EXTRACT_MERGED)
		return 0;
	int fd = parent_open(&x->link_parent, x->root_fd, target, PARENT_IN_ROOT);
	if (fd < 0 || fstatat(fd, entry_base(target), ret_old, AT_SYMLINK_NOFOLLOW) < 0 || ret_old->st_nlink < 2) {
		ret_old->st_nlink = 0;
		return 0;
	}
	return siblings_list(&x->siblings, x->root_fd, err);
}

static int move_siblings(struct extract *x, int parent_fd, const char *name, const struct stat *old, struct err *err)
{
	size_t count = 0;
	int r = 0;
	const struct sibling *first = old->st_nlink ? siblings_find(&x->siblings, old->st_dev, old->st_ino, &count) : NULL;
	for (size_t i = 0; r == 0 && i < count; i++)
		r = move_sibling(x, parent_fd, name, siblings_path(&x->siblings, &first[i]), old, err);
	return r;
}

int extract_link(struct extract *x, int parent_fd, const char *name, const struct extract_entry *e, struct err *err)
{
	char target[ENTRY_PATH_MAX];
	struct stat old;
	int r = entry_path(e->hardlink, target, err);
	if (r < 0)
		return r;
	if (!*target || str_eq(target, x->path))
		return err_set(err, -EBADMSG, "a hard link to %s", *target ? "itself" : "the root");
	r = look_at_target(x, target, &old, err);
	if (r < 0)
		return r;
	r = link_once(x, parent_fd, name, target);
	if (r == -EEXIST) {
		r = extract_clear(x, parent_fd, name, err);
		if (r < 0)
			return r;
		r = link_once(x, parent_fd, name, target);
	}
	if (r == -EPERM)
		return err_set(err, r, "a hard link to %s, which is a directory or may not be linked", target);
	if (parent_is_absent(r))
		return extract_miss(x, r, "the target of a hard link is missing", err);
	return r < 0 ? err_code(err, r, "cannot link it to %s", target) : move_siblings(x, parent_fd, name, &old, err);
}
