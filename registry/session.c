/* SPDX-License-Identifier: GPL-2.0-or-later */
/* session.c owns a conversation about one image. */
#include "registry/session.h"
#include "registry/location.h"
#include "registry/reference.h"
#include "src/base/now.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

enum { MAX_TRIES = 4, MAX_TRIES_IN_ALL = 50, MAX_WAIT = 60, MAX_VAIN_MS = 60000, PROGRESS = 64 << 10 };

/* What has been tried of one request at one endpoint. */
struct attempt {
	int tries, in_all;
	int64_t vain_ms;  /* spent in tries that brought nothing */
	uint64_t before;  /* what was had when that was last counted anew */
	bool renewed;     /* logged in anew since */
	bool whole;       /* Range does not work here */
};

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
		return err_set(err, -EACCES, "%s: %s does not let %s in (%d); is the password right, and the name?", what,
			endpoint->registry, endpoint->username ? endpoint->username : "this login", status);
	return err_set(err, -EACCES, "%s: %s wants a login (%d); give one with xrun login or --creds USER:PASSWORD, or is the name wrong?", what,
		endpoint->registry, status);
}

/*
 * After a 401: 0 when there is something new to try. Where a redirect led, nobody is told who we are, nor believed where to say so
 * (CVE-2020-15157).
 */
