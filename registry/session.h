/* SPDX-License-Identifier: GPL-2.0-or-later */
/* session.h owns a conversation about one image: which endpoint is asked, logging in, retrying. */
#ifndef XRUN_REGISTRY_SESSION_H
#define XRUN_REGISTRY_SESSION_H

#include "registry/auth.h"

struct session {
	const struct endpoints *endpoints; /* borrowed; at least one */
	size_t at;                         /* the one that is asked */
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
 * GETs PATH below /v2/REPOSITORY/ (NULL: /v2/ itself, which says whether we are let in), logs in when asked to, renews a
 * token once, retries what may pass (429, 5xx, broken connections) up to three times, waiting in between. restart is
 * called before a body is taken anew. Only a 200 is success; everything else becomes an error that names `what`.
 */
struct session_request {
	const char *path, *accept, *what;
	uint64_t limit;
	int (*take)(void *context, const void *data, size_t len);
	int (*restart)(void *context); /* NULL with `take`: the request is not retried once bytes have come */
	void *context;
};
int session_get(struct session *session, struct http *http, const struct session_request *request,
	struct http_response *ret_response, struct err *err);

#endif
