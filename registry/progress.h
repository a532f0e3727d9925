/* SPDX-License-Identifier: GPL-2.0-or-later */
/* progress.h owns what a pull shows on standard error while it works. Thread-safe. */
#ifndef XRUN_REGISTRY_PROGRESS_H
#define XRUN_REGISTRY_PROGRESS_H

#include "registry/digest.h"

#include <stddef.h>
#include <stdint.h>

enum progress_style { PROGRESS_NONE, PROGRESS_LINES, PROGRESS_BARS };

struct progress;

struct progress *progress_new(enum progress_style style, size_t layers);
void progress_free(struct progress *progress);

/* Layer `i`: its size is known; so many bytes have come; it is done ("unpacked", "already here"). */
void progress_begin(struct progress *progress, size_t i, const struct digest *digest, int64_t size);
void progress_add(struct progress *progress, size_t i, size_t bytes);
void progress_end(struct progress *progress, size_t i, const char *what);

/* A line of its own, with PROGRESS_LINES and PROGRESS_BARS. */
void progress_say(struct progress *progress, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
