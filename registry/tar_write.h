/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tar_write.h owns writing tar archives. */
#ifndef XRUN_REGISTRY_TAR_WRITE_H
#define XRUN_REGISTRY_TAR_WRITE_H

#include "registry/extract.h"
#include "src/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct archive;

/* In the ustar format with pax headers where that does not do. `put` takes the bytes: 0 or a negative errno. */
struct tar_writer {
	struct archive *archive;
	int (*put)(void *context, const void *data, size_t len);
	void *context;
	int failure;
	bool over; /* ended before its time: nothing goes to `put` any more */
};
int tar_writer_open(struct tar_writer *writer, int (*put)(void *context, const void *data, size_t len), void *context,
	struct err *err);
void tar_writer_done(struct tar_writer *writer); /* without ending the archive, or after tar_writer_end: always called */

/* A file of `size` bytes, which tar_writer_data brings; mode 0644, owner 0:0, time 0: the same input gives the same archive. */
int tar_writer_file(struct tar_writer *writer, const char *name, int64_t size, struct err *err);
int tar_writer_data(struct tar_writer *writer, const void *data, size_t len, struct err *err);
int tar_writer_directory(struct tar_writer *writer, const char *name, struct err *err);
int tar_writer_text(struct tar_writer *writer, const char *name, const void *text, size_t len, struct err *err);

/* Whatever a layer may have, as it is; names are bytes. tar_writer_data brings a file's content, which begins after this. */
int tar_writer_entry(struct tar_writer *writer, const struct extract_entry *entry, struct err *err);

int tar_writer_end(struct tar_writer *writer, struct err *err);

#endif
