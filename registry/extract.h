/* SPDX-License-Identifier: GPL-2.0-or-later */
/* extract.h owns writing a layer's entries below a directory. */
#ifndef XRUN_REGISTRY_EXTRACT_H
#define XRUN_REGISTRY_EXTRACT_H

#include "registry/filler.h"
#include "registry/late.h"
#include "registry/layer.h"
#include "registry/metadata.h"
#include "registry/parent.h"
#include "registry/siblings.h"

enum extract_mode {
	EXTRACT_UPPER,    /* into an overlayfs lower directory with others below: whiteouts are made */
	EXTRACT_BOTTOM,   /* into the lowest one: whiteouts are skipped, missing parents made */
	EXTRACT_REMOVALS, /* on the merged tree: only what the layer takes away */
	EXTRACT_MERGED,   /* on the merged tree: only what it brings */
};

struct extract_entry {
	const char *name;
	const char *hardlink; /* target, or NULL */
	const char *symlink;  /* target, or NULL */
	mode_t type;          /* S_IFREG, ...; of no meaning for a hard link */
	int64_t size;
	unsigned major, minor;
	struct metadata metadata;
};

struct extract {
	enum extract_mode mode;
	int root_fd;
	struct metadata_rule rule;
	struct layer_report *report;
	struct parent parent, link_parent;
	uint64_t whiteouts;          /* made so far */
	struct buf late;             /* directories whose mode and time wait for the end */
	void *emptied;               /* directories that opaque whiteouts have emptied: a tree (tsearch(3)) of extract_removal.c's */
	struct buf kept;             /* directories of lower layers whose time is as it was, in the end */
	struct timespec begin;       /* what has a later time was changed by us */
	struct siblings siblings;    /* of the merged tree */
	char path[ENTRY_PATH_MAX];   /* the entry at hand */
	int file_fd;                 /* the file that is being written, or -1 */
	int64_t file_end;            /* the end of what was written of it */
	struct filler *filler;       /* of a tree of its own, not of the merged one */
	bool filling;                /* the file at hand is written by it */
};

/* root_fd is borrowed and may be O_PATH. Sets the process's umask to 0, and root_fd to 0:0, 0755 unless merged. */
int extract_init(struct extract *x, int root_fd, enum extract_mode mode, bool single_id, struct layer_report *report,
	struct err *err);
void extract_done(struct extract *x);
#define cleanup_extract __attribute__((cleanup(extract_done)))

/*
 * Writes one entry. 1: a file whose content extract_write brings and extract_close ends; 0: all done, or
 * report->needs_lower has become true, and then no more calls are useful. Errors name the entry.
 */
int extract_entry(struct extract *x, const struct extract_entry *entry, struct err *err);
int extract_write(struct extract *x, const void *data, size_t len, int64_t offset, struct err *err);
int extract_close(struct extract *x, const struct extract_entry *entry, struct err *err);

/* After the last entry: what had to wait. */
int extract_finish(struct extract *x, struct err *err);

/* Says of a layer's own directory that the layer had no entry for it (OVERLAY_ROOT_UNTOLD). Not through an overlay, which hides such names. */
int extract_mark_untold(int root_fd, struct err *err);

#endif
