/* SPDX-License-Identifier: GPL-2.0-or-later */
/* auth.c owns logging in. */
#include "registry/auth.h"
#include "registry/json.h"
#include "registry/reference.h"

#include "src/base/base64.h"
#include "src/base/now.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* The token specification: without expires_in, a token lives for 60 seconds, and never less. */
enum { TOKEN_LIMIT = 1 << 20, TOKEN_SECONDS = 60 };

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

void authorization_done(struct authorization *authorization)
{
	if (authorization->value)
		explicit_bzero(authorization->value, strlen(authorization->value));
	free(authorization->value);
	*authorization = (struct authorization){ 0 };
}

bool authorization_is_over(const struct authorization *authorization)
{
	return authorization->until_ms && now_ms() >= authorization->until_ms;
}

char *auth_basic(const struct endpoint *endpoint)
{
	cleanup_free char *pair = str_fmt("%s:%s", endpoint->username, endpoint->password);
	cleanup_free char *encoded = base64_encode(pair, strlen(pair));
	return str_fmt("Basic %s", encoded);
}

/* The realm comes from the server. */
static int check_realm(const struct endpoint *endpoint, const char *realm, bool *ret_plain_ok, struct err *err)
{
	bool plain_ok = endpoint->insecure || (reference_host_is_loopback(endpoint->registry) && is_plain_loopback(realm));
	*ret_plain_ok = plain_ok;
	if (!*realm)
		return err_set(err, -EPROTO, "%s wants a token, and names no usable place to get it", endpoint->registry);
	if (!str_starts(realm, "https://") && !(plain_ok && str_starts(realm, "http://")))
		return err_set(err, -EPROTO, "%s asks to log in at %s, which is not https", endpoint->registry, realm);
	return 0;
}

/* Of several rights, those that a token server does not give are left out of the token: it is one all the same. */
static void add_scopes(struct buf *parameters, char *separator, bool post, const struct endpoint *endpoint, const char *actions,
	const char *also)
{
	cleanup_free char *scope = str_fmt("repository:%s:%s%s%s%s", endpoint->repository, actions, post && also ? " repository:" : "",
		post && also ? also : "", post && also ? ":pull" : "");
	add_parameter(parameters, *separator, "scope", scope);
	*separator = '&';
	cleanup_free char *other = also && !post ? str_fmt("repository:%s:pull", also) : NULL;
	if (other)
		add_parameter(parameters, '&', "scope", other);
}

/* Docker's v2 token authentication by GET; with an identity token its OAuth 2 variant, which is a POST. */
static int ask_token(const struct endpoint *endpoint, struct http *http, const struct challenge *challenge, const char *actions,
	const char *also, bool plain_ok, struct http_response *response, struct err *err)
{
	bool post = endpoint->identity_token, login = endpoint->username && endpoint->password && !post;
	cleanup_buf struct buf url = { 0 }, body = { 0 };
	cleanup_free char *authorization = login ? auth_basic(endpoint) : NULL;
	struct buf *parameters = post ? &body : &url;
	buf_str(&url, challenge->realm);
	if (post)
		buf_str(&body, "grant_type=refresh_token&client_id=xrun");
	char separator = post || strchr(challenge->realm, '?') ? '&' : '?';
	if (endpoint->repository)
		add_scopes(parameters, &separator, post, endpoint, actions, also);
	if (*challenge->service) {
		add_parameter(parameters, separator, "service", challenge->service);
		separator = '&';
	}
	if (post)
		add_parameter(parameters, separator, "refresh_token", endpoint->identity_token);
	struct http_request request = { .url = url.data, .authorization = authorization, .allow_plain = plain_ok,
		.endpoint = endpoint, .limit = TOKEN_LIMIT, .form = post ? body.data : NULL };
	int r = http_get(http, &request, response, err);
	if (post)
		explicit_bzero(body.data, body.len);
	return r < 0 ? err_prefix(err, "the token server %s", challenge->realm) : 0;
}

static int judge_token(const struct endpoint *endpoint, const char *realm, const struct http_response *response, const char *token,
	struct err *err)
{
	bool named = endpoint->username || endpoint->identity_token;
	if (response->status == 401 || response->status == 403)
		return err_set(err, -EACCES, "the token server %s refused %s (%d); log in with xrun login or --creds USER:PASSWORD", realm,
			endpoint->username ? endpoint->username : named ? "the login" : "an anonymous user", response->status);
	if (response->status == 429 || response->status >= 500)
		return err_set(err, -EAGAIN, "the token server %s gave no token (status %d)", realm, response->status);
	if (!token || strpbrk(token, "\r\n"))
		return err_set(err, -EPROTO, "the token server %s gave no token (status %d)", realm, response->status);
	return 0;
}

int auth_fetch_token(const struct endpoint *endpoint, struct http *http, const struct challenge *challenge, const char *actions, const char *also,
	struct authorization *authorization, int *ret_retry_after, struct err *err)
{
	struct http_response response = { 0 };
	bool plain_ok;
	int64_t asked_ms = now_ms(), seconds = 0;
	int r = check_realm(endpoint, challenge->realm, &plain_ok, err);
	if (r == 0)
		r = ask_token(endpoint, http, challenge, actions, also, plain_ok, &response, err);
	if (r < 0)
		return r;
	cleanup_free char *token =
		response.status == 200 ? json_read_token(response.body.data, response.body.len, &seconds) : NULL;
	r = judge_token(endpoint, challenge->realm, &response, token, err);
	*ret_retry_after = response.retry_after;
	http_response_done(&response);
	if (r < 0)
		return r;
	authorization_done(authorization);
	authorization->value = str_fmt("Bearer %s", token);
	authorization->until_ms = asked_ms + 1000 * (seconds < TOKEN_SECONDS ? TOKEN_SECONDS : seconds);
	return 0;
}
