/* SPDX-License-Identifier: GPL-2.0-or-later */
/* endpoint.h owns where an image can be had, and what is needed to be let in there. */
#ifndef XRUN_REGISTRY_ENDPOINT_H
#define XRUN_REGISTRY_ENDPOINT_H

#include "src/base/err.h"
#include "src/base/str.h"

/* Texts are owned; NULL: there is none. */
struct endpoint {
	char *registry;   /* host[:port] by the name that people use: "docker.io" */
	char *repository; /* what the image is called there */
	bool insecure;    /* plain HTTP, and certificates that nobody vouches for, are good enough */
	char *username, *password;
	char *identity_token; /* instead of a password: an OAuth 2 refresh token */
	char *ca, *certificate, *key; /* PEM: who else vouches for the registry; who we are */
};

/* In the order in which they are tried: mirrors, then the registry itself. */
struct endpoints {
	struct endpoint *items;
	size_t count;
};

/* A new, empty one at the end, valid until the next call. */
struct endpoint *endpoints_add(struct endpoints *endpoints);
void endpoints_done(struct endpoints *endpoints);
#define cleanup_endpoints __attribute__((cleanup(endpoints_done)))

/* As text, to be passed to xrun-fetch: NUL-terminated KEY=VALUE, "registry" first in each. Read back: the same. */
void endpoints_write(const struct endpoints *endpoints, struct buf *text);
int endpoints_read(const char *text, size_t len, struct endpoints *ret_endpoints, struct err *err);

#endif
