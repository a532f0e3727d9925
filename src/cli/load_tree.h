/* SPDX-License-Identifier: GPL-2.0-or-later */
/* load_tree.h owns `xrun load rootfs:DIR NAME`. */
#ifndef XRUN_CLI_LOAD_TREE_H
#define XRUN_CLI_LOAD_TREE_H

#include "registry/source.h"
#include "src/cli/cli.h"

/* The options of `xrun load`. */
struct load_wish {
	const char *input, *arch, *platform, *progress;
	struct strv changes;
	bool replace, quiet, help;
};

/* Makes an image of the directory, whose owners are what they are for `xrun rootfs:DIR` (src/runtime/lower.h). */
int load_tree(const struct globals *globals, const struct load_wish *wish, const struct source *source, const char *name, struct err *err);

#endif
