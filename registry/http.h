/* SPDX-License-Identifier: GPL-2.0-or-later */
/* http.h owns one HTTP GET at a time, with bounds on everything the server chooses. */
#ifndef XRUN_REGISTRY_HTTP_H
#define XRUN_REGISTRY_HTTP_H

#include "src/base/err.h"
#include "src/base/str.h"

#include <stdbool.h>
#include <stdint.h>

struct http; /* a connection that is kept for the next request; one thread's */
struct http *http_new(void); /* NULL if libcurl cannot start */
void http_free(struct http *http);

struct http_request {
	const char *url;
	const char *accept;        /* media types, or NULL */
	const char *authorization; /* the header's value, or NULL; never sent to another host after a redirect */
	const char *form;          /* a form to POST, or NULL: GET */
	bool allow_plain;          /* redirects may lead to plain HTTP */
	bool insecure;             /* certificates that nobody vouches for are good enough */
	uint64_t limit;            /* bytes of a body with status 200; more is an error */
	/* Takes the body of a 200 in pieces; a negative result ends the transfer. NULL: into response.body. */
	int (*take)(void *context, const void *data, size_t len);
	void *context;
};

struct http_response {
	int status;
	char content_type[128];
	char *challenge;    /* WWW-Authenticate, or NULL */
	char *digest;       /* Docker-Content-Digest, or NULL */
	int retry_after;    /* seconds, 0 if none was named */
	uint64_t received;  /* bytes of the body */
	struct buf body;    /* of a 200 without `take`, or the first 4 KiB of any other status */
};
void http_response_done(struct http_response *response);

/*
 * 0 when the server answered, whatever the status. Negative: it did not, wholly; -EPROTO when TLS was spoken to a server
 * that does not (plain HTTP may be tried), -EAGAIN for faults that may pass (timeouts, resets, cut short).
 */
int http_get(struct http *http, const struct http_request *request, struct http_response *ret_response, struct err *err);

#endif
