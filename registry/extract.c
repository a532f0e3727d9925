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
 * Directories that the layer has no entry for are made, and become what they are below later (implicit.h). Three things
 * cannot be said in a directory that stands alone: a hard link to a file below, an entry whose parent is a symlink below,
 * and an opaque root, which overlayfs ignores. Then report->needs_lower is set.
 *
 * On the merged tree (EXTRACT_REMOVALS, then EXTRACT_MERGED) the kernel makes whiteouts. All removals come first,
 * again because order says nothing. A directory in place of a non-directory is a removal, too: whiteouts below it
 * would otherwise be looked up through the symlink that it replaces. Two things that a layer does not say are looked
 * after there: a directory that it has no entry for keeps its time, though names in it come and go; and a file of lower
 * layers that gets one more name keeps the others (siblings.h).
 *
 * This file makes entries; extract_link.c hard links, extract_mark.c whiteouts, extract_removal.c what goes from the
 * merged tree.
 */
#include "registry/extract_parts.h"
#include "src/base/fd.h"
#include "src/base/overlay.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { MAX_SYMLINK = 4095 };

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
	if (merged)
		return 0;
	x->filler = filler_new(&x->rule, err);
	return x->filler ? prepare_root(x->root_fd, err) : err->code;
}

void extract_done(struct extract *x)
{
	parent_forget(&x->parent);
	parent_forget(&x->link_parent);
	filler_free(x->filler);
	fd_close(&x->file_fd);
	fd_close(&x->root_fd);
	buf_done(&x->late);
	buf_done(&x->kept);
	siblings_done(&x->siblings);
	extract_forget_emptied(x);
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

int extract_miss(struct extract *x, int code, const char *what, struct err *err)
{
	if (err->code)
		return code;
	if (x->mode != EXTRACT_UPPER || !parent_is_absent(code))
		return err_code(err, code, "%s", what);
	x->report->needs_lower = true;
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
	return late_add(&x->late, &late, x->path, acl ? acl->value : "", err);
}

int extract_keep_time(struct extract *x, int fd, const char *path, size_t path_len, struct err *err)
{
	struct stat st;
	if (x->mode != EXTRACT_REMOVALS && x->mode != EXTRACT_MERGED)
		return 0;
	if (fstat(fd, &st) < 0)
		return err_sys(err, "cannot look at its directory");
	bool ours = st.st_mtim.tv_sec > x->begin.tv_sec ||
		    (st.st_mtim.tv_sec == x->begin.tv_sec && st.st_mtim.tv_nsec >= x->begin.tv_nsec);
	const struct late late = { .mode = st.st_mode, .mtime = st.st_mtim, .path_len = path_len, .kept = true };
	return ours ? 0 : late_add(&x->kept, &late, path, "", err);
}

int extract_open_parent(struct extract *x, bool hollow, struct err *err)
{
	int fd = parent_open(&x->parent, x->root_fd, x->path, parent_rule(x));
	if (fd == -ENOENT && x->mode == EXTRACT_UPPER) {
		int r = implicit_make(&x->report->implicit, x->root_fd, x->path, hollow);
		fd = r < 0 ? r : parent_open(&x->parent, x->root_fd, x->path, parent_rule(x));
	}
	if (fd == -EFBIG)
		return err_set(err, fd, "the layer leaves out the entries of too many directories");
	if (fd < 0)
		return fd;
	const char *base = entry_base(x->path);
	int r = extract_keep_time(x, fd, x->path, base == x->path ? 0 : base - x->path - 1, err);
	return r < 0 ? r : fd;
}

int extract_mark_untold(int root_fd, struct err *err)
{
	if (fsetxattr(root_fd, OVERLAY_ROOT_UNTOLD, "y", 1, 0) < 0 && errno != EOPNOTSUPP)
		return err_sys(err, "cannot mark the layer's directory");
	return 0;
}

/* What the layer says of a directory counts more than what it was. */
int extract_finish(struct extract *x, struct err *err)
{
	enum parent_rule rule = x->mode == EXTRACT_UPPER ? PARENT_STRICT : PARENT_IN_ROOT;
	int r = !x->report->root_told && x->mode == EXTRACT_UPPER ? extract_mark_untold(x->root_fd, err) : 0;
	implicit_settle(&x->report->implicit, &x->late);
	if (r == 0)
		r = late_settle(&x->kept, x->root_fd, rule, &x->rule, err);
	if (r == 0)
		r = late_settle(&x->late, x->root_fd, rule, &x->rule, err);
	return r == 0 && x->filler ? filler_finish(x->filler, err) : r;
}

int extract_clear(struct extract *x, int parent_fd, const char *name, struct err *err)
{
	parent_forget(&x->link_parent);
	return fd_remove_tree(parent_fd, name, err);
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
		r = extract_clear(x, parent_fd, name, err);
		if (r < 0)
			return r;
		r = make_once(parent_fd, name, e);
	}
	return r < 0 ? err_code(err, r, "cannot make it") : r;
}

static int end_file(struct extract *x, const struct extract_entry *e, struct err *err)
{
	if (x->filling) {
		x->filling = false;
		filler_give(x->filler, &x->file_fd, e->size, &e->metadata);
		return 0;
	}
	int r = filler_end_file(x->file_fd, x->file_end, e->size, &e->metadata, &x->rule, err);
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
	x->filling = x->filler && e->size <= FILLER_MAX && !e->metadata.xattr_count;
	if (x->filling)
		filler_begin(x->filler, x->path);
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
	int r = extract_clear(x, parent_fd, name, err);
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
	cleanup_fd int fd = parent_open_directory(parent_fd, name);
	if (fd < 0)
		return err_code(err, fd, "cannot open the directory");
	if (replaced && x->mode == EXTRACT_UPPER)
		r = extract_make_opaque(x, fd, err);
	if (r == 0)
		r = metadata_directory(fd, &e->metadata, existed, &x->rule, err);
	return r < 0 ? r : postpone(x, &e->metadata, err);
}

static int make_root(struct extract *x, const struct extract_entry *e, struct err *err)
{
	if (e->hardlink || !S_ISDIR(e->type))
		return err_set(err, -EBADMSG, "the layer has an entry for the root that is no directory");
	x->report->root_told = true;
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

/* Entries. */

static int bring(struct extract *x, const struct extract_entry *e, struct err *err)
{
	if (!*x->path)
		return make_root(x, e, err);
	int parent_fd = extract_open_parent(x, false, err);
	if (parent_fd < 0)
		return extract_miss(x, parent_fd, "cannot open its directory", err);
	const char *name = entry_base(x->path);
	if (e->hardlink)
		return extract_link(x, parent_fd, name, e, err);
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

/* What befell a file that the filler has came first. */
static int end_entry(const struct extract *x, int r, struct err *err)
{
	int earlier = x->filler ? filler_check(x->filler, err) : 0;
	if (earlier < 0)
		return earlier;
	return r < 0 ? err_prefix(err, "cannot unpack %s", *x->path ? x->path : "/") : r;
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
		r = extract_take_away(x, e, kind, name, err);
	else if (kind == WHITEOUT_NONE)
		r = bring(x, e, err);
	else if (x->mode == EXTRACT_UPPER)
		r = extract_mark(x, kind, name, err);
	return end_entry(x, r, err);
}

int extract_write(struct extract *x, const void *data, size_t len, int64_t offset, struct err *err)
{
	const char *at = data;
	if (x->filling)
		return filler_add(x->filler, data, len, offset, err);
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
	return end_entry(x, end_file(x, e, err), err);
}
