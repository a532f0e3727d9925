/* SPDX-License-Identifier: GPL-2.0-or-later */
/* http.h owns one HTTP request at a time, with bounds on everything the server chooses. */
#ifndef XRUN_REGISTRY_HTTP_H
#define XRUN_REGISTRY_HTTP_H

#include "registry/endpoint.h"
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
	const char *authorization; /* the header's value, or NULL: for the URL's own scheme, host and port alone */
	const char *form;          /* a form to POST, which no redirect is followed with; NULL: GET, or: */
	const char *method;        /* "HEAD", which is as GET; "POST", "PUT": with a body, and no redirect is followed; NULL: GET */
	const char *content_type;  /* of that body, or NULL */
	int body_fd;               /* a file with it, read from its start; with body_data: not used */
	const void *body_data;
	uint64_t body_size;
	bool allow_plain;          /* redirects may lead to plain HTTP */
	const struct endpoint *endpoint; /* its ca and insecure hold for redirects, too; its certificate for the URL's place alone */
	uint64_t limit;            /* bytes of a body with status 200 or 206; more is an error */
	uint64_t from;             /* so many of them are here: the others alone are taken */
	bool range;                /* ask for those only; otherwise the first ones are passed over */
	/* Takes the body of a 200 or 206 in pieces; a negative result ends the transfer. NULL: into response.body. */
	int (*take)(void *context, const void *data, size_t len);
	void *context;
};

struct http_response {
	int status;
	char content_type[128];
	bool elsewhere;     /* a redirect led to it: another scheme, host or port answered */
	char *challenge;    /* WWW-Authenticate, or NULL */
	char *digest;       /* Docker-Content-Digest, or NULL */
	char *location;     /* Location, or NULL */
	int retry_after;    /* seconds, 0 if none was named */
	bool has_range;     /* Content-Range, of the bytes range_from up to range_to, without it, of range_size (0: not said) */
	uint64_t range_from, range_to, range_size;
	uint64_t received;  /* bytes of the body */
	struct buf body;    /* of a 200 without `take`, or the first 4 KiB of any other status */
};
void http_response_done(struct http_response *response);

/*
 * 0 when the server answered, whatever the status. Negative: it did not, wholly; -EPROTO when TLS was spoken to a server
 * that does not (plain HTTP may be tried), -EAGAIN for faults that may pass (timeouts, resets, cut short), -ERANGE when
 * the part that came is not the part that was asked for, -ECANCELED when `take` ended it. A server that sends fewer than a
 * hundred bytes a second, for half a minute, has stalled.
 */
int http_get(struct http *http, const struct http_request *request, struct http_response *ret_response, struct err *err);

#endif
