/* SPDX-License-Identifier: GPL-2.0-or-later */
/* layer.h owns turning one layer's compressed bytes into a verified directory tree. */
#ifndef XRUN_REGISTRY_LAYER_H
#define XRUN_REGISTRY_LAYER_H

#include "registry/digest.h"
#include "registry/flush.h"
#include "registry/implicit.h"
#include "registry/stream.h"
#include "src/base/err.h"

#include <stdbool.h>
#include <stdint.h>

/* As said of a tar archive, whose own bytes count (inflate_recognise); AS_IT_IS: of any bytes, which are left alone. */
enum compression { COMPRESSION_NONE, COMPRESSION_GZIP, COMPRESSION_ZSTD, COMPRESSION_AS_IT_IS };

/* What unpacking met that the caller may want to tell the user. */
struct layer_report {
	uint64_t entries;
	uint64_t bytes;         /* of the tar */
	uint64_t devices;       /* device nodes left out: they cannot be made in a user namespace */
	uint64_t foreign_ids;   /* entries whose owner fell back to root because the id map has a single id */
	bool needs_lower;       /* see layer_unpack */
	bool is_misnamed;       /* compressed in another way than was said */
	bool root_told;         /* it has an entry for its top directory */
	struct implicit implicit; /* directories without an entry of their own; empty with needs_lower */
};
void layer_report_done(struct layer_report *report);

/* What a layer may have unpacked, holes included. */
#define LAYER_MAX_BYTES (64ULL << 30)

struct layer_options {
	struct digest diff_id;      /* what the uncompressed tar must hash to */
	bool single_id;             /* the user namespace maps one id only: owners are dropped and counted */
	bool bottom;                /* the image's lowest layer: nothing lies below, so needs_lower cannot happen */
	uint64_t max_bytes;         /* budget for the tar's bytes; 0: LAYER_MAX_BYTES */
	uint64_t max_entries;       /* budget for entries, and for directories without one; 0: the default, 4,000,000 */
	struct flush *flush;        /* hears what is written, or NULL */
	size_t blocks;              /* of INFLATE_BLOCK bytes, between inflating and writing; 0: INFLATE_BLOCKS */
};

/*
 * Reads compressed bytes from reader 0 of `source` to its end, inflates them, checks the tar against the diff id, and
 * writes its entries below root_fd, an empty directory that becomes one overlayfs lower directory: whiteouts become
 * 0:0 character devices and opaque directories the xattr user.overlay.opaque=y (overlayfs option userxattr,
 * Linux 5.11). The process runs as root of a user namespace that maps the ids it may use; its umask becomes 0.
 * root_fd itself becomes 0:0, 0755, unless the layer has an entry for it: keep its parent 0700.
 *
 * Directories without an entry are made; those in report.implicit are to become like those of the layers below, by
 * implicit_inherit. Some layers cannot be unpacked alone: a hard link whose target is in a layer below, say. Then the whole
 * stream is still read and verified, report.needs_lower is set, and what stands below root_fd is useless: the caller
 * empties it, and calls layer_apply. With options.bottom, missing parents are made for good, and whiteouts are skipped.
 *
 * On failure the stream is aborted. Never follows a link that the layer or anybody else planted; nothing is made
 * outside root_fd.
 */
int layer_unpack(struct stream *source, enum compression compression, const struct layer_options *options, int root_fd,
	struct layer_report *ret_report, struct err *err);

/*
 * The slow and always right way for a layer with needs_lower: merged_fd is the root of a writable overlayfs mount of
 * the layers below with the layer's own directory as upper. blob_fd is the compressed layer, read twice from its
 * start: first removals, then entries. The kernel makes the whiteouts.
 */
int layer_apply(int blob_fd, enum compression compression, const struct layer_options *options, int merged_fd,
	struct layer_report *ret_report, struct err *err);

#endif
