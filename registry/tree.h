/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tree.h owns telling a directory's files as a layer's entries (OCI image-spec, layer.md). */
#ifndef XRUN_REGISTRY_TREE_H
#define XRUN_REGISTRY_TREE_H

#include "registry/tar_write.h"
#include "src/base/links.h"

struct tree;

/* What is special of this tree. Either may be NULL; `path` has no leading slash, that of a directory a trailing one in `inside`. */
struct tree_rules {
	/* Before `name` in dir_fd is told: 0, or 1: it is not to be. */
	int (*entry)(struct tree *tree, int dir_fd, const char *name, const char *path, const struct stat *st, struct err *err);
	/* After the directory fd has been told: 0, or 1: what is in it is not to be. */
	int (*inside)(struct tree *tree, int fd, const char *path, struct err *err);
};

/* The caller sets the first three. */
struct tree {
	struct tar_writer *writer;
	const struct tree_rules *rules;
	void *context; /* the rules' own */
	struct links links;
	size_t entries; /* told so far */
	uint64_t bytes; /* of files */
	size_t sockets; /* left out: an archive cannot hold them */
};
void tree_done(struct tree *tree);

/*
 * Everything below fd, each directory's names sorted; times are whole seconds. No link is followed, and only what is a regular file is
 * opened to be read, even if names are swapped meanwhile. Devices keep their numbers.
 */
int tree_write(struct tree *tree, int fd, struct err *err);

/* An entry for the directory fd itself, to be told first. */
int tree_write_top(struct tree *tree, int fd, struct err *err);

/* For rules: an empty file of that name, DIR + PREFIX + NAME, which says that something is gone (whiteouts). */
int tree_write_whiteout(struct tree *tree, const char *dir, const char *prefix, const char *name, struct err *err);

#endif
