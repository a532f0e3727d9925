/* SPDX-License-Identifier: GPL-2.0-or-later */
/* metadata.c owns what a layer's entry is beside its content. */
#include "registry/metadata.h"
#include "src/base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { MAX_XATTR = 64 << 10, MAX_XATTRS = 1 << 20 };
static const char CAPABILITY[] = "security.capability";
static const char ACCESS_ACL[] = "system.posix_acl_access";
static const char DEFAULT_ACL[] = "system.posix_acl_default";

/* Owners. */

static bool is_root(const struct metadata *m)
{
	return m->uid == 0 && m->gid == 0;
}

/* (uid_t)-1 means "leave as it is" to chown(2), and is no owner anybody could have. */
static int check_owner(const struct metadata *m, struct err *err)
{
	if (m->uid >= 0 && m->uid < UINT32_MAX && m->gid >= 0 && m->gid < UINT32_MAX)
		return 0;
	return err_set(err, -EBADMSG, "its owner %" PRId64 ":%" PRId64 " is impossible", m->uid, m->gid);
}

static int fail_owner(const struct metadata *m, struct err *err)
{
	if (errno != EINVAL)
		return err_sys(err, "cannot give it to %" PRId64 ":%" PRId64, m->uid, m->gid);
	return err_set(err, -EINVAL, "its owner %" PRId64 ":%" PRId64 " is outside the user namespace's id map; "
		"a larger range in /etc/subuid and /etc/subgid helps", m->uid, m->gid);
}

/* 1 if the owner has to be set, 0 if it is right already. */
static int wants_owner(const struct metadata *m, bool force, const struct metadata_rule *rule, struct err *err)
{
	int r = check_owner(m, err);
	if (r < 0)
		return r;
	if (rule->single_id && !is_root(m)) {
		++*rule->foreign_ids;
		return 0;
	}
	return force || rule->inherits || !is_root(m);
}

static int own_fd(int fd, const struct metadata *m, bool force, const struct metadata_rule *rule, struct err *err)
{
	int wanted = wants_owner(m, force, rule, err);
	if (wanted > 0 && fchown(fd, m->uid, m->gid) < 0)
		return fail_owner(m, err);
	return wanted < 0 ? wanted : 0;
}

