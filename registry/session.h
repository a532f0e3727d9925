/* SPDX-License-Identifier: GPL-2.0-or-later */
/* session.h owns a conversation about one image: which endpoint is asked, logging in, retrying. */
#ifndef XRUN_REGISTRY_SESSION_H
#define XRUN_REGISTRY_SESSION_H

#include "registry/auth.h"

struct session {
	const struct endpoints *endpoints; /* borrowed; at least one */
	const char *actions;               /* what tokens are asked for; NULL: "pull" */
	const char *also;                  /* another repository there that tokens are to be good for reading; NULL: none */
	size_t at;                         /* the one that is asked; those before it have failed */
	bool plain;                        /* it speaks plain HTTP */
	struct challenge challenge;        /* its last; to renew a token that is over without asking in vain */
	struct authorization authorization; /* what worked last there */
};
void session_done(struct session *session);

/* Another thread's copy. */
struct session session_copy(const struct session *session);

/* The registry that is asked, as people call it. */
const char *session_registry(const struct session *session);

/*
 * GETs PATH below /v2/REPOSITORY/ (NULL: /v2/ itself, which says whether we are let in), and logs in when asked to, once.
 *
 * What may pass (429, 5xx, broken and stalled connections) is tried again up to three times, after 1, 2 and 4 seconds or
 * so, or as many as Retry-After says, up to a minute; not when a minute has gone by in tries that brought nothing. When 64 KiB
 * or more have come since, that is counted anew, up to fifty tries in all. What has been taken of a body is not asked for
 * again (Range), or passed over where the server gives it all the same.
 *
 * An endpoint that fails is left for the next one, for good. Only a 200 is success, or the 206 that was asked for;
 * everything else becomes an error that names `what`.
 */
struct session_request {
	const char *path, *accept, *what;
	uint64_t limit; /* of the body; with `take` it is the whole's size */
	int (*take)(void *context, const void *data, size_t len);
	uint64_t (*have)(void *context); /* with `take`: how much has been taken so far */
	void *context;
};
int session_get(struct session *session, struct http *http, const struct session_request *request,
	struct http_response *ret_response, struct err *err);

/*
 * One request other than GET, to the endpoint that is asked: logs in when asked to, and tries again what may pass. Any answer
 * but 401, 403, 429 and 5xx comes back. A body is read anew for each try.
 */
struct session_send {
	const char *method, *what;
	const char *path;         /* below /v2/REPOSITORY/; or NULL, and */
	const char *url;          /* a whole one; credentials go along only if it is at the registry's own place */
	const char *content_type;
	int body_fd;              /* see http.h */
	const void *body_data;
	uint64_t body_size;
};
int session_send(struct session *session, struct http *http, const struct session_send *send, struct http_response *ret_response,
	struct err *err);

/* The whole address that a Location header of the registry's means; the caller's. */
char *session_locate(const struct session *session, const char *location);

#endif
