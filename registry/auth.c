/* SPDX-License-Identifier: GPL-2.0-or-later */
/* auth.c owns a conversation with one registry. */
#include "registry/auth.h"
#include "registry/json.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum { TOKEN_LIMIT = 1 << 20, MAX_TRIES = 4, MAX_WAIT = 60 };

static char *find_field(struct challenge *challenge, const char *key, size_t len, size_t *ret_size)
{
	struct {
		const char *name;
		char *field;
		size_t size;
	} fields[] = {
		{ "realm", challenge->realm, sizeof challenge->realm },
		{ "service", challenge->service, sizeof challenge->service },
		{ "scope", challenge->scope, sizeof challenge->scope },
	};
	for (size_t i = 0; i < 3; i++) {
		if (strlen(fields[i].name) == len && strncasecmp(fields[i].name, key, len) == 0) {
			*ret_size = fields[i].size;
			return fields[i].field;
		}
	}
	return NULL;
}

/* One value, quoted with \-escapes or bare; too long for its field: cut to nothing. Returns where it ends. */
static const char *take_value(const char *at, char *field, size_t size)
{
	size_t n = 0;
	bool quoted = *at == '"';
	for (at += quoted; *at && (quoted ? *at != '"' : !strchr(", \t", *at)); at++) {
		if (quoted && *at == '\\' && at[1])
			at++;
		if (field && n + 1 < size)
			field[n] = *at;
		n++;
	}
	if (field)
		field[n < size ? n : 0] = 0;
	return *at == '"' && quoted ? at + 1 : at;
}

void auth_parse_challenge(const char *text, struct challenge *ret_challenge)
{
	struct challenge challenge = { 0 };
	size_t len = strcspn(text, " \t");
	if (len == 6 && strncasecmp(text, "Bearer", 6) == 0)
		challenge.scheme = CHALLENGE_BEARER;
	else if (len == 5 && strncasecmp(text, "Basic", 5) == 0)
		challenge.scheme = CHALLENGE_BASIC;
	for (const char *at = text + len; *at;) {
		at += strspn(at, ", \t");
		size_t key = strcspn(at, "=, \t"), size = 0;
		if (at[key] != '=') {
			at += key;
			continue;
		}
		char *field = find_field(&challenge, at, key, &size);
		at = take_value(at + key + 1, field, size);
	}
	*ret_challenge = challenge;
}

void session_done(struct session *session)
{
	free(session->authorization);
	session->authorization = NULL;
}

struct session session_copy(const struct session *session)
{
	struct session copy = *session;
	copy.authorization = str_dup(session->authorization);
	return copy;
}

static char *encode_base64(const char *text)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	struct buf out = { 0 };
	size_t len = strlen(text);
	for (size_t i = 0; i < len; i += 3) {
		unsigned word = 0;
		char four[4];
		for (size_t j = 0; j < 3; j++)
			word = word << 8 | (i + j < len ? (unsigned char)text[i + j] : 0);
		for (int j = 0; j < 4; j++)
			four[j] = i + j > len ? '=' : digits[word >> (18 - 6 * j) & 63];
		buf_add(&out, four, 4);
	}
	return buf_take(&out);
}

static char *basic(const struct session *session)
{
	cleanup_free char *pair = str_fmt("%s:%s", session->username, session->password);
	cleanup_free char *encoded = encode_base64(pair);
	return str_fmt("Basic %s", encoded);
}

static void add_parameter(struct buf *url, char separator, const char *key, const char *value)
{
	buf_fmt(url, "%c%s=", separator, key);
	for (; *value; value++) {
		bool plain = (*value >= 'a' && *value <= 'z') || (*value >= 'A' && *value <= 'Z') ||
			     (*value >= '0' && *value <= '9') || strchr("-._~", *value);
		buf_fmt(url, plain ? "%c" : "%%%02X", (unsigned char)*value);
	}
}

/* Plain HTTP, but on this machine. A user's name before the host could be mistaken for it. */
static bool is_plain_loopback(const char *url)
{
	char host[256];
	if (!str_starts(url, "http://"))
		return false;
	url += strlen("http://");
	size_t len = strcspn(url, "/?#");
	snprintf(host, sizeof host, "%.*s", (int)len, url);
	return len < sizeof host && !strchr(host, '@') && reference_host_is_loopback(host);
}