static int own_name(int dir_fd, const char *name, const struct metadata *m, const struct metadata_rule *rule,
	struct err *err)
{
	int wanted = wants_owner(m, false, rule, err);
	if (wanted > 0 && fchownat(dir_fd, name, m->uid, m->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return fail_owner(m, err);
	return wanted < 0 ? wanted : 0;
}

/* Times: within what libc and other programs can take; file systems bring what is left to what they hold. */

static void clamp(struct timespec *ret_times, const struct timespec *mtime)
{
	const int64_t year_1901 = INT32_MIN, year_9999 = 253402300799;
	struct timespec t = *mtime;
	if (t.tv_sec < year_1901)
		t = (struct timespec){ .tv_sec = year_1901 };
	if (t.tv_sec > year_9999)
		t = (struct timespec){ .tv_sec = year_9999 };
	if (t.tv_nsec < 0 || t.tv_nsec > 999999999) /* larger values have meanings of their own: utimensat(2) */
		t.tv_nsec = 0;
	ret_times[0] = ret_times[1] = t;
}

static int time_fd(int fd, const struct timespec *mtime, struct err *err)
{
	struct timespec times[2];
	clamp(times, mtime);
	return futimens(fd, times) < 0 ? err_sys(err, "cannot set its time") : 0;
}

static int time_name(int dir_fd, const char *name, const struct timespec *mtime, struct err *err)
{
	struct timespec times[2];
	clamp(times, mtime);
	return utimensat(dir_fd, name, times, AT_SYMLINK_NOFOLLOW) < 0 ? err_sys(err, "cannot set its time") : 0;
}

/* Extended attributes. */

static bool is_acl(const char *name)
{
	return str_eq(name, ACCESS_ACL) || str_eq(name, DEFAULT_ACL);
}

static bool is_kept(const char *name)
{
	if (str_starts(name, "user."))
		return !str_starts(name, "user.overlay.");
	return str_eq(name, CAPABILITY) || is_acl(name);
}

static int fail_xattr(const struct xattr *xattr, const struct metadata_rule *rule, struct err *err)
{
	if (errno == EOPNOTSUPP && !str_eq(xattr->name, CAPABILITY))
		return 0;
	if (errno == EOPNOTSUPP)
		return err_set(err, -EOPNOTSUPP, "it has a file capability, and the store's file system cannot hold one; "
			"a store on ext4, xfs or btrfs can");
	if (errno == EINVAL && rule->single_id && is_acl(xattr->name)) { /* an ACL for ids that are not mapped */
		++*rule->foreign_ids;
		return 0;
	}
	return err_sys(err, "cannot set its extended attribute %s", xattr->name);
}

static int set_xattrs(int fd, const struct metadata *m, const struct metadata_rule *rule, struct err *err)
{
	size_t total = 0;
	for (size_t i = 0; i < m->xattr_count; i++) {
		const struct xattr *xattr = &m->xattrs[i];
		if (!is_kept(xattr->name) || str_eq(xattr->name, DEFAULT_ACL))
			continue;
		total += xattr->len;
		if (xattr->len > MAX_XATTR || total > MAX_XATTRS)
			return err_set(err, -E2BIG, "its extended attributes are too large: at most %d bytes each, %d in all",
				MAX_XATTR, MAX_XATTRS);
		if (fsetxattr(fd, xattr->name, xattr->value, xattr->len, 0) < 0) {
			int r = fail_xattr(xattr, rule, err);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

const struct xattr *metadata_default_acl(const struct metadata *m)
{
	for (size_t i = 0; i < m->xattr_count; i++)
		if (str_eq(m->xattrs[i].name, DEFAULT_ACL) && m->xattrs[i].len <= MAX_XATTR)
			return &m->xattrs[i];
	return NULL;
}

/* An ACL that came from the directory's default one is not the layer's. */
static void drop_inherited(int fd)
{
	fremovexattr(fd, ACCESS_ACL); /* absent, or no ACLs here at all: as wanted */
}

/* Kinds of entries. chown clears set-ids and capabilities, and writing does too: so owner, mode, attributes, time. */

int metadata_file(int fd, const struct metadata *m, const struct metadata_rule *rule, struct err *err)
{
	int r = own_fd(fd, m, false, rule, err);
	if (r < 0)
		return r;
	if (rule->inherits)
		drop_inherited(fd);
	if ((rule->inherits || m->mode & 07000) && fchmod(fd, m->mode & 07777) < 0)
		return err_sys(err, "cannot set its mode");
	r = set_xattrs(fd, m, rule, err);
	return r < 0 ? r : time_fd(fd, &m->mtime, err);
}

int metadata_symlink(int dir_fd, const char *name, const struct metadata *m, const struct metadata_rule *rule,
	struct err *err)
{
	int r = own_name(dir_fd, name, m, rule, err);
	return r < 0 ? r : time_name(dir_fd, name, &m->mtime, err);
}

int metadata_fifo(int dir_fd, const char *name, const struct metadata *m, const struct metadata_rule *rule,
	struct err *err)
{
	int r = own_name(dir_fd, name, m, rule, err);
	if (r < 0)
		return r;
	if ((rule->inherits || m->mode & 07000) && fchmodat(dir_fd, name, m->mode & 07777, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(err, "cannot set its mode");
	return time_name(dir_fd, name, &m->mtime, err);
}

int metadata_directory(int fd, const struct metadata *m, bool existed, const struct metadata_rule *rule,
	struct err *err)
{
	int r = own_fd(fd, m, existed, rule, err);
	if (r < 0)
		return r;
	if (rule->inherits && !existed)
		drop_inherited(fd);
	return set_xattrs(fd, m, rule, err);
}

int metadata_late(int fd, mode_t mode, const struct timespec *mtime, const void *acl, size_t acl_len,
	const struct metadata_rule *rule, struct err *err)
{
	struct xattr xattr = { .name = DEFAULT_ACL, .value = acl, .len = acl_len };
	int r = 0;
	if (fchmod(fd, mode & 07777) < 0)
		return err_sys(err, "cannot set its mode");
	if (acl && fsetxattr(fd, xattr.name, xattr.value, xattr.len, 0) < 0)
		r = fail_xattr(&xattr, rule, err);
	return r < 0 ? r : time_fd(fd, mtime, err);
}

static int copy_xattr(int from_fd, int to_fd, const char *name, void *value, struct err *err)
{
	static uint64_t ignored;
	const struct metadata_rule rule = { .foreign_ids = &ignored };
	ssize_t len = fgetxattr(from_fd, name, value, MAX_XATTR);
	if (len < 0)
		return err_sys(err, "cannot read the extended attribute %s below", name);
	if (fsetxattr(to_fd, name, value, len, 0) == 0)
		return 0;
	const struct xattr xattr = { .name = name };
	return fail_xattr(&xattr, &rule, err);
}

static int copy_xattrs(int from_fd, int to_fd, struct err *err)
{
	cleanup_free char *names = mem_new(MAX_XATTR), *value = mem_new(MAX_XATTR);
	ssize_t len = flistxattr(from_fd, names, MAX_XATTR);
	if (len < 0)
		return errno == EOPNOTSUPP ? 0 : err_sys(err, "cannot list the extended attributes below");
	int r = 0;
	for (const char *name = names; r == 0 && name < names + len; name += strlen(name) + 1)
		if (is_kept(name))
			r = copy_xattr(from_fd, to_fd, name, value, err);
	return r;
}

int metadata_copy(int from_fd, int to_fd, struct err *err)
{
	struct stat st;
	if (fstat(from_fd, &st) < 0)
		return err_sys(err, "cannot look at it below");
	if (fchown(to_fd, st.st_uid, st.st_gid) < 0)
		return err_sys(err, "cannot give it to %u:%u", st.st_uid, st.st_gid);
	int r = copy_xattrs(from_fd, to_fd, err);
	if (r == 0 && fchmod(to_fd, st.st_mode & 07777) < 0)
		return err_sys(err, "cannot set its mode");
	return r < 0 ? r : time_fd(to_fd, &st.st_mtim, err);
}
