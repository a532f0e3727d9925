/* SPDX-License-Identifier: GPL-2.0-or-later */
/* http.c owns one HTTP GET at a time; it is the only file that knows libcurl. */
#include "registry/http.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { CONNECT_SECONDS = 20, STALL_SECONDS = 30, MAX_REDIRECTS = 5 };
enum { MAX_HEADERS = 64 << 10, MAX_ERROR = 1 << 20, ERROR_BODY = 4096 };

struct http {
	CURL *easy;
	char error[CURL_ERROR_SIZE];
};

struct transfer {
	struct http *http;
	const struct http_request *request;
	struct http_response *response;
	uint64_t headers; /* bytes, of the whole chain of redirects */
	int failure;      /* from take, or -EFBIG: */
	const char *excess;
	uint64_t allowed;
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
	curl_easy_setopt(http->easy, CURLOPT_FOLLOWLOCATION, 1L);
	curl_easy_setopt(http->easy, CURLOPT_MAXREDIRS, (long)MAX_REDIRECTS);
	curl_easy_setopt(http->easy, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS);
	curl_easy_setopt(http->easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(http->easy, CURLOPT_LOW_SPEED_TIME, (long)STALL_SECONDS);
	curl_easy_setopt(http->easy, CURLOPT_BUFFERSIZE, 262144L);
	curl_easy_setopt(http->easy, CURLOPT_USERAGENT, "xrun/0.1");
	if (getenv("SSL_CERT_FILE"))
		curl_easy_setopt(http->easy, CURLOPT_CAINFO, getenv("SSL_CERT_FILE"));
	if (getenv("SSL_CERT_DIR"))
		curl_easy_setopt(http->easy, CURLOPT_CAPATH, getenv("SSL_CERT_DIR"));
	return http;
}

void http_free(struct http *http)
{
	if (http)
		curl_easy_cleanup(http->easy);
	free(http);
}

void http_response_done(struct http_response *response)
{
	free(response->challenge);
	free(response->digest);
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

/* Every answer of a chain of redirects comes by here: a new status line forgets the last one's headers. */
static size_t take_header(char *line, size_t size, size_t count, void *context)
{
	struct transfer *transfer = context;
	struct http_response *response = transfer->response;
	size_t len = size * count;
	transfer->headers += len;
	if (transfer->headers > MAX_HEADERS)
		return refuse(transfer, "headers", MAX_HEADERS);
	if (len > 5 && memcmp(line, "HTTP/", 5) == 0)
		http_response_done(response);
	keep(&response->digest, header_value(line, len, "Docker-Content-Digest"));
	if (!response->challenge || !strstr(response->challenge, "earer")) /* of several challenges, Bearer */
		keep(&response->challenge, header_value(line, len, "WWW-Authenticate"));
	cleanup_free char *after = header_value(line, len, "Retry-After");
	unsigned long long seconds;
	if (after && str_to_u64(after, 3600, &seconds))
		response->retry_after = (int)seconds;
	return len;
}

static size_t take_body(char *data, size_t size, size_t count, void *context)
{
	struct transfer *transfer = context;
	struct http_response *response = transfer->response;
	size_t len = size * count;
	long status = 0;
	curl_easy_getinfo(transfer->http->easy, CURLINFO_RESPONSE_CODE, &status);
	response->received += len;
	if (status != 200) {
		size_t room = response->body.len < ERROR_BODY ? ERROR_BODY - response->body.len : 0;
		buf_add(&response->body, data, len < room ? len : room);
		return response->received > MAX_ERROR ? refuse(transfer, "an error page", MAX_ERROR) : len;
	}
	if (response->received > transfer->request->limit)
		return refuse(transfer, "content", transfer->request->limit);
	if (!transfer->request->take) {
		buf_add(&response->body, data, len);
		return len;
	}
	transfer->failure = transfer->request->take(transfer->request->context, data, len);
	return transfer->failure < 0 ? 0 : len;
}

static int explain(const struct http *http, CURLcode code, const struct transfer *transfer, struct err *err)
{
	const char *text = *http->error ? http->error : curl_easy_strerror(code);
	if (transfer->excess)
		return err_set(err, -EFBIG, "the server sent more than the %llu bytes of %s that are allowed",
			(unsigned long long)transfer->allowed, transfer->excess);
	if (transfer->failure < 0)
		return err_set(err, transfer->failure, "the transfer was ended");
	switch (code) {
	case CURLE_SSL_CONNECT_ERROR:
		return err_set(err, -EPROTO, "%s", text);
	case CURLE_SSL_CACERT_BADFILE:
		return err_set(err, -EPROTO, "there are no certificates to verify it with: %s (Debian's package ca-certificates)", text);
	case CURLE_PEER_FAILED_VERIFICATION:
		return err_set(err, -EKEYREJECTED, "the server's certificate is not trusted: %s; --tls-verify=false accepts it", text);
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

static struct curl_slist *make_headers(const struct http_request *request)
{
	cleanup_free char *accept = request->accept ? str_fmt("Accept: %s", request->accept) : NULL;
	cleanup_free char *auth = request->authorization ? str_fmt("Authorization: %s", request->authorization) : NULL;
	struct curl_slist *headers = curl_slist_append(NULL, "Accept-Encoding: identity");
	if (accept)
		headers = curl_slist_append(headers, accept);
	if (auth)
		headers = curl_slist_append(headers, auth);
	return headers;
}

int http_get(struct http *http, const struct http_request *request, struct http_response *ret_response, struct err *err)
{
	struct http_response response = { 0 };
	struct transfer transfer = { .http = http, .request = request, .response = &response };
	struct curl_slist *headers = make_headers(request);
	bool plain = request->allow_plain || str_starts(request->url, "http:");
	http->error[0] = 0;
	curl_easy_setopt(http->easy, CURLOPT_URL, request->url);
	curl_easy_setopt(http->easy, CURLOPT_SSL_VERIFYPEER, request->insecure ? 0L : 1L);
	curl_easy_setopt(http->easy, CURLOPT_SSL_VERIFYHOST, request->insecure ? 0L : 2L);
	curl_easy_setopt(http->easy, CURLOPT_FOLLOWLOCATION, request->form ? 0L : 1L); /* what a form holds goes nowhere else */
	if (request->form)
		curl_easy_setopt(http->easy, CURLOPT_POSTFIELDS, request->form);
	else
		curl_easy_setopt(http->easy, CURLOPT_HTTPGET, 1L);
	curl_easy_setopt(http->easy, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(http->easy, CURLOPT_PROTOCOLS_STR, plain ? "http,https" : "https");
	curl_easy_setopt(http->easy, CURLOPT_REDIR_PROTOCOLS_STR, plain ? "http,https" : "https");
	curl_easy_setopt(http->easy, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(http->easy, CURLOPT_HEADERDATA, &transfer);
	curl_easy_setopt(http->easy, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(http->easy, CURLOPT_WRITEDATA, &transfer);
	CURLcode code = curl_easy_perform(http->easy);
	curl_slist_free_all(headers);
	long status = 0;
	char *type = NULL;
	curl_easy_getinfo(http->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(http->easy, CURLINFO_CONTENT_TYPE, &type);
	if (code != CURLE_OK) {
		int r = explain(http, code, &transfer, err);
		http_response_done(&response);
		return r;
	}
	response.status = (int)status;
	snprintf(response.content_type, sizeof response.content_type, "%.*s", (int)strcspn(type ? type : "", "; "), type ? type : "");
	*ret_response = response;
	return 0;
}
