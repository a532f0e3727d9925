/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pull.h owns bringing an image from a registry into a store. */
#ifndef XRUN_REGISTRY_PULL_H
#define XRUN_REGISTRY_PULL_H

#include "registry/endpoint.h"
#include "registry/image.h"
#include "registry/progress.h"
#include "registry/reference.h"
#include "registry/store.h"

struct pull_options {
	struct reference reference;
	struct platform platform;    /* the wish */
	bool all_platforms;          /* every one for linux that there is, instead */
	struct endpoints endpoints;  /* where to get it */
	bool single_id;              /* see layer.h */
	enum progress_style progress; /* on stderr */
};

/*
 * Pulls, verifies, unpacks, and only then names the image in the store. Nothing is fetched that the store already
 * has. Runs as root of a user namespace with its own mount namespace (layers that need those below are applied on an
 * overlay mount).
 */
int pull_image(const struct store *store, const struct pull_options *options, struct err *err);

/* Whether the one endpoint lets us in, asked by /v2/: for a login, whose password nobody has tried yet. */
int pull_try_login(const struct endpoints *endpoints, struct err *err);

#endif
