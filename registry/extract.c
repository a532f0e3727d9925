/* SPDX-License-Identifier: GPL-2.0-or-later */
/* extract.c owns writing a layer's entries below a directory. */
/*
 * Theory of operation
 *
 * Everything in an entry is hostile. Its name is first brought into one form (whiteout.c), so that "..", "//" and "/"
 * are gone; then its parent is opened below the root by openat2(2), which refuses or confines symlinks in the kernel
 * (parent.c); then one system call acts on the last component alone, relative to that descriptor, and never follows
 * it. What stands in the way is removed by name, with the same rule, and files are made with O_EXCL: there is no
 * moment in which a link that an earlier entry planted could be followed. Nobody else uses the directory meanwhile.
 *
 * The process is root of a user namespace with umask 0, so that what it makes is 0:0 with the wanted permissions, and
 * most files need no more calls. Directories get mode and time at the end: set-gid and default ACLs would pass on to
 * what is made in them, and every new name changes the time. A record whose directory was replaced meanwhile finds
 * nothing, or a directory that has a later record of its own.
 *
 * As an overlayfs lower directory (EXTRACT_UPPER), a whiteout is a character device 0:0, which takes the name. The
 * order of a layer's entries says nothing, so a file of that name wins; a directory of that name has both meanings,
 * and becomes opaque. So does a directory that replaces a non-directory: the lower layers' content was gone by then.
 * Three things cannot be said in a directory that stands alone: a hard link to a file below, an entry whose parent is
 * below, and an opaque root, which overlayfs ignores. Then report->needs_lower is set.
 *
 * On the merged tree (EXTRACT_REMOVALS, then EXTRACT_MERGED) the kernel makes whiteouts. All removals come first,
 * again because order says nothing. A directory in place of a non-directory is a removal, too: whiteouts below it
 * would otherwise be looked up through the symlink that it replaces. Two things that a layer does not say are looked
 * after there: a directory that it has no entry for keeps its time, though names in it come and go; and a file of lower
 * layers that gets one more name keeps the others (siblings.h).
 */
#include "registry/extract.h"
#include "src/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

/* The room for directories that wait: enough for a few million; more is an attack on memory. */
enum { MAX_LATE = 256 << 20, MAX_SYMLINK = 4095 };

static const char OPAQUE_XATTR[] = "user.overlay.opaque";

static int prepare_root(int root_fd, struct err *err)
{
	fremovexattr(root_fd, "system.posix_acl_default"); /* inherited from wherever the store is; mostly absent */
	if (fchown(root_fd, 0, 0) < 0 || fchmod(root_fd, 0755) < 0)
		return err_sys(err, "cannot prepare the layer's directory");
	return 0;
}

int extract_init(struct extract *x, int root_fd, enum extract_mode mode, bool single_id, struct layer_report *report,
	struct err *err)
{
	bool merged = mode == EXTRACT_REMOVALS || mode == EXTRACT_MERGED;
	*x = (struct extract){
		.mode = mode,
		.root_fd = openat(root_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC),
		.rule = { .single_id = single_id, .inherits = merged, .foreign_ids = &report->foreign_ids },
		.report = report,
		.parent = PARENT_INIT,
		.link_parent = PARENT_INIT,
		.file_fd = -1,
	};
	if (x->root_fd < 0)
		return err_sys(err, "cannot open the layer's directory");
	umask(0);
	clock_gettime(CLOCK_REALTIME_COARSE, &x->begin); /* the clock that file times are taken from */
	return merged ? 0 : prepare_root(x->root_fd, err);
}

void extract_done(struct extract *x)
{
	parent_forget(&x->parent);
	parent_forget(&x->link_parent);
	fd_close(&x->file_fd);
	fd_close(&x->root_fd);
	buf_done(&x->late);
	buf_done(&x->kept);
	siblings_done(&x->siblings);
}

