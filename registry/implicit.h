/* SPDX-License-Identifier: GPL-2.0-or-later */
/* implicit.h owns the directories that a layer has no entry for, though something in it lies below them. */
#ifndef XRUN_REGISTRY_IMPLICIT_H
#define XRUN_REGISTRY_IMPLICIT_H

#include "src/base/err.h"
#include "src/base/str.h"

/*
 * A layer need not say what its directories are: if a lower layer has one of the name, it is that one, with its owner, mode
 * and all. A layer that is unpacked alone gets it as an empty directory of root's, 0755, which is also what it is if no
 * lower layer has it; what it should have been like is made up for when the layers below are there.
 */
struct implicit_item {
	char *path;
	bool hollow;      /* made for a whiteout, which makes no directory where there is none below */
	bool is_explicit; /* the layer had an entry for it after all */
};

struct implicit {
	struct implicit_item *items;
	size_t count, room;
	size_t bytes; /* of the paths */
	bool opaque;  /* the layer has an opaque directory */
};
void implicit_done(struct implicit *implicit);

/*
 * Makes what is missing of the directories that lead to the entry `path` (see entry_path), and notes it. A negative errno, without
 * a text, if something else is in the way or there are more of them than could be noted: then the layer needs those below it.
 */
int implicit_make(struct implicit *implicit, int root_fd, const char *path, bool hollow);

/* After the last entry: `late` (late.h) has every directory that the layer has an entry for. */
void implicit_settle(struct implicit *implicit, const struct buf *late);

/*
 * Makes them like the directories of the same names below below_fd, the merged tree of the lower layers. *ret_needs_lower: the
 * layer means something that its directory cannot say, as where a name leads through a symlink of a lower layer.
 */
int implicit_inherit(const struct implicit *implicit, int root_fd, int below_fd, bool *ret_needs_lower, struct err *err);

#endif
