/* SPDX-License-Identifier: GPL-2.0-or-later */
/* layout.h owns what image layouts and image archives hold: which images, and their files. Nothing of it is believed. */
#ifndef XRUN_REGISTRY_LAYOUT_H
#define XRUN_REGISTRY_LAYOUT_H

#include "registry/archive.h"
#include "registry/image.h"

/* Where the files are: a directory with an image layout (OCI image-spec image-layout.md), or a staged archive. */
struct layout_files {
	int dir_fd; /* -1: in the archive */
	const struct archive_files *archive;
};

struct layout_image {
	char *name;               /* as the source writes it; NULL: without a name */
	struct digest manifest;
	char *manifest_text;      /* made here, for a docker-archive, which has none; else NULL: a blob */
	struct platform platform; /* an empty os: not said */
	char *refusal;            /* why it cannot be had, which matters to who wants it; else NULL */
	bool other;               /* something else than an image, and passed over unless it is asked for by name; has a refusal */
};
void layout_image_done(struct layout_image *image);
struct layout {
	struct layout_image *images;
	size_t count;
	size_t bytes; /* of names and manifests kept, and of indexes read */
	bool full;
};
void layout_done(struct layout *layout);

/*
 * index.json, and indexes that it leads to. Images whose manifest is not there are left out, attestations as well. What is wrong with an index
 * that an entry leads to is that entry's refusal: there may be others. At most 10,000 images, and 64 MiB of names, manifests and indexes.
 */
int layout_read(const struct layout_files *files, struct layout *ret_layout, struct err *err);

/* manifest.json of a docker-archive (moby, image/spec/v1.2.md, "Combined Image JSON + Filesystem Changeset Format"). */
int layout_read_docker(const struct archive_files *archive, struct layout *ret_layout, struct err *err);

/* Whether there is a docker-archive's manifest.json. */
bool layout_is_docker(const struct layout_files *files);

/* A descriptor for reading a blob, in the form that fetch.h wants (context: struct layout_files). */
int layout_open_blob(const void *files, const struct digest *digest, bool *ret_ours, struct err *err);

/* A document of at most 4 MiB, which has the digest. -ENOENT if there is none. */
int layout_read_blob(const struct layout_files *files, const struct digest *digest, struct buf *ret_text, struct err *err);

#endif
