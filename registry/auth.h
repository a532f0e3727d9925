/* SPDX-License-Identifier: GPL-2.0-or-later */
/* auth.h owns logging in: what a registry asks for, and the value of the header that answers it. */
#ifndef XRUN_REGISTRY_AUTH_H
#define XRUN_REGISTRY_AUTH_H

#include "registry/endpoint.h"
#include "registry/http.h"

/* A WWW-Authenticate header (RFC 9110 11.6.1, distribution's token specification). Empty fields were not named. */
struct challenge {
	enum { CHALLENGE_NONE, CHALLENGE_BASIC, CHALLENGE_BEARER } scheme;
	char realm[1024], service[256], scope[512];
};
void auth_parse_challenge(const char *text, struct challenge *ret_challenge); /* pure */

/* An Authorization header that has been had. */
struct authorization {
	char *value;       /* owned; NULL: none */
	int64_t until_ms;  /* by CLOCK_MONOTONIC, when a token has ended; 0: it does not */
};
void authorization_done(struct authorization *authorization);
bool authorization_is_over(const struct authorization *authorization);

/* Of user and password; the caller's. */
char *auth_basic(const struct endpoint *endpoint);

/*
 * Gets a token for `actions` ("pull") in the endpoint's repository (none: for nothing but being let in), and to read the repository
 * `also` (NULL: no other), from the place that the challenge names. Credentials go to https there, or to plain HTTP where that was agreed to anyway or both
 * are on this machine. -EACCES: it refused; -EAGAIN: it may pass, after so many seconds, if it says.
 */
int auth_fetch_token(const struct endpoint *endpoint, struct http *http, const struct challenge *challenge, const char *actions, const char *also,
	struct authorization *authorization, int *ret_retry_after, struct err *err);

#endif
