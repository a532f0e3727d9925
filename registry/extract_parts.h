/* SPDX-License-Identifier: GPL-2.0-or-later */
/* extract_parts.h owns what the files that write a layer's entries share with each other, and with nobody else. */
#ifndef XRUN_REGISTRY_EXTRACT_PARTS_H
#define XRUN_REGISTRY_EXTRACT_PARTS_H

#include "registry/extract.h"

/*
 * The directory that the entry at hand belongs into: the cache's descriptor. `hollow`: it is for a whiteout (implicit.h).
 * A negative errno, perhaps without a text.
 */
int extract_open_parent(struct extract *x, bool hollow, struct err *err);

/* Something that the entry needs is not here. 0 if a lower layer may have it, and then report->needs_lower is set. */
int extract_miss(struct extract *x, int code, const char *what, struct err *err);

/* Removes what has the name. The cached parent stays good: it is the entry's own, so it is not below the entry. */
int extract_clear(struct extract *x, int parent_fd, const char *name, struct err *err);

/* Before a name in the directory behind fd, of the merged tree, is made or removed: remembers the time it has. */
int extract_keep_time(struct extract *x, int fd, const char *path, size_t path_len, struct err *err);

/* extract_mark.c: whiteouts for overlayfs. */
int extract_mark(struct extract *x, enum whiteout kind, const char *name, struct err *err);
int extract_make_opaque(struct extract *x, int dir_fd, struct err *err);

/* extract_removal.c: what an entry takes away from the merged tree; `name` is a whiteout's. */
int extract_take_away(struct extract *x, const struct extract_entry *e, enum whiteout kind, const char *name, struct err *err);
void extract_forget_emptied(struct extract *x);

/* extract_link.c: hard links. */
int extract_link(struct extract *x, int parent_fd, const char *name, const struct extract_entry *e, struct err *err);

#endif
