/* SPDX-License-Identifier: GPL-2.0-or-later */
/* reference.h owns image names as people write them. Pure: no I/O. */
#ifndef XRUN_REGISTRY_REFERENCE_H
#define XRUN_REGISTRY_REFERENCE_H

#include "registry/digest.h"
#include "src/base/err.h"

#include <stdbool.h>

/*
 * registry/repository[:tag][@digest], normalised as docker does (distribution reference grammar): no registry means
 * docker.io, a docker.io name without a slash is below library/, no tag and no digest means the tag latest.
 * Sizes are the grammar's limits (name 255, tag 128 characters).
 */
struct reference {
	char registry[256];   /* host[:port], lower case: "docker.io", "127.0.0.1:5000", "[::1]:5000" */
	char repository[256]; /* "library/debian" */
	char tag[129];        /* empty when only a digest was given */
	struct digest digest; /* empty when none was given */
};

/* -EINVAL with err for what is no such name. */
int reference_parse(const char *text, struct reference *ret_reference, struct err *err);

/* The full name, "docker.io/library/debian:12"; with a digest "…@sha256:…". The result is the caller's. */
char *reference_text(const struct reference *reference);

/* The host to talk to: docker.io is served by registry-1.docker.io. */
const char *reference_api_host(const char *registry);

/* Whether host[:port] is this machine: 127.0.0.0/8, ::1 or localhost. */
bool reference_host_is_loopback(const char *host);

#endif
