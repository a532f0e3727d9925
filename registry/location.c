/* SPDX-License-Identifier: GPL-2.0-or-later */
/* location.c owns what an address and a part of a body say about their place. */
#include "registry/location.h"
#include "registry/reference.h"

#include "src/base/str.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* "https://host:port" with the port filled in; false if it is not that simple. */
static bool take_place(const char *url, char *ret_place, size_t size)
{
	bool tls = strncasecmp(url, "https://", 8) == 0;
	if (!tls && strncasecmp(url, "http://", 7) != 0)
		return false;
	const char *host = url + (tls ? 8 : 7);
	size_t len = strcspn(host, "/?#\\");
	const char *bracket = memchr(host, ']', len);
	const char *colon = memchr(bracket ? bracket : host, ':', bracket ? len - (bracket - host) : len);
	if (!len || len > 300 || memchr(host, '@', len))
		return false;
	bool port = colon && colon + 1 < host + len;
	int name = (int)(colon ? colon - host : (long)len);
	snprintf(ret_place, size, "%s://%.*s:%.*s", tls ? "https" : "http", name, host, port ? (int)(host + len - colon - 1) : 3,
		port ? colon + 1 : tls ? "443" : "80");
	return true;
}

bool location_same_place(const char *a, const char *b)
{
	char place_a[400], place_b[400];
	return take_place(a, place_a, sizeof place_a) && take_place(b, place_b, sizeof place_b) && strcasecmp(place_a, place_b) == 0;
}

bool location_is_loopback(const char *url)
{
	char place[400];
	if (!take_place(url, place, sizeof place))
		return false;
	for (char *c = place; *c; c++)
		*c = (char)tolower((unsigned char)*c); /* as a reference's registry is */
	return reference_host_is_loopback(strstr(place, "://") + 3);
}

static bool take_number(const char **at, uint64_t *ret_value)
{
	size_t len = strspn(*at, "0123456789");
	cleanup_free char *digits = str_ndup(*at, len);
	unsigned long long value;
	if (len > 19 || !str_to_u64(digits, INT64_MAX, &value))
		return false;
	*at += len;
	*ret_value = value;
	return true;
}

bool location_parse_range(const char *text, uint64_t *ret_from, uint64_t *ret_to, uint64_t *ret_size)
{
	uint64_t from, last, size = 0;
	if (strncasecmp(text, "bytes ", 6) != 0)
		return false;
	text += 6;
	if (!take_number(&text, &from) || *text++ != '-' || !take_number(&text, &last) || *text++ != '/')
		return false;
	bool star = str_eq(text, "*");
	if (!star && (!take_number(&text, &size) || *text || last >= size))
		return false;
	if (last < from)
		return false;
	*ret_from = from;
	*ret_to = last + 1;
	*ret_size = size;
	return true;
}
