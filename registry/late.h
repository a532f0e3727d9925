/* SPDX-License-Identifier: GPL-2.0-or-later */
/* late.h owns the list of directories that get their mode and time when all else is in them. */
#ifndef XRUN_REGISTRY_LATE_H
#define XRUN_REGISTRY_LATE_H

#include "registry/metadata.h"
#include "registry/parent.h"
#include "registry/whiteout.h"
#include "src/base/str.h"

struct late {
	mode_t mode;
	struct timespec mtime;
	size_t path_len, acl_len; /* of what follows in the list, without a NUL */
	bool has_acl;
	bool kept;                /* was there before: found as its entries found it, through symlinks too */
};

/* Appends one; `path` and `acl` (the default one) are copied, as long as `late` says. */
int late_add(struct buf *list, const struct late *late, const char *path, const void *acl, struct err *err);

/* Goes through a list: `at` begins as 0. False after the last. The pointers are into the list, the path has no NUL. */
bool late_next(const struct buf *list, size_t *at, struct late *ret_late, const char **ret_path, const void **ret_acl);

/* Sets all of them, found below root_fd by `rule`, and empties the list. What was replaced by something else is passed over. */
int late_settle(struct buf *list, int root_fd, enum parent_rule rule, const struct metadata_rule *metadata, struct err *err);

#endif
