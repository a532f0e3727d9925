/* SPDX-License-Identifier: GPL-2.0-or-later */
/* metadata.h owns what a layer's entry is beside its content: owner, mode, time, extended attributes. */
#ifndef XRUN_REGISTRY_METADATA_H
#define XRUN_REGISTRY_METADATA_H

#include "src/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <time.h>

struct xattr {
	const char *name;
	const void *value;
	size_t len;
};

struct metadata {
	mode_t mode; /* 07777 */
	int64_t uid, gid;
	struct timespec mtime;
	const struct xattr *xattrs;
	size_t xattr_count;
};

/*
 * Of extended attributes, user.*, security.capability and system.posix_acl_* are kept. Dropped are trusted.* and
 * user.overlay.*, by which overlayfs would be steered, other security.* ones, which are the host's, and all else.
 * Where the file system has none, a capability is an error, because the program would not work; others are left out.
 */
struct metadata_rule {
	bool single_id;        /* leave owners other than 0:0 out, and count them */
	bool inherits;         /* what is new may have got a group or an ACL from its directory: set everything */
	uint64_t *foreign_ids; /* the count */
};

/*
 * Set what differs from what creation as 0:0 with mode & 0777 gave. Errors name no file: callers do. Names are below
 * dir_fd and never followed. A directory's set-ids, sticky bit, default ACL and time wait for metadata_late, because
 * what is made in it would inherit, or change, them. `existed`: it has another owner and mode perhaps.
 */
int metadata_file(int fd, const struct metadata *m, const struct metadata_rule *rule, struct err *err);
int metadata_symlink(int dir_fd, const char *name, const struct metadata *m, const struct metadata_rule *rule,
	struct err *err);
int metadata_fifo(int dir_fd, const char *name, const struct metadata *m, const struct metadata_rule *rule,
	struct err *err);
int metadata_directory(int fd, const struct metadata *m, bool existed, const struct metadata_rule *rule,
	struct err *err);

/* The rest of a directory: mode, default ACL (unless its value is NULL), time. */
int metadata_late(int fd, mode_t mode, const struct timespec *mtime, const void *acl, size_t acl_len,
	const struct metadata_rule *rule, struct err *err);

/* Makes a directory like another one: owner, mode, time, and the extended attributes that are kept. */
int metadata_copy(int from_fd, int to_fd, struct err *err);

/* The default ACL among the attributes, or NULL. */
const struct xattr *metadata_default_acl(const struct metadata *m);

#endif
