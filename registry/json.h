/* SPDX-License-Identifier: GPL-2.0-or-later */
/* json.h owns reading and writing the registry's and the store's JSON documents. Pure: texts in, structs out. */
#ifndef XRUN_REGISTRY_JSON_H
#define XRUN_REGISTRY_JSON_H

#include "registry/image.h"
#include "src/base/err.h"

#include <stdbool.h>

enum { JSON_LIMIT = 4 << 20, JSON_MAX_LAYERS = 500 }; /* overlayfs takes 500 lower directories at most */

#define MEDIA_INDEX "application/vnd.oci.image.index.v1+json"
#define MEDIA_MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define MEDIA_CONFIG "application/vnd.oci.image.config.v1+json"
#define MEDIA_DOCKER_LIST "application/vnd.docker.distribution.manifest.list.v2+json"
#define MEDIA_DOCKER_MANIFEST "application/vnd.docker.distribution.manifest.v2+json"

struct descriptor {
	char media_type[128];
	struct digest digest;
	int64_t size;
	struct platform platform; /* of index entries; empty os: none was given */
	char *reference;          /* annotation org.opencontainers.image.ref.name, or NULL */
	char *image_name;         /* annotation io.containerd.image.name, which docker's archives have, or NULL */
	char *layer_names;        /* annotation xrun.layers, or NULL: see store.h */
	bool made_here;           /* annotation xrun.made */
};
struct index {
	struct descriptor *entries;
	size_t count;
	size_t passed_over; /* by json_read_offer */
};
void index_done(struct index *index);
void index_drop(struct index *index, size_t i); /* the entry; those after it move up */

/* What a document from a registry is: an index, or one image's manifest. Junk, schema 1 and others: a named refusal. */
enum document { DOCUMENT_INDEX, DOCUMENT_MANIFEST };
int json_document_kind(const char *text, size_t len, const char *content_type, enum document *ret_kind, struct err *err);

int json_read_index(const char *text, size_t len, struct index *ret_index, struct err *err);

/* Somebody's, of which one entry is wanted: those whose digest is sound but of another kind than sha256 are passed over. */
int json_read_offer(const char *text, size_t len, struct index *ret_index, struct err *err);
char *json_write_index(const struct index *index); /* the caller's */

struct manifest {
	char media_type[128];
	struct descriptor config;
	struct descriptor *layers; /* lowest first */
	size_t layer_count;
};
int json_read_manifest(const char *text, size_t len, struct manifest *ret_manifest, struct err *err);
void manifest_done(struct manifest *manifest);
char *json_write_manifest(const struct manifest *manifest); /* the caller's */

/* The file oci-layout: a version that is understood. */
int json_check_layout(const char *text, size_t len, struct err *err);

/* manifest.json of a docker-archive: images by the names of their files in it. */
struct docker_image {
	char *config;
	struct strv names, layers;
};
struct docker_images {
	struct docker_image *items;
	size_t count;
};
int json_read_docker(const char *text, size_t len, struct docker_images *ret_images, struct err *err);
char *json_write_docker(const struct docker_images *images); /* the caller's */
void docker_images_done(struct docker_images *images);

/*
 * Fills what the configuration says: platform, process, and a diff id for each of the manifest's layers (their numbers
 * must agree). Chain ids and the reference are left empty.
 */
int json_read_config(const char *text, size_t len, const struct manifest *manifest, struct image *ret_image,
	struct err *err);

/* The annotation xrun.layers of a container's config.json: the caller's, or NULL. */
int json_read_layer_names(const char *text, size_t len, char **ret_names, struct err *err);

/*
 * The token of an answer from a token server: "token" or "access_token"; the caller's, or NULL. *ret_seconds: how long
 * it lives, a day at most; 0 if that is not said.
 */
char *json_read_token(const char *text, size_t len, int64_t *ret_seconds);

#endif
