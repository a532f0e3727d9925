/* SPDX-License-Identifier: GPL-2.0-or-later */
/* session.c owns a conversation about one image. */
#include "registry/session.h"
#include "registry/reference.h"

#include <errno.h>
#include <string.h>
#include <time.h>

enum { MAX_TRIES = 4, MAX_WAIT = 60 };

static const struct endpoint *endpoint_of(const struct session *session)
{
	return &session->endpoints->items[session->at];
}

const char *session_registry(const struct session *session)
{
	return endpoint_of(session)->registry;
}

void session_done(struct session *session)
{
	authorization_done(&session->authorization);
}

struct session session_copy(const struct session *session)
{
	struct session copy = *session;
	copy.authorization.value = str_dup(session->authorization.value);
	return copy;
}

static int denied(const struct session *session, const char *what, int status, struct err *err)
{
	const struct endpoint *endpoint = endpoint_of(session);
	if (endpoint->username || endpoint->identity_token)
		return err_set(err, -EACCES, "%s: %s does not let %s in (%d); is the password right, and the image's name?", what,
			endpoint->registry, endpoint->username ? endpoint->username : "this login", status);
	return err_set(err, -EACCES, "%s: %s wants a login (%d); give one with xrun login or --creds USER:PASSWORD", what,
		endpoint->registry, status);
}

/* After a 401: 0 when there is something new to try. */
static int log_in(struct session *session, struct http *http, struct http_response *response, const char *what, struct err *err)
{
	const struct endpoint *endpoint = endpoint_of(session);
	auth_parse_challenge(response->challenge ? response->challenge : "", &session->challenge);
	if (session->challenge.scheme == CHALLENGE_BEARER) {
		int r = auth_fetch_token(endpoint, http, &session->challenge, "pull", &session->authorization, &response->retry_after, err);
		return r < 0 ? err_prefix(err, "%s", what) : 0;
	}
	if (session->challenge.scheme != CHALLENGE_BASIC || !endpoint->password || session->authorization.value)
		return denied(session, what, 401, err);
	session->authorization.value = auth_basic(endpoint);
	return 0;
}

/* A token that is over is renewed before it is refused. When that fails, the registry's own answer says what to do. */
static void renew(struct session *session, struct http *http)
{
	struct err ignored = { 0 };
	int retry_after;
	if (!authorization_is_over(&session->authorization))
		return;
	authorization_done(&session->authorization);
	auth_fetch_token(endpoint_of(session), http, &session->challenge, "pull", &session->authorization, &retry_after, &ignored);
}

static char *make_url(const struct session *session, const char *path)
{
	const struct endpoint *endpoint = endpoint_of(session);
	const char *scheme = session->plain ? "http" : "https", *host = reference_api_host(endpoint->registry);
	return path ? str_fmt("%s://%s/v2/%s/%s", scheme, host, endpoint->repository, path) : str_fmt("%s://%s/v2/", scheme, host);
}

/* A loopback registry, or one that need not be verified, may speak plain HTTP: found out once, by trying TLS first. */
static int get_once(struct session *session, struct http *http, const struct session_request *q, struct http_response *response,
	struct err *err)
{
	const struct endpoint *endpoint = endpoint_of(session);
	bool plain_ok = endpoint->insecure || reference_host_is_loopback(endpoint->registry);
	renew(session, http);
	for (;;) {
		cleanup_free char *url = make_url(session, q->path);
		struct http_request request = { .url = url, .accept = q->accept, .authorization = session->authorization.value,
			.allow_plain = plain_ok && session->plain, .insecure = endpoint->insecure, .limit = q->limit, .take = q->take,
			.context = q->context };
		int r = http_get(http, &request, response, err);
		if (r == -EPROTO && plain_ok && !session->plain) {
			session->plain = true;
			continue;
		}
		return r < 0 ? err_prefix(err, "%s: cannot get it from %s", q->what, endpoint->registry) : 0;
	}
}

static int judge(const struct session *session, const struct session_request *q, const struct http_response *response,
	struct err *err)
{
	const char *registry = session_registry(session);
	switch (response->status) {
	case 200:
		return 0;
	case 401:
	case 403:
		return denied(session, q->what, response->status, err);
	case 404:
		return err_set(err, -ENOENT, "%s: %s does not have it (404)", q->what, registry);
	case 429:
		return err_set(err, -EBUSY, "%s: %s says too many requests (429); try later, or log in with xrun login", q->what, registry);
	default:
		return err_set(err, -EPROTO, "%s: %s answered with status %d", q->what, registry, response->status);
	}
}

static void wait_before_retry(int tries, int asked)
{
	int seconds = asked ? asked : 1 << tries;
	struct timespec pause = { .tv_sec = seconds < MAX_WAIT ? seconds : MAX_WAIT };
	nanosleep(&pause, NULL);
}

static bool may_pass(int r, const struct http_response *response)
{
	return r == 0 ? response->status == 429 || response->status >= 500 : r == -EAGAIN;
}

int session_get(struct session *session, struct http *http, const struct session_request *q, struct http_response *ret_response,
	struct err *err)
{
	bool renewed = false;
	for (int tries = 0;; tries++) {
		struct http_response response = { 0 };
		int r = get_once(session, http, q, &response, err);
		if (r == 0 && response.status == 401 && !renewed) {
			r = log_in(session, http, &response, q->what, err);
			renewed = r == 0;
			if (renewed) {
				http_response_done(&response);
				tries--;
				continue;
			}
		}
		if (may_pass(r, &response) && tries + 1 < MAX_TRIES && (!q->take || (q->restart && q->restart(q->context) == 0))) {
			wait_before_retry(tries, response.retry_after);
			http_response_done(&response);
			continue;
		}
		if (r == 0)
			r = judge(session, q, &response, err);
		if (r < 0)
			http_response_done(&response);
		else
			*ret_response = response;
		return r;
	}
}