static enum parent_rule parent_rule(const struct extract *x)
{
	static const enum parent_rule rules[] = {
		[EXTRACT_UPPER] = PARENT_STRICT,
		[EXTRACT_BOTTOM] = PARENT_CREATE,
		[EXTRACT_REMOVALS] = PARENT_IN_ROOT,
		[EXTRACT_MERGED] = PARENT_CREATE,
	};
	return rules[x->mode];
}

static bool is_absent(int code)
{
	return code == -ENOENT || code == -ENOTDIR || code == -ELOOP;
}

/* Something that the entry needs is not here: perhaps a lower layer has it. */
static int miss(struct extract *x, int code, const char *what, struct err *err)
{
	if (x->mode != EXTRACT_UPPER || !is_absent(code))
		return err_code(err, code, "%s", what);
	x->report->needs_lower = true;
	return 0;
}

/* Directories that wait. */

struct late {
	mode_t mode;
	struct timespec mtime;
	size_t path_len, acl_len; /* of what follows, without a NUL */
	bool has_acl, kept;
};

static int add_late(struct buf *list, const struct late *late, const char *path, const void *acl, struct err *err)
{
	if (list->len + sizeof *late + late->path_len + late->acl_len > MAX_LATE)
		return err_set(err, -EFBIG, "the layer has too many directories");
	buf_add(list, late, sizeof *late);
	buf_add(list, path, late->path_len);
	buf_add(list, acl, late->acl_len);
	return 0;
}

static int postpone(struct extract *x, const struct metadata *m, struct err *err)
{
	const struct xattr *acl = metadata_default_acl(m);
	const struct late late = {
		.mode = m->mode,
		.mtime = m->mtime,
		.path_len = strlen(x->path),
		.acl_len = acl ? acl->len : 0,
		.has_acl = acl,
	};
	return add_late(&x->late, &late, x->path, acl ? acl->value : "", err);
}

/* Before a name in the directory behind fd, of the merged tree, is made or removed: remembers the time it has. */
static int keep_time(struct extract *x, int fd, const char *path, size_t path_len, struct err *err)
{
	struct stat st;
	if (x->mode != EXTRACT_REMOVALS && x->mode != EXTRACT_MERGED)
		return 0;
	if (fstat(fd, &st) < 0)
		return err_sys(err, "cannot look at its directory");
	bool ours = st.st_mtim.tv_sec > x->begin.tv_sec ||
		    (st.st_mtim.tv_sec == x->begin.tv_sec && st.st_mtim.tv_nsec >= x->begin.tv_nsec);
	const struct late late = { .mode = st.st_mode, .mtime = st.st_mtim, .path_len = path_len, .kept = true };
	return ours ? 0 : add_late(&x->kept, &late, path, "", err);
}

/* The directory that the entry at hand belongs into. */
static int open_parent(struct extract *x, struct err *err)
{
	int fd = parent_open(&x->parent, x->root_fd, x->path, parent_rule(x));
	if (fd < 0)
		return fd;
	const char *base = entry_base(x->path);
	int r = keep_time(x, fd, x->path, base == x->path ? 0 : base - x->path - 1, err);
	return r < 0 ? r : fd;
}

