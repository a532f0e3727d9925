/* SPDX-License-Identifier: GPL-2.0-or-later */
/* http.c owns one HTTP request at a time; it is the only file that knows libcurl. */
#include "registry/http.h"
#include "registry/location.h"

#include "src/base/fd.h"
#include "src/base/now.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

enum { CONNECT_SECONDS = 20, STALL_SECONDS = 30, STALL_BYTES = 100 * STALL_SECONDS, MAX_REDIRECTS = 5 };
enum { MAX_HEADERS = 64 << 10, MAX_ERROR = 1 << 20, ERROR_BODY = 4096, CA_LIMIT = 16 << 20 };

struct http {
	CURL *easy;
	char error[CURL_ERROR_SIZE];
	struct buf trusted; /* PEM: who vouches for everybody, and who for trusted_for */
	const struct endpoint *trusted_for;
};

struct transfer {
	struct http *http;
	const struct http_request *request;
	struct http_response *response;
	uint64_t headers; /* bytes, of the whole chain of redirects */
	int failure;      /* from take, or -EFBIG, -ERANGE: */
	const char *excess;
	uint64_t allowed;
	int64_t since_ms;       /* watched since then, */
	uint64_t before, bytes; /* when so many bytes had come; so many have */
	bool stalled;
	bool away;              /* a redirect led to another place */
	uint64_t sent;          /* of the request's body */
};

