/* SPDX-License-Identifier: GPL-2.0-or-later */
/* progress.h owns what a pull shows on standard error while it works. Thread-safe. */
/*
 * PROGRESS_LINES: a line for each layer that is done, and, where it takes long, one every ten seconds for all of them.
 * PROGRESS_BARS: the layers under way, each with a bar, and a last line for all, drawn anew four times a second.
 * PROGRESS_JSON: objects, a line each, with the member "event": "layer" (digest, size, done, state: downloading, unpacked
 * or already here), "total" (done, size, rate in bytes a second, left in seconds, -1: not known), "image" (name, platform,
 * digest), "message" (text). Sizes are bytes.
 */
#ifndef XRUN_REGISTRY_PROGRESS_H
#define XRUN_REGISTRY_PROGRESS_H

#include "registry/digest.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum progress_style { PROGRESS_NONE, PROGRESS_LINES, PROGRESS_BARS, PROGRESS_JSON };

/* By the name that xrun passes on: none, lines, bars or json. */
bool progress_parse_style(const char *name, enum progress_style *ret_style);

struct progress;

/* `total` is the sum of all layers' sizes. */
struct progress *progress_new(enum progress_style style, size_t layers, int64_t total);
void progress_free(struct progress *progress);

/*
 * Layer `i`: its size is known; so many bytes have come, or (pass) were here already, which tells nothing about the
 * network; it is done ("unpacked", "already here"). Begun again, it starts from nothing.
 */
void progress_begin(struct progress *progress, size_t i, const struct digest *digest, int64_t size);
void progress_add(struct progress *progress, size_t i, size_t bytes);
void progress_pass(struct progress *progress, size_t i, size_t bytes);
void progress_end(struct progress *progress, size_t i, const char *what);

/* A line of its own. */
void progress_say(struct progress *progress, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The image is in the store. */
void progress_image(struct progress *progress, const char *name, const char *platform, const struct digest *digest);

#endif
