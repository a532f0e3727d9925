/* SPDX-License-Identifier: GPL-2.0-or-later */
/* archive.h owns the files of an image archive: read once, front to back, and staged in the store. */
#ifndef XRUN_REGISTRY_ARCHIVE_H
#define XRUN_REGISTRY_ARCHIVE_H

#include "registry/store.h"

/*
 * An archive is a tar of few files (docker-archive, oci-archive), plain or packed with gzip or zstd, from a file or a pipe.
 * Its files are staged under numbers, never under names of its choosing, and hashed on the way. Refused are names
 * that lead elsewhere ("..") or come twice, symlinks where an image layout has none, and everything but files, directories
 * and links. At most 10,000 entries of 64 GiB each are taken.
 */
struct archive_file {
	char *name;    /* without leading "/" and "./" */
	char *link;    /* of a link: the name in the archive that it leads to; otherwise NULL */
	bool is_symlink;
	struct digest digest;
	int64_t size;
};

struct archive_files {
	const struct store *store;
	char dir[32]; /* below staging/ */
	int dir_fd;   /* locked; -1: none */
	struct archive_file *files;
	size_t count;
};
#define ARCHIVE_NONE { .dir_fd = -1 }

/* Reads fd, borrowed, to its end. Runs as root of the id map. */
int archive_stage(const struct store *store, int fd, struct archive_files *ret_files, struct err *err);
void archive_discard(struct archive_files *files);
#define cleanup_archive __attribute__((cleanup(archive_discard)))

/* The file of that name, or NULL; links lead on to a file, at most 8 of them. */
const struct archive_file *archive_find(const struct archive_files *files, const char *name);

/* The file that has these bytes, or NULL. */
const struct archive_file *archive_find_digest(const struct archive_files *files, const struct digest *digest);

/* A descriptor for reading. */
int archive_open(const struct archive_files *files, const struct archive_file *file, struct err *err);

#endif