static int open_directory(int dir_fd, const char *name)
{
	int fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* A directory of the layer is found by its own name; one that was kept, as its entries found it, through symlinks too. */
static int reopen(struct extract *x, struct parent *parent, const char *path, bool kept)
{
	enum parent_rule rule = x->mode == EXTRACT_UPPER ? PARENT_STRICT : PARENT_IN_ROOT;
	if (kept)
		return fd_openat2(x->root_fd, *path ? path : ".", O_RDONLY | O_DIRECTORY, 0, RESOLVE_IN_ROOT);
	int parent_fd = *path ? parent_open(parent, x->root_fd, path, rule) : x->root_fd;
	return parent_fd < 0 ? parent_fd : open_directory(parent_fd, *path ? entry_base(path) : ".");
}

static int settle(struct extract *x, struct parent *parent, const struct late *late, const char *path,
	const void *acl, struct err *err)
{
	cleanup_fd int fd = reopen(x, parent, path, late->kept);
	if (is_absent(fd))
		return 0; /* replaced by something else meanwhile */
	if (fd < 0)
		return err_code(err, fd, "cannot open %s", path);
	int r = metadata_late(fd, late->mode, &late->mtime, late->has_acl ? acl : NULL, late->acl_len, &x->rule, err);
	return r < 0 ? err_prefix(err, "cannot unpack %s/", path) : 0;
}

static int settle_all(struct extract *x, struct buf *list, struct err *err)
{
	struct parent parent = PARENT_INIT;
	char path[ENTRY_PATH_MAX];
	int r = 0;
	for (size_t at = 0; r == 0 && at < list->len;) {
		struct late late;
		memcpy(&late, list->data + at, sizeof late);
		at += sizeof late;
		memcpy(path, list->data + at, late.path_len);
		path[late.path_len] = 0;
		at += late.path_len;
		r = settle(x, &parent, &late, path, list->data + at, err);
		at += late.acl_len;
	}
	parent_forget(&parent);
	list->len = 0;
	return r;
}

/* What the layer says of a directory counts more than what it was. */
int extract_finish(struct extract *x, struct err *err)
{
	int r = settle_all(x, &x->kept, err);
	return r < 0 ? r : settle_all(x, &x->late, err);
}

/* Removing. */

/* Removes what has the name. The cached parent stays good: it is the entry's own, so it is not below the entry. */
static int clear(struct extract *x, int parent_fd, const char *name, struct err *err)
{
	parent_forget(&x->link_parent);
	return fd_remove_tree(parent_fd, name, err);
}

static int empty(struct extract *x, int dir_fd, struct err *err)
{
	int copy = open_directory(dir_fd, ".");
	cleanup_dir DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	if (!dir) {
		fd_close(&copy);
		return err_set(err, -EIO, "cannot list the directory");
	}
	for (struct dirent *entry; (entry = readdir(dir));) {
		if (str_eq(entry->d_name, ".") || str_eq(entry->d_name, ".."))
			continue;
		int r = clear(x, dir_fd, entry->d_name, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* A directory in place of something else: the rest of it comes in the second pass. */
static int change_type(struct extract *x, int parent_fd, const char *name, struct err *err)
{
	struct stat st;
	if (fstatat(parent_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || S_ISDIR(st.st_mode))
		return 0;
	int r = clear(x, parent_fd, name, err);
	if (r == 0 && mkdirat(parent_fd, name, 0755) < 0)
		return err_sys(err, "cannot make the directory");
	return r;
}

static int take_away(struct extract *x, const struct extract_entry *e, enum whiteout kind, const char *name,
	struct err *err)
{
	bool directory = kind == WHITEOUT_NONE && !e->hardlink && S_ISDIR(e->type);
	if (!*x->path || (kind == WHITEOUT_NONE && !directory))
		return 0;
	int parent_fd = open_parent(x, err);
	if (is_absent(parent_fd))
		return 0;
	if (parent_fd < 0)
		return err_code(err, parent_fd, "cannot open its directory");
	if (kind == WHITEOUT_OPAQUE)
		return empty(x, parent_fd, err);
	if (kind == WHITEOUT_NAME)
		return clear(x, parent_fd, name, err);
	return change_type(x, parent_fd, entry_base(x->path), err);
}

/* Whiteouts for overlayfs. */

static bool is_whiteout(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == makedev(0, 0);
}

static int make_opaque(int dir_fd, struct err *err)
{
	if (fsetxattr(dir_fd, OPAQUE_XATTR, "y", 1, 0) == 0)
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
	cleanup_fd int fd = open_directory(parent_fd, name);
	return fd < 0 ? err_code(err, fd, "cannot open the directory") : make_opaque(fd, err);
}

static int mark(struct extract *x, enum whiteout kind, const char *name, struct err *err)
{
	int parent_fd = parent_open(&x->parent, x->root_fd, x->path, parent_rule(x));
	if (parent_fd < 0)
		return miss(x, parent_fd, "cannot open its directory", err);
	if (kind == WHITEOUT_NAME)
		return make_whiteout(x, parent_fd, name, err);
	if (!*x->parent.path) {
		x->report->needs_lower = true;
		return 0;
	}
	return make_opaque(parent_fd, err);
}

/* Making entries. */

/* One try, by type: 0 or, for a file, its descriptor; a negative errno, without a text. */
static int make_once(int parent_fd, const char *name, const struct extract_entry *e)
{
	mode_t mode = e->metadata.mode & 0777;
	int r;
	if (S_ISREG(e->type))
		r = openat(parent_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	else if (S_ISLNK(e->type))
		r = symlinkat(e->symlink, parent_fd, name);
	else
		r = mkfifoat(parent_fd, name, mode);
	return r < 0 ? -errno : r;
}

static int make(struct extract *x, int parent_fd, const char *name, const struct extract_entry *e, struct err *err)
{
	int r = make_once(parent_fd, name, e);
	if (r == -EEXIST) {
		r = clear(x, parent_fd, name, err);
		if (r < 0)
			return r;
		r = make_once(parent_fd, name, e);
	}
	return r < 0 ? err_code(err, r, "cannot make it") : r;
}

static int end_file(struct extract *x, const struct extract_entry *e, struct err *err)
{
	int r = 0;
	if (x->file_end != e->size && ftruncate(x->file_fd, e->size) < 0)
		r = err_sys(err, "cannot set its size"); /* a hole at the end */
	if (r == 0)
		r = metadata_file(x->file_fd, &e->metadata, &x->rule, err);
	fd_close(&x->file_fd);
	return r;
}

static int make_file(struct extract *x, int parent_fd, const char *name, const struct extract_entry *e,
	struct err *err)
{
	int r = make(x, parent_fd, name, e, err);
	if (r < 0)
		return r;
	x->file_fd = r;
	x->file_end = 0;
	return e->size ? 1 : end_file(x, e, err);
}

static int make_symlink(struct extract *x, int parent_fd, const char *name, const struct extract_entry *e,
	struct err *err)
{
	if (!e->symlink || !*e->symlink || strlen(e->symlink) > MAX_SYMLINK)
		return err_set(err, -EBADMSG, "a symlink's target must have 1 to %d bytes", MAX_SYMLINK);
	int r = make(x, parent_fd, name, e, err);
	return r < 0 ? r : metadata_symlink(parent_fd, name, &e->metadata, &x->rule, err);
}

static int make_fifo(struct extract *x, int parent_fd, const char *name, const struct extract_entry *e,
	struct err *err)
{
	int r = make(x, parent_fd, name, e, err);
	return r < 0 ? r : metadata_fifo(parent_fd, name, &e->metadata, &x->rule, err);
}

/* Makes the directory, or lets one that is there be. */
static int place_directory(struct extract *x, int parent_fd, const char *name, mode_t mode, bool *ret_existed,
	bool *ret_replaced, struct err *err)
{
	struct stat st;
	if (mkdirat(parent_fd, name, mode & 0777) == 0)
		return 0;
	if (errno != EEXIST || fstatat(parent_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(err, "cannot make the directory");
	if (S_ISDIR(st.st_mode)) {
		*ret_existed = true;
		return 0;
	}
	*ret_replaced = true;
	int r = clear(x, parent_fd, name, err);
	if (r == 0 && mkdirat(parent_fd, name, mode & 0777) < 0)
		return err_sys(err, "cannot make the directory");
	return r;
}

static int make_directory(struct extract *x, int parent_fd, const char *name, const struct extract_entry *e,
	struct err *err)
{
	bool existed = false, replaced = false;
	int r = place_directory(x, parent_fd, name, e->metadata.mode, &existed, &replaced, err);
	if (r < 0)
		return r;
	cleanup_fd int fd = open_directory(parent_fd, name);
	if (fd < 0)
		return err_code(err, fd, "cannot open the directory");
	if (replaced && x->mode == EXTRACT_UPPER)
		r = make_opaque(fd, err);
	if (r == 0)
		r = metadata_directory(fd, &e->metadata, existed, &x->rule, err);
	return r < 0 ? r : postpone(x, &e->metadata, err);
}

static int make_root(struct extract *x, const struct extract_entry *e, struct err *err)
{
	if (e->hardlink || !S_ISDIR(e->type))
		return err_set(err, -EBADMSG, "the layer has an entry for the root that is no directory");
	int r = metadata_directory(x->root_fd, &e->metadata, true, &x->rule, err);
	return r < 0 ? r : postpone(x, &e->metadata, err);
}

/* Devices cannot be made in a user namespace, and a container gets its /dev from elsewhere. */
static int skip_device(struct extract *x, const struct extract_entry *e, struct err *err)
{
	if (S_ISCHR(e->type) && e->major == 0 && e->minor == 0)
		return err_set(err, -EBADMSG, "a character device 0:0 would hide the file below it");
	x->report->devices++;
	return 0;
}

/* Hard links. */

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
	return x->whiteouts && fstatat(target_fd, target, &st, AT_SYMLINK_NOFOLLOW) == 0 && is_whiteout(&st);
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
		r = keep_time(x, sibling_fd, sibling, base == sibling ? 0 : base - sibling - 1, err);
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

static int make_link(struct extract *x, int parent_fd, const char *name, const struct extract_entry *e,
	struct err *err)
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
		r = clear(x, parent_fd, name, err);
		if (r < 0)
			return r;
		r = link_once(x, parent_fd, name, target);
	}
	if (r == -EPERM)
		return err_set(err, r, "a hard link to %s, which is a directory or may not be linked", target);
	if (is_absent(r))
		return miss(x, r, "the target of a hard link is missing", err);
	return r < 0 ? err_code(err, r, "cannot link it to %s", target) : move_siblings(x, parent_fd, name, &old, err);
}

/* Entries. */

static int bring(struct extract *x, const struct extract_entry *e, struct err *err)
{
	if (!*x->path)
		return make_root(x, e, err);
	int parent_fd = open_parent(x, err);
	if (parent_fd < 0)
		return miss(x, parent_fd, "cannot open its directory", err);
	const char *name = entry_base(x->path);
	if (e->hardlink)
		return make_link(x, parent_fd, name, e, err);
	switch (e->type) {
	case S_IFREG:
		return make_file(x, parent_fd, name, e, err);
	case S_IFDIR:
		return make_directory(x, parent_fd, name, e, err);
	case S_IFLNK:
		return make_symlink(x, parent_fd, name, e, err);
	case S_IFIFO:
		return make_fifo(x, parent_fd, name, e, err);
	case S_IFCHR:
	case S_IFBLK:
		return skip_device(x, e, err);
	default:
		return err_set(err, -EBADMSG, "it is of a type that no file has (0%o)", (unsigned)e->type);
	}
}

int extract_entry(struct extract *x, const struct extract_entry *e, struct err *err)
{
	const char *name = NULL;
	int r = entry_path(e->name, x->path, err);
	if (r < 0)
		return r;
	int kind = whiteout_kind(x->path, &name, err);
	if (kind < 0)
		return kind;
	if (kind == WHITEOUT_IGNORED)
		return 0;
	if (x->mode == EXTRACT_REMOVALS)
		r = take_away(x, e, kind, name, err);
	else if (kind == WHITEOUT_NONE)
		r = bring(x, e, err);
	else if (x->mode == EXTRACT_UPPER)
		r = mark(x, kind, name, err);
	return r < 0 ? err_prefix(err, "cannot unpack %s", *x->path ? x->path : "/") : r;
}

int extract_write(struct extract *x, const void *data, size_t len, int64_t offset, struct err *err)
{
	const char *at = data;
	while (len) {
		ssize_t n = pwrite(x->file_fd, at, len, offset);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, "cannot write %s", x->path);
		at += n;
		len -= n;
		offset += n;
		if (offset > x->file_end)
			x->file_end = offset;
	}
	return 0;
}

int extract_close(struct extract *x, const struct extract_entry *e, struct err *err)
{
	int r = end_file(x, e, err);
	return r < 0 ? err_prefix(err, "cannot unpack %s", x->path) : 0;
}
