/* SPDX-License-Identifier: GPL-2.0-or-later */
/* whiteout.h owns what the names in a layer mean: plain entries and whiteouts (OCI image-spec, layer.md). Pure. */
#ifndef XRUN_REGISTRY_WHITEOUT_H
#define XRUN_REGISTRY_WHITEOUT_H

#include "src/base/err.h"

enum { ENTRY_PATH_MAX = 4096 }; /* with its NUL: PATH_MAX, the longest that the kernel takes */

/*
 * Brings an entry's name into its one form: relative, no empty, "." or ".." component, no slash at the end; the root
 * is "". "/a//./b/" is "a/b", "a/../b" is "b". Names that leave the root by ".." or are too long are refused.
 */
int entry_path(const char *raw, char ret_path[ENTRY_PATH_MAX], struct err *err);

/* The last component of a path in that form: a pointer into it. */
const char *entry_base(const char *path);

enum whiteout {
	WHITEOUT_NONE,    /* a plain entry */
	WHITEOUT_NAME,    /* ".wh.NAME": NAME is gone */
	WHITEOUT_OPAQUE,  /* ".wh..wh..opq": all that lower layers have in the directory is gone */
	WHITEOUT_IGNORED, /* aufs's own, ".wh..wh.plnk" for one, and what is below it */
};

/*
 * What a path in that form is. *ret_name is NAME, inside `path`. A negative errno for whiteouts of nothing, ".wh.",
 * of "." or "..", and for names below a whiteout.
 */
int whiteout_kind(const char *path, const char **ret_name, struct err *err);

#endif
