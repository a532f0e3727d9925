/* SPDX-License-Identifier: GPL-2.0-or-later */
/* image.h owns what is known of an image: platform, manifest, configuration (OCI image-spec: config.md, manifest.md). */
#ifndef XRUN_REGISTRY_IMAGE_H
#define XRUN_REGISTRY_IMAGE_H

#include "registry/digest.h"
#include "src/base/err.h"
#include "src/base/str.h"

#include <stdbool.h>
#include <stdint.h>

/* OCI names: "linux", "arm", "v7". An empty variant means none was named. */
struct platform {
	char os[32];
	char arch[32];
	char variant[16];
};

/* "linux/arm/v7"; a static-size result so that messages can use it inline. */
struct platform_text {
	char text[84];
};
struct platform_text platform_text(const struct platform *platform);
bool platform_parse(const char *text, struct platform *ret_platform); /* "linux/arm64[/v8]" or "arm64" */

/*
 * Some builders write an architecture by its other names (x86_64, aarch64), and a variant as a number: becomes what the image
 * specification says, Go's names. What is not known stays as it is.
 */
void platform_normalise(struct platform *platform);

/*
 * How well an image of platform `have` suits the wish `want`: 0 not at all, more is better. Rules: os and arch equal;
 * arm v7 hosts also v6 and v5, best first (a wish without variant means v7); arm64 without variant equals v8; amd64
 * without variant equals v1. Deterministic: on equal scores the first in the index wins.
 */
int platform_score(const struct platform *have, const struct platform *want);

struct image_layer {
	struct digest digest;
	struct digest diff_id;
	char name[DIGEST_HEX + 1]; /* its directory below the store's layers/; empty: not unpacked */
	int64_t size;
	char media_type[128];
};

/* Docker's HEALTHCHECK; times in nanoseconds, 0 where none was given (moby, image/spec). No test: none. */
struct image_health {
	struct strv test; /* "CMD" and an argv, "CMD-SHELL" and a command line, or "NONE" */
	int64_t interval, timeout, start_period, retries;
};

/* An image. Strings that the configuration fills are never NULL; lists may be empty. */
struct image {
	char *reference;        /* full name */
	struct platform platform; /* what the configuration says */
	struct digest manifest;
	struct digest config;
	int64_t size;           /* compressed bytes: configuration and layers */
	char *created;          /* RFC 3339, or "" */
	struct image_layer *layers; /* lowest first */
	size_t layer_count;
	struct strv entrypoint, cmd, env, volumes, labels; /* labels as KEY=VALUE */
	struct image_health health;
	struct strv exposed;    /* ports, as "80/tcp" */
	char *user, *working_dir, *stop_signal;
	bool made_here;         /* by commit or of a directory tree: what else a registry has by its name is a stranger's */
};
void image_done(struct image *image);

struct images {
	struct image *items;
	size_t count;
};
void images_done(struct images *images);
#define cleanup_images __attribute__((cleanup(images_done)))

#endif
