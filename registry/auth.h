/* SPDX-License-Identifier: GPL-2.0-or-later */
/* auth.h owns a conversation with one registry about one repository: addresses, logging in, retrying. */
#ifndef XRUN_REGISTRY_AUTH_H
#define XRUN_REGISTRY_AUTH_H

#include "registry/http.h"
#include "registry/reference.h"

/* A WWW-Authenticate header (RFC 9110 11.6.1, distribution's token specification). Empty fields were not named. */
struct challenge {
	enum { CHALLENGE_NONE, CHALLENGE_BASIC, CHALLENGE_BEARER } scheme;
	char realm[1024], service[256], scope[512];
};
void auth_parse_challenge(const char *text, struct challenge *ret_challenge); /* pure */

struct session {
	const struct reference *reference;
	const char *username, *password; /* NULL: anonymous */
	bool tls_verify;
	bool plain;          /* this registry speaks plain HTTP */
	char *authorization; /* what worked last; owned */
};
void session_done(struct session *session);

/* Another thread's copy. */
struct session session_copy(const struct session *session);

/*
 * GETs PATH below /v2/REPOSITORY/, logs in when asked to, renews a token once, retries what may pass (429, 5xx, broken
 * connections) up to three times, waiting in between. restart is called before a body is taken anew. Only a 200 is
 * success; everything else becomes an error that names `what`.
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
