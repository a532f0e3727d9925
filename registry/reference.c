/* SPDX-License-Identifier: GPL-2.0-or-later */
/* reference.c owns image names as people write them. */
#include "registry/reference.h"

#include "src/base/str.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool is_alnum_lower(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* The grammar's path component: lower-case words joined by one '.', one or two '_', or any number of '-'. */
static bool component_ok(const char *s, size_t len)
{
	if (!len || !is_alnum_lower(s[0]) || !is_alnum_lower(s[len - 1]))
		return false;
	for (size_t i = 0; i < len; i++) {
		if (is_alnum_lower(s[i]))
			continue;
		const char separator[] = { s[i], 0 };
		size_t run = strspn(s + i, separator), most = s[i] == '-' ? len : s[i] == '_' ? 2 : s[i] == '.' ? 1 : 0;
		if (run > most || !is_alnum_lower(s[i + run]))
			return false;
		i += run - 1;
	}
	return true;
}

static bool repository_ok(const char *s)
{
	for (;;) {
		size_t len = strcspn(s, "/");
		if (!component_ok(s, len))
			return false;
		if (!s[len])
			return true;
		s += len + 1;
	}
}

static bool tag_ok(const char *s)
{
	size_t len = strlen(s);
	if (!len || len > 128 || *s == '.' || *s == '-')
		return false;
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr("._-", *s))
			return false;
	return true;
}

static bool port_ok(const char *s)
{
	unsigned long long port;
	return str_to_u64(s, 65535, &port) && port > 0;
}

/* Labels of letters, digits and inner '-', joined by single dots: a host name or an IPv4 address. */
static bool host_ok(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		bool first = i == 0 || s[i - 1] == '.', last = i + 1 == len || s[i + 1] == '.';
		if (!isalnum((unsigned char)s[i]) && (first || last || (s[i] != '-' && s[i] != '.')))
			return false;
	}
	return len > 0;
}

/* A host, or an IPv6 address in brackets; a port may follow. */
static bool registry_ok(const char *s)
{
	bool bracket = *s == '[';
	size_t len = bracket ? strspn(s + 1, "0123456789abcdefABCDEF:.") : strcspn(s, ":");
	const char *end = s + len + (bracket ? 2 : 0);
	if (bracket ? len == 0 || s[1 + len] != ']' : !host_ok(s, len))
		return false;
	return !*end || (*end == ':' && port_ok(end + 1));
}

/* What docker does: the first component is a registry if it has a dot or a colon, or is localhost. */
static bool names_registry(const char *s, size_t len)
{
	return memchr(s, '.', len) || memchr(s, ':', len) || (len == 9 && memcmp(s, "localhost", 9) == 0);
}

static int bad(const char *text, const char *why, struct err *err)
{
	return err_set(err, -EINVAL, "%.300s: not an image name: %s; write it like debian:12 or ghcr.io/owner/name:tag", text, why);
}

static void lower(char *s)
{
	for (; *s; s++)
		*s = (char)tolower((unsigned char)*s);
}

static int split_registry(char *name, const char *text, struct reference *reference, struct err *err)
{
	const char *registry = "docker.io", *path = name, *prefix = "";
	char *slash = strchr(name, '/');
	if (slash && names_registry(name, slash - name)) {
		*slash = 0;
		lower(name);
		registry = name;
		path = slash + 1;
	}
	if (str_eq(registry, "index.docker.io"))
		registry = "docker.io";
	if (str_eq(registry, "docker.io") && !strchr(path, '/'))
		prefix = "library/";
	if (!registry_ok(registry) || strlen(registry) >= sizeof reference->registry)
		return bad(text, "its registry is not HOST or HOST:PORT", err);
	if (!repository_ok(path) || strlen(prefix) + strlen(path) >= sizeof reference->repository)
		return bad(text, "its path must be lower-case letters, digits and single separators", err);
	snprintf(reference->registry, sizeof reference->registry, "%s", registry);
	snprintf(reference->repository, sizeof reference->repository, "%s%s", prefix, path);
	return 0;
}

int reference_parse(const char *text, struct reference *ret_reference, struct err *err)
{
	struct reference reference = { 0 };
	if (!*text)
		return err_set(err, -EINVAL, "an image's name is wanted, and it is empty; write it like debian:12 or ghcr.io/owner/name:tag");
	if (strstr(text, "://"))
		return bad(text, "its registry stands there without https:// and the like", err);
	if (strlen(text) > 700)
		return bad(text, "it is too long", err);
	cleanup_free char *name = str_dup(text);
	char *at = strchr(name, '@');
	if (at) {
		*at++ = 0;
		if (!digest_parse(at, &reference.digest))
			return bad(text, "its digest is not sha256: and 64 hex digits", err);
	}
	char *slash = strrchr(name, '/');
	char *colon = strchr(slash ? slash : name, ':');
	if (colon) {
		*colon++ = 0;
		if (!tag_ok(colon))
			return bad(text, "its tag must be letters, digits and ._-", err);
		snprintf(reference.tag, sizeof reference.tag, "%s", colon);
	}
	int r = split_registry(name, text, &reference, err);
	if (r < 0)
		return r;
	if (!*reference.tag && !*reference.digest.text)
		snprintf(reference.tag, sizeof reference.tag, "latest");
	*ret_reference = reference;
	return 0;
}

char *reference_text(const struct reference *r)
{
	return str_fmt("%s/%s%s%s%s%s", r->registry, r->repository, *r->tag ? ":" : "", r->tag, *r->digest.text ? "@" : "",
		r->digest.text);
}

const char *reference_api_host(const char *registry)
{
	return str_eq(registry, "docker.io") ? "registry-1.docker.io" : registry;
}

bool reference_host_is_loopback(const char *host)
{
	if (*host == '[')
		return str_eq(host, "[::1]") || str_starts(host, "[::1]:");
	unsigned a, b, c, d;
	char end = 0, name[16];
	size_t len = strcspn(host, ":");
	if (len >= sizeof name) /* longer than 255.255.255.255 */
		return false;
	snprintf(name, sizeof name, "%.*s", (int)len, host);
	if (strspn(name, "0123456789.") != len) /* sscanf would take signs and blanks */
		return str_eq(name, "localhost");
	return sscanf(name, "%3u.%3u.%3u.%3u%c", &a, &b, &c, &d, &end) == 4 && a == 127 && b < 256 && c < 256 && d < 256;
}