/* The realm comes from the server: credentials go to plain HTTP only where that was agreed to anyway, or on this machine. */
static int fetch_token(struct session *session, struct http *http, const struct challenge *challenge, struct err *err)
{
	struct http_response response = { 0 };
	cleanup_buf struct buf url = { 0 };
	bool plain_ok = !session->tls_verify ||
			(reference_host_is_loopback(session->reference->registry) && is_plain_loopback(challenge->realm));
	if (!*challenge->realm)
		return err_set(err, -EPROTO, "%s wants a token, and names no usable place to get it", session->reference->registry);
	if (!str_starts(challenge->realm, "https://") && !(plain_ok && str_starts(challenge->realm, "http://")))
		return err_set(err, -EPROTO, "%s asks to log in at %s, which is not https", session->reference->registry, challenge->realm);
	cleanup_free char *scope = str_fmt("repository:%s:pull", session->reference->repository);
	cleanup_free char *authorization = session->username ? basic(session) : NULL;
	buf_str(&url, challenge->realm);
	add_parameter(&url, strchr(challenge->realm, '?') ? '&' : '?', "scope", scope);
	if (*challenge->service)
		add_parameter(&url, '&', "service", challenge->service);
	struct http_request request = { .url = url.data, .authorization = authorization, .allow_plain = plain_ok,
		.limit = TOKEN_LIMIT };
	int r = http_get(http, &request, &response, err);
	if (r < 0)
		return err_prefix(err, "the token server %s", challenge->realm);
	cleanup_free char *token = response.status == 200 ? json_read_token(response.body.data, response.body.len) : NULL;
	if (response.status == 401 || response.status == 403)
		r = err_set(err, -EACCES, "the token server %s refused %s (%d); log in with --creds USER:PASSWORD", challenge->realm,
			session->username ? session->username : "an anonymous user", response.status);
	else if (!token || strpbrk(token, "\r\n"))
		r = err_set(err, -EPROTO, "the token server %s gave no token (status %d)", challenge->realm, response.status);
	http_response_done(&response);
	if (r < 0)
		return r;
	free(session->authorization);
	session->authorization = str_fmt("Bearer %s", token);
	return 0;
}

static int denied(const struct session *session, const char *what, int status, struct err *err)
{
	if (session->username)
		return err_set(err, -EACCES, "%s: %s does not let %s in (%d); is the password right, and the image's name?", what,
			session->reference->registry, session->username, status);
	return err_set(err, -EACCES, "%s: %s wants a login (%d); give one with --creds USER:PASSWORD", what,
		session->reference->registry, status);
}

/* After a 401: 0 when there is something new to try. */
static int log_in(struct session *session, struct http *http, const char *text, const char *what, struct err *err)
{
	struct challenge challenge;
	auth_parse_challenge(text ? text : "", &challenge);
	if (challenge.scheme == CHALLENGE_BEARER)
		return fetch_token(session, http, &challenge, err) < 0 ? err_prefix(err, "%s", what) : 0;
	if (challenge.scheme != CHALLENGE_BASIC || !session->username || session->authorization)
		return denied(session, what, 401, err);
	session->authorization = basic(session);
	return 0;
}

/* A loopback registry, or one that need not be verified, may speak plain HTTP: found out once, by trying TLS first. */
static int get_once(struct session *session, struct http *http, const struct session_request *q, struct http_response *response,
	struct err *err)
{
	bool plain_ok = !session->tls_verify || reference_host_is_loopback(session->reference->registry);
	for (;;) {
		cleanup_free char *url = str_fmt("%s://%s/v2/%s/%s", session->plain ? "http" : "https",
			reference_api_host(session->reference), session->reference->repository, q->path);
		struct http_request request = { .url = url, .accept = q->accept, .authorization = session->authorization,
			.allow_plain = plain_ok && session->plain, .limit = q->limit, .take = q->take, .context = q->context };
		int r = http_get(http, &request, response, err);
		if (r == -EPROTO && plain_ok && !session->plain) {
			session->plain = true;
			continue;
		}
		return r < 0 ? err_prefix(err, "%s: cannot get it from %s", q->what, session->reference->registry) : 0;
	}
}

static int judge(const struct session *session, const struct session_request *q, const struct http_response *response,
	struct err *err)
{
	const char *registry = session->reference->registry;
	switch (response->status) {
	case 200:
		return 0;
	case 403:
		return denied(session, q->what, 403, err);
	case 404:
		return err_set(err, -ENOENT, "%s: %s does not have it (404)", q->what, registry);
	case 429:
		return err_set(err, -EBUSY, "%s: %s says too many requests (429); try later, or log in with --creds", q->what, registry);
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

int session_get(struct session *session, struct http *http, const struct session_request *q, struct http_response *ret_response,
	struct err *err)
{
	bool renewed = false;
	for (int tries = 0;; tries++) {
		struct http_response response = { 0 };
		int r = get_once(session, http, q, &response, err);
		if (r == 0 && response.status == 401 && !renewed) {
			renewed = true;
			r = log_in(session, http, response.challenge, q->what, err);
			http_response_done(&response);
			if (r < 0)
				return r;
			tries--;
			continue;
		}
		bool may_pass = r == 0 ? response.status == 429 || response.status >= 500 : r == -EAGAIN;
		if (may_pass && tries + 1 < MAX_TRIES && (!q->take || (q->restart && q->restart(q->context) == 0))) {
			wait_before_retry(tries, response.retry_after);
			http_response_done(&response);
			continue;
		}
		if (r == 0)
			r = response.status == 401 ? denied(session, q->what, 401, err) : judge(session, q, &response, err);
		if (r < 0)
			http_response_done(&response);
		else
			*ret_response = response;
		return r;
	}
}
