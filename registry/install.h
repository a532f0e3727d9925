/* SPDX-License-Identifier: GPL-2.0-or-later */
/* install.h owns turning an image's documents into an image in the store: layers brought, unpacked, published, named. */
#ifndef XRUN_REGISTRY_INSTALL_H
#define XRUN_REGISTRY_INSTALL_H

#include "registry/fetch.h"
#include "registry/session.h"
#include "registry/progress.h"
#include "registry/store.h"

/* An image on its way, wherever it comes from: its documents, as they came and as they read. */
struct incoming {
	char *name; /* what it will be called in the store */
	struct buf manifest_text, config_text;
	struct digest manifest_digest;
	struct manifest manifest;
	struct image image; /* what the configuration says */
};
void incoming_done(struct incoming *incoming);

/* Reads config_text, whose digest the caller has checked, and refuses layers of a kind that cannot be unpacked. */
int incoming_read_config(struct incoming *incoming, struct err *err);

/* An image of the store, by its manifest's digest; `name` is for messages. */
int incoming_recall(const struct store *store, const struct digest *manifest, const char *name, struct incoming *ret_incoming,
	struct err *err);

/* What is found when nothing is to be installed, but to be looked at. */
struct install_check {
	bool repair;           /* a layer that differs is replaced, if nobody else has the store open */
	size_t layers;         /* looked at */
	size_t damaged, repaired;
	struct strv findings;  /* lines for people */
};

struct install_options {
	const struct session *session; /* where the blobs come from that the store lacks, */
	const struct fetch_files *files; /* or else these; both NULL: it has them all */
	bool single_id;                /* see layer.h */
	enum progress_style progress;  /* on stderr */
	bool brief;                    /* nothing there if every layer is here already */
	bool made_here;                /* see store.h */
	const char *suffix;            /* of the layers' names; NULL: none. The image is not named anew then */
	const struct strv *notes;      /* lines to show when the image is there, or NULL */
	struct install_check *check;   /* unpack all layers anew, and compare them with those that the store has */
};

/*
 * Brings the layers, verifies and unpacks them, and only then names the image in the store. Nothing is fetched or unpacked
 * that the store already has. Runs as root of a user namespace with its own mount namespace (layers that need those
 * below are applied on an overlay mount).
 */
int install_image(const struct store *store, const struct incoming *incoming, const struct install_options *options,
	struct err *err);

#endif
