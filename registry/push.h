/* SPDX-License-Identifier: GPL-2.0-or-later */
/* push.h owns publishing images of the store in a registry. */
#ifndef XRUN_REGISTRY_PUSH_H
#define XRUN_REGISTRY_PUSH_H

#include "registry/endpoint.h"
#include "registry/progress.h"
#include "registry/reference.h"
#include "registry/save.h"

struct push_options {
	const struct endpoints *endpoints; /* the last one, the registry itself, is written to */
	struct reference target;           /* with a tag */
	enum progress_style progress;      /* on stderr */
};

/*
 * Sends the blobs that the registry lacks (asked by HEAD; or mounted there from another repository that the store knows an
 * image of), each in one piece; then the manifests; last what the tag names: the manifest, or of several images an
 * index. Prints the digest that the tag has now.
 */
int push_images(const struct store *store, const struct push_options *options, const struct save_image *images, size_t count,
	struct err *err);

#endif