static int log_in(struct session *session, struct http *http, struct http_response *response, const char *what, struct err *err)
{
	const struct endpoint *endpoint = endpoint_of(session);
	if (response->elsewhere)
		return err_set(err, -EACCES, "%s: %s sends us to another server, which wants a login of its own (401)", what, endpoint->registry);
	auth_parse_challenge(response->challenge ? response->challenge : "", &session->challenge);
	if (session->challenge.scheme == CHALLENGE_BEARER) {
		int r = auth_fetch_token(endpoint, http, &session->challenge, session->actions ? session->actions : "pull", session->also,
			&session->authorization, &response->retry_after, err);
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
	auth_fetch_token(endpoint_of(session), http, &session->challenge, session->actions ? session->actions : "pull", session->also,
			&session->authorization, &retry_after, &ignored);
}

static char *make_url(const struct session *session, const char *path)
{
	const struct endpoint *endpoint = endpoint_of(session);
	const char *scheme = session->plain ? "http" : "https", *host = reference_api_host(endpoint->registry);
	return path ? str_fmt("%s://%s/v2/%s/%s", scheme, host, endpoint->repository, path) : str_fmt("%s://%s/v2/", scheme, host);
}

static uint64_t taken(const struct session_request *q)
{
	return q->have ? q->have(q->context) : 0;
}

/* A loopback registry, or one that need not be verified, may speak plain HTTP: found out once, by trying TLS first. */
static int get_once(struct session *session, struct http *http, const struct session_request *q, bool range,
	struct http_response *response, struct err *err)
{
	const struct endpoint *endpoint = endpoint_of(session);
	bool plain_ok = endpoint->insecure || reference_host_is_loopback(endpoint->registry);
	renew(session, http);
	for (;;) {
		cleanup_free char *url = make_url(session, q->path);
		struct http_request request = { .url = url, .accept = q->accept, .authorization = session->authorization.value,
			.allow_plain = plain_ok && session->plain, .endpoint = endpoint, .limit = q->limit, .take = q->take,
			.from = taken(q), .range = range, .context = q->context };
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
	case 206:
		return err_set(err, -EPROTO, "%s: %s sent a part of it, unasked, or less than it has (206)", q->what, registry);
	case 429:
		return err_set(err, -EBUSY, "%s: %s says too many requests (429); try later, or log in with xrun login", q->what, registry);
	default:
		return err_set(err, -EPROTO, "%s: %s answered with status %d%s", q->what, registry, response->status,
			response->status >= 500 ? ", its own fault; try later" : "");
	}
}

/* A quarter more or less than a power of two, so that many who were turned away together do not come back together. */
static void wait_before_retry(int tries, int asked)
{
	unsigned char random = 128;
	if (getrandom(&random, 1, GRND_NONBLOCK) != 1)
		random = 128;
	int64_t ms = asked ? (asked < MAX_WAIT ? asked : MAX_WAIT) * 1000LL : (1000LL << tries) * (384 + random) / 512;
	struct timespec pause = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
	nanosleep(&pause, NULL);
}

static bool may_pass(int r, const struct http_response *response)
{
	return r == 0 ? response->status == 429 || response->status >= 500 : r == -EAGAIN;
}

/* Counts a try that has failed; whether there is to be another. */
static bool try_again(struct attempt *attempt, const struct session_request *q, int64_t spent_ms)
{
	uint64_t now = taken(q);
	if (now >= attempt->before + PROGRESS) {
		*attempt = (struct attempt){ .in_all = attempt->in_all, .before = now, .whole = attempt->whole };
	} else {
		attempt->tries++;
		attempt->vain_ms += spent_ms;
	}
	return ++attempt->in_all < MAX_TRIES_IN_ALL && attempt->tries < MAX_TRIES && attempt->vain_ms < MAX_VAIN_MS;
}

/* A part that was asked for may end before the whole does. */
static bool is_all(const struct session_request *q, int r, const struct http_response *response)
{
	return r == 0 && (response->status == 200 || (response->status == 206 && q->have && taken(q) >= q->limit));
}

static bool range_failed(int r, const struct http_response *response)
{
	return r == -ERANGE || (r == 0 && response->status == 416);
}

static int get_from_endpoint(struct session *session, struct http *http, const struct session_request *q,
	struct http_response *response, struct err *err)
{
	struct attempt attempt = { .before = taken(q) };
	for (;;) {
		int64_t start_ms = now_ms();
		uint64_t before = taken(q);
		int r = get_once(session, http, q, !attempt.whole, response, err);
		if (is_all(q, r, response))
			return 0;
		if (r == 0 && response->status == 401 && !attempt.renewed) {
			r = log_in(session, http, response, q->what, err);
			attempt.renewed = r == 0;
			if (attempt.renewed) {
				http_response_done(response);
				continue;
			}
		}
		bool part = r == 0 && response->status == 206 && before > 0;
		bool whole = range_failed(r, response) && !attempt.whole;
		attempt.whole = attempt.whole || whole;
		if ((part || whole || may_pass(r, response)) && try_again(&attempt, q, now_ms() - start_ms)) {
			if (!part && !whole)
				wait_before_retry(attempt.tries ? attempt.tries - 1 : 0, response->retry_after);
			http_response_done(response);
			continue;
		}
		r = r < 0 ? r : judge(session, q, response, err);
		http_response_done(response);
		return r;
	}
}

/* From the disk and from what is being unpacked there is no going to another endpoint. */
static bool is_ours(int r)
{
	return r == -ECANCELED || r == -EFBIG;
}

static void go_to_next(struct session *session)
{
	session_done(session);
	session->plain = false;
	session->challenge = (struct challenge){ 0 };
	session->at++;
}

int session_get(struct session *session, struct http *http, const struct session_request *q, struct http_response *ret_response,
	struct err *err)
{
	cleanup_buf struct buf failed = { 0 };
	for (;;) {
		struct http_response response = { 0 };
		int r = get_from_endpoint(session, http, q, &response, err);
		if (r == 0)
			*ret_response = response;
		if (r == 0 || is_ours(r) || session->at + 1 == session->endpoints->count)
			return r < 0 && failed.len ? err_append(err, " (and before: %s)", failed.data) : r;
		buf_fmt(&failed, "%s%.500s", failed.len ? "; " : "", err->text);
		go_to_next(session);
	}
}

/* Sending. */

char *session_locate(const struct session *session, const char *location)
{
	const char *scheme = session->plain ? "http" : "https", *host = reference_api_host(endpoint_of(session)->registry);
	return *location == '/' ? str_fmt("%s://%s%s", scheme, host, location) : str_dup(location);
}

static int check_place(const struct session *session, const char *url, const char *what, struct err *err)
{
	if (str_starts(url, "https://") || (session->plain && str_starts(url, "http://")))
		return 0;
	return err_set(err, -EREMOTE, "%s: %s leads to %.300s, which is not %s", what, session_registry(session), url,
		session->plain ? "HTTP" : "https");
}

static int send_once(struct session *session, struct http *http, const struct session_send *s, struct http_response *response,
	struct err *err)
{
	enum { ANSWER_LIMIT = 1 << 20 };
	const struct endpoint *endpoint = endpoint_of(session);
	bool plain_ok = endpoint->insecure || reference_host_is_loopback(endpoint->registry);
	renew(session, http);
	for (;;) {
		cleanup_free char *home = make_url(session, s->path), *url = s->url ? str_dup(s->url) : str_dup(home);
		struct http_request request = { .url = url, .method = s->method, .content_type = s->content_type, .endpoint = endpoint,
			.authorization = location_same_place(url, home) ? session->authorization.value : NULL, .limit = ANSWER_LIMIT,
			.allow_plain = plain_ok && session->plain, .body_fd = s->body_fd, .body_data = s->body_data, .body_size = s->body_size };
		int r = check_place(session, url, s->what, err);
		if (r == 0)
			r = http_get(http, &request, response, err);
		if (r != -EPROTO || !plain_ok || session->plain || s->url)
			return r < 0 && r != -EREMOTE ? err_prefix(err, "%s: cannot send it to %s", s->what, endpoint->registry) : r;
		session->plain = true;
	}
}

static int judge_send(const struct session *session, const struct session_send *s, const struct http_response *response, struct err *err)
{
	int status = response->status;
	if (status == 401 || status == 403)
		return denied(session, s->what, status, err);
	if (status == 429 || status >= 500)
		return err_set(err, -EBUSY, "%s: %s answered with status %d; try later", s->what, session_registry(session), status);
	return 0;
}

int session_send(struct session *session, struct http *http, const struct session_send *s, struct http_response *ret_response,
	struct err *err)
{
	bool renewed = false;
	for (int tries = 0;;) {
		struct http_response response = { 0 };
		int r = send_once(session, http, s, &response, err);
		if (r == 0 && response.status == 401 && !renewed) {
			r = log_in(session, http, &response, s->what, err);
			http_response_done(&response);
			if (r < 0)
				return r;
			renewed = true;
			continue;
		}
		if (may_pass(r, &response) && ++tries < MAX_TRIES) {
			wait_before_retry(tries - 1, response.retry_after);
			http_response_done(&response);
			continue;
		}
		r = r < 0 ? r : judge_send(session, s, &response, err);
		if (r < 0)
			http_response_done(&response);
		else
			*ret_response = response;
		return r;
	}
}