struct http *http_new(void)
{
	struct http *http = mem_new(sizeof *http);
	http->easy = curl_easy_init();
	if (!http->easy) {
		free(http);
		return NULL;
	}
	curl_easy_setopt(http->easy, CURLOPT_ERRORBUFFER, http->error);
	curl_easy_setopt(http->easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(http->easy, CURLOPT_FOLLOWLOCATION, 0L); /* by hand: libcurl decides otherwise who sees what */
	curl_easy_setopt(http->easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
	curl_easy_setopt(http->easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(http->easy, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS);
	curl_easy_setopt(http->easy, CURLOPT_BUFFERSIZE, 262144L);
	curl_easy_setopt(http->easy, CURLOPT_USERAGENT, "xrun/0.1");
	curl_easy_setopt(http->easy, CURLOPT_NOPROGRESS, 0L);
	if (getenv("SSL_CERT_FILE"))
		curl_easy_setopt(http->easy, CURLOPT_CAINFO, getenv("SSL_CERT_FILE"));
	if (getenv("SSL_CERT_DIR"))
		curl_easy_setopt(http->easy, CURLOPT_CAPATH, getenv("SSL_CERT_DIR"));
	return http;
}

void http_free(struct http *http)
{
	if (!http)
		return;
	curl_easy_cleanup(http->easy);
	buf_done(&http->trusted);
	free(http);
}

void http_response_done(struct http_response *response)
{
	free(response->challenge);
	free(response->digest);
	free(response->location);
	buf_done(&response->body);
	*response = (struct http_response){ 0 };
}

static char *header_value(const char *line, size_t len, const char *name)
{
	size_t n = strlen(name);
	if (len <= n || strncasecmp(line, name, n) != 0 || line[n] != ':')
		return NULL;
	for (n++; n < len && (line[n] == ' ' || line[n] == '\t'); n++)
		;
	while (len > n && (line[len - 1] == '\n' || line[len - 1] == '\r' || line[len - 1] == ' '))
		len--;
	return str_ndup(line + n, len - n);
}

static void keep(char **field, char *value)
{
	if (!value)
		return;
	free(*field);
	*field = value;
}

/* Ends the transfer, because there is more of WHAT than is allowed. */
static size_t refuse(struct transfer *transfer, const char *what, uint64_t allowed)
{
	transfer->failure = -EFBIG;
	transfer->excess = what;
	transfer->allowed = allowed;
	return 0;
}

static size_t take_header(char *line, size_t size, size_t count, void *context)
{
	struct transfer *transfer = context;
	struct http_response *response = transfer->response;
	size_t len = size * count;
	transfer->headers += len;
	transfer->bytes += len;
	if (transfer->headers > MAX_HEADERS)
		return refuse(transfer, "headers", MAX_HEADERS);
	if (len > 5 && memcmp(line, "HTTP/", 5) == 0) /* an interim answer's headers are forgotten */
		http_response_done(response);
	keep(&response->digest, header_value(line, len, "Docker-Content-Digest"));
	keep(&response->location, header_value(line, len, "Location"));
	if (!response->challenge || !strstr(response->challenge, "earer")) /* of several challenges, Bearer */
		keep(&response->challenge, header_value(line, len, "WWW-Authenticate"));
	cleanup_free char *range = header_value(line, len, "Content-Range");
	if (range)
		response->has_range =
			location_parse_range(range, &response->range_from, &response->range_to, &response->range_size);
	return len;
}

/* A part must be the one that was asked for; of a whole, what is here already is passed over. */
static int place(struct transfer *transfer, long status, const char **data, size_t *len)
{
	const struct http_request *request = transfer->request;
	struct http_response *response = transfer->response;
	uint64_t before = response->received;
	response->received += *len;
	if (status == 206) {
		bool right = request->range && response->has_range && response->range_from == request->from;
		if (!right || (response->range_size && response->range_size > request->limit))
			return -ERANGE;
		return response->received + request->from > request->limit ? -EFBIG : 0;
	}
	if (response->received > request->limit)
		return -EFBIG;
	if (before < request->from) {
		size_t here = request->from - before < *len ? request->from - before : *len;
		*data += here;
		*len -= here;
	}
	return 0;
}

static int take_content(struct transfer *transfer, long status, const char *data, size_t len)
{
	int r = place(transfer, status, &data, &len);
	if (r == -EFBIG)
		refuse(transfer, "content", transfer->request->limit);
	if (r < 0 || !len)
		return r;
	if (!transfer->request->take) {
		buf_add(&transfer->response->body, data, len);
		return 0;
	}
	/* As long as that takes, nobody can say that the server sends nothing. */
	int64_t start = now_ms();
	r = transfer->request->take(transfer->request->context, data, len) < 0 ? -ECANCELED : 0;
	transfer->since_ms += now_ms() - start;
	return r;
}

static size_t take_body(char *data, size_t size, size_t count, void *context)
{
	struct transfer *transfer = context;
	struct http_response *response = transfer->response;
	size_t len = size * count;
	long status = 0;
	curl_easy_getinfo(transfer->http->easy, CURLINFO_RESPONSE_CODE, &status);
	transfer->bytes += len;
	if (status == 200 || status == 206) {
		transfer->failure = take_content(transfer, status, data, len);
		return transfer->failure < 0 ? 0 : len;
	}
	response->received += len;
	size_t room = response->body.len < ERROR_BODY ? ERROR_BODY - response->body.len : 0;
	buf_add(&response->body, data, len < room ? len : room);
	return response->received > MAX_ERROR ? refuse(transfer, "an error page", MAX_ERROR) : len;
}

/* The next piece of what is uploaded. What is sent counts as much as what comes: the server is not stalled. */
static size_t give_body(char *data, size_t size, size_t count, void *context)
{
	struct transfer *transfer = context;
	const struct http_request *request = transfer->request;
	size_t room = size * count;
	uint64_t left = request->body_size - transfer->sent;
	ssize_t n = left < room ? (ssize_t)left : (ssize_t)room;
	if (request->body_data)
		memcpy(data, (const char *)request->body_data + transfer->sent, n);
	else
		n = pread(request->body_fd, data, n, (off_t)transfer->sent);
	if (n < 0) {
		transfer->failure = -errno;
		return CURL_READFUNC_ABORT;
	}
	transfer->sent += n;
	transfer->bytes += n;
	return n;
}

/* libcurl calls this whenever something happens, and once a second. */
static int watch(void *context, curl_off_t total, curl_off_t now, curl_off_t upload_total, curl_off_t upload_now)
{
	struct transfer *transfer = context;
	(void)total;
	(void)now;
	(void)upload_total;
	(void)upload_now;
	int64_t at_ms = now_ms();
	if (at_ms - transfer->since_ms < STALL_SECONDS * 1000)
		return 0;
	transfer->stalled = transfer->bytes - transfer->before < STALL_BYTES;
	transfer->since_ms = at_ms;
	transfer->before = transfer->bytes;
	return transfer->stalled;
}

static int explain_curl(CURLcode code, const char *text, struct err *err)
{
	switch (code) {
	case CURLE_SSL_CONNECT_ERROR:
		return err_set(err, -EPROTO, "%s", text);
	case CURLE_SSL_CACERT_BADFILE:
		return err_set(err, -EPROTO, "there are no certificates to verify it with: %s (Debian's package ca-certificates)", text);
	case CURLE_PEER_FAILED_VERIFICATION:
		return err_set(err, -EKEYREJECTED, "the server's certificate is not trusted: %s; --tls-verify=false accepts it", text);
	case CURLE_LOGIN_DENIED:
		return err_set(err, -EREMOTE, "it leads to an address with a user's name in it");
	case CURLE_OUT_OF_MEMORY: /* so libcurl before 8.6 says, too, that a header is longer than 100 KB */
		return err_set(err, -ENOMEM, "a header of the answer is too long, or memory is short");
	case CURLE_OPERATION_TIMEDOUT:
	case CURLE_PARTIAL_FILE:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
	case CURLE_GOT_NOTHING:
	case CURLE_HTTP2_STREAM:
	case CURLE_HTTP2:
		return err_set(err, -EAGAIN, "%s", text);
	default:
		return err_set(err, -EIO, "%s", text);
	}
}

static int explain(const struct http *http, CURLcode code, const struct transfer *transfer, struct err *err)
{
	if (transfer->excess)
		return err_set(err, -EFBIG, "the server sent more than the %llu bytes of %s that are allowed",
			(unsigned long long)transfer->allowed, transfer->excess);
	if (transfer->failure == -ERANGE)
		return err_set(err, -ERANGE, "the server sent another part than the one that was asked for");
	if (transfer->failure < 0)
		return err_set(err, transfer->failure, "the transfer was ended");
	if (transfer->stalled)
		return err_set(err, -EAGAIN, "the server sent %llu bytes in %d seconds",
			(unsigned long long)(transfer->bytes - transfer->before), STALL_SECONDS);
	return explain_curl(code, *http->error ? http->error : curl_easy_strerror(code), err);
}

static bool has_body(const struct http_request *request)
{
	return request->method && !str_eq(request->method, "HEAD");
}

static struct curl_slist *make_headers(const struct http_request *request, bool at_home)
{
	cleanup_free char *accept = request->accept ? str_fmt("Accept: %s", request->accept) : NULL;
	cleanup_free char *auth = request->authorization && at_home ? str_fmt("Authorization: %s", request->authorization) : NULL;
	struct curl_slist *headers = curl_slist_append(NULL, "Accept-Encoding: identity");
	if (accept)
		headers = curl_slist_append(headers, accept);
	if (auth)
		headers = curl_slist_append(headers, auth);
	if (!has_body(request))
		return headers;
	cleanup_free char *type = request->content_type ? str_fmt("Content-Type: %s", request->content_type) : NULL;
	headers = curl_slist_append(headers, "Expect:"); /* no waiting for a word that few servers say */
	return type ? curl_slist_append(headers, type) : headers;
}

/* libcurl takes one text in place of its usual file, so both go into it. */
static int trust(struct http *http, const struct endpoint *endpoint, struct err *err)
{
	const char *file = getenv("SSL_CERT_FILE");
	if (http->trusted_for == endpoint)
		return 0;
	buf_done(&http->trusted);
	http->trusted_for = NULL;
	if (!file)
		curl_easy_getinfo(http->easy, CURLINFO_CAINFO, &file);
	if (file && access(file, R_OK) == 0) {
		int r = fd_read_file(AT_FDCWD, file, CA_LIMIT, &http->trusted, err);
		if (r < 0)
			return r;
		buf_str(&http->trusted, "\n");
	}
	buf_str(&http->trusted, endpoint->ca);
	http->trusted_for = endpoint;
	return 0;
}

static void set_blob(struct http *http, CURLoption option, const char *text)
{
	struct curl_blob blob = { .data = (void *)text, .len = text ? strlen(text) : 0, .flags = CURL_BLOB_COPY };
	curl_easy_setopt(http->easy, option, text ? &blob : NULL);
}

static int set_certificates(struct http *http, const struct endpoint *endpoint, bool at_home, struct err *err)
{
	bool verify = !endpoint || !endpoint->insecure;
	int r = endpoint && endpoint->ca ? trust(http, endpoint, err) : 0;
	if (r < 0)
		return r;
	curl_easy_setopt(http->easy, CURLOPT_SSL_VERIFYPEER, verify ? 1L : 0L);
	curl_easy_setopt(http->easy, CURLOPT_SSL_VERIFYHOST, verify ? 2L : 0L);
	set_blob(http, CURLOPT_CAINFO_BLOB, endpoint && endpoint->ca ? http->trusted.data : NULL);
	set_blob(http, CURLOPT_SSLCERT_BLOB, endpoint && at_home ? endpoint->certificate : NULL);
	set_blob(http, CURLOPT_SSLKEY_BLOB, endpoint && at_home ? endpoint->key : NULL);
	return 0;
}

/* HTTPGET takes back what an earlier request on this connection asked for. */
static void set_method(struct http *http, struct transfer *transfer)
{
	const struct http_request *request = transfer->request;
	curl_easy_setopt(http->easy, CURLOPT_HTTPGET, 1L);
	curl_easy_setopt(http->easy, CURLOPT_CUSTOMREQUEST, NULL);
	if (request->form) {
		curl_easy_setopt(http->easy, CURLOPT_POSTFIELDS, request->form);
	} else if (str_eq(request->method, "HEAD")) {
		curl_easy_setopt(http->easy, CURLOPT_NOBODY, 1L);
	} else if (request->method) {
		transfer->sent = 0;
		curl_easy_setopt(http->easy, CURLOPT_UPLOAD, 1L);
		curl_easy_setopt(http->easy, CURLOPT_CUSTOMREQUEST, request->method);
		curl_easy_setopt(http->easy, CURLOPT_READFUNCTION, give_body);
		curl_easy_setopt(http->easy, CURLOPT_READDATA, transfer);
		curl_easy_setopt(http->easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)request->body_size);
	}
}

static void set_request(struct http *http, struct transfer *transfer, const char *url)
{
	const struct http_request *request = transfer->request;
	cleanup_free char *range =
		request->range && request->from ? str_fmt("%llu-", (unsigned long long)request->from) : NULL;
	curl_easy_setopt(http->easy, CURLOPT_URL, url);
	curl_easy_setopt(http->easy, CURLOPT_PROXY, location_is_loopback(url) ? "" : NULL); /* "": none, whatever the environment says */
	curl_easy_setopt(http->easy, CURLOPT_RANGE, range);
	curl_easy_setopt(http->easy, CURLOPT_PROTOCOLS_STR, "http,https");
	set_method(http, transfer);
	curl_easy_setopt(http->easy, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(http->easy, CURLOPT_HEADERDATA, transfer);
	curl_easy_setopt(http->easy, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(http->easy, CURLOPT_WRITEDATA, transfer);
	curl_easy_setopt(http->easy, CURLOPT_XFERINFOFUNCTION, watch);
	curl_easy_setopt(http->easy, CURLOPT_XFERINFODATA, transfer);
}

/* One request, without following where it leads. */
static int perform(struct http *http, struct transfer *transfer, const char *url, struct err *err)
{
	bool at_home = location_same_place(url, transfer->request->url);
	transfer->away = !at_home;
	int r = set_certificates(http, transfer->request->endpoint, at_home, err);
	if (r < 0)
		return r;
	struct curl_slist *headers = make_headers(transfer->request, at_home);
	http->error[0] = 0;
	transfer->since_ms = now_ms();
	transfer->before = transfer->bytes;
	curl_easy_setopt(http->easy, CURLOPT_HTTPHEADER, headers);
	set_request(http, transfer, url);
	CURLcode code = curl_easy_perform(http->easy);
	curl_easy_setopt(http->easy, CURLOPT_HTTPHEADER, NULL);
	curl_slist_free_all(headers);
	return code == CURLE_OK ? 0 : explain(http, code, transfer, err);
}

/* The address that a redirect leads to; the caller's. NULL: it is none. */
static char *where_to(const struct http *http, const struct http_request *request)
{
	long status = 0;
	char *url = NULL;
	curl_easy_getinfo(http->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(http->easy, CURLINFO_REDIRECT_URL, &url);
	bool redirect = status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
	return redirect && !request->form && !has_body(request) ? str_dup(url) : NULL;
}

static int check_redirect(const struct http_request *request, const char *url, int count, struct err *err)
{
	bool plain = request->allow_plain || str_starts(request->url, "http:");
	if (count > MAX_REDIRECTS)
		return err_set(err, -ELOOP, "it leads on and on: %d redirects were followed", MAX_REDIRECTS);
	if (str_starts(url, "https://") || (plain && str_starts(url, "http://")))
		return 0;
	return err_set(err, -EREMOTE, "it leads to %.300s, which is not %s", url, plain ? "HTTP" : "https");
}

static int follow(struct http *http, struct transfer *transfer, struct err *err)
{
	cleanup_free char *url = str_dup(transfer->request->url);
	for (int count = 1;; count++) {
		int r = perform(http, transfer, url, err);
		char *next = r < 0 ? NULL : where_to(http, transfer->request);
		if (!next)
			return r;
		free(url);
		url = next;
		r = check_redirect(transfer->request, url, count, err);
		if (r < 0)
			return r;
	}
}

int http_get(struct http *http, const struct http_request *request, struct http_response *ret_response, struct err *err)
{
	struct http_response response = { 0 };
	struct transfer transfer = { .http = http, .request = request, .response = &response };
	int r = follow(http, &transfer, err);
	if (r < 0) {
		http_response_done(&response);
		return r;
	}
	long status = 0;
	char *type = NULL;
	curl_off_t retry_after = 0; /* RFC 9110 10.2.3: seconds or a date, which libcurl reads both */
	curl_easy_getinfo(http->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(http->easy, CURLINFO_CONTENT_TYPE, &type);
	curl_easy_getinfo(http->easy, CURLINFO_RETRY_AFTER, &retry_after);
	response.status = (int)status;
	response.elsewhere = transfer.away;
	response.retry_after = retry_after < 0 ? 0 : retry_after > 3600 ? 3600 : (int)retry_after;
	snprintf(response.content_type, sizeof response.content_type, "%.*s", (int)strcspn(type ? type : "", "; "), type ? type : "");
	*ret_response = response;
	return 0;
}
