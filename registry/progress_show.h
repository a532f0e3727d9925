/* SPDX-License-Identifier: GPL-2.0-or-later */
/* progress_show.h owns how the state of a pull looks. Pure: what there is to show in, text out. */
#ifndef XRUN_REGISTRY_PROGRESS_SHOW_H
#define XRUN_REGISTRY_PROGRESS_SHOW_H

#include "registry/digest.h"
#include "src/base/str.h"

#include <stdint.h>

struct progress_row {
	struct digest digest;
	int64_t size, done;
	const char *what; /* NULL: under way */
	bool begun, is_shown; /* shown: as done, for good */
};

struct progress_total {
	int64_t size, done;
	int64_t rate; /* bytes a second; 0: not known */
};

/* "12.3 MB": decimal, as registries and disks count. */
void progress_text_size(struct buf *text, int64_t bytes);

/* Seconds until it is done at this rate; -1: not known. */
int64_t progress_left(const struct progress_total *total);

/* Without a line's end. A line with a bar has at most `columns` columns. */
void progress_text_row(struct buf *text, const struct progress_row *row, unsigned columns);
void progress_text_total(struct buf *text, const struct progress_total *total, unsigned columns);

/* One object each, without a line's end. */
void progress_json_row(struct buf *text, const struct progress_row *row);
void progress_json_total(struct buf *text, const struct progress_total *total);
void progress_json_message(struct buf *text, const char *message);
void progress_json_image(struct buf *text, const char *name, const char *platform, const struct digest *digest);

#endif
