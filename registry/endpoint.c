/* SPDX-License-Identifier: GPL-2.0-or-later */
/* endpoint.c owns where an image can be had. */
#include "registry/endpoint.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

static const struct {
	const char *key;
	size_t offset;
} fields[] = {
	{ "registry", offsetof(struct endpoint, registry) },
	{ "repository", offsetof(struct endpoint, repository) },
	{ "username", offsetof(struct endpoint, username) },
	{ "password", offsetof(struct endpoint, password) },
	{ "identity-token", offsetof(struct endpoint, identity_token) },
	{ "ca", offsetof(struct endpoint, ca) },
	{ "certificate", offsetof(struct endpoint, certificate) },
	{ "key", offsetof(struct endpoint, key) },
};
enum { FIELDS = sizeof fields / sizeof *fields };

static char **field(struct endpoint *endpoint, size_t i)
{
	return (char **)((char *)endpoint + fields[i].offset);
}

struct endpoint *endpoints_add(struct endpoints *endpoints)
{
	endpoints->items = mem_grow(endpoints->items, endpoints->count + 1, sizeof *endpoints->items);
	struct endpoint *added = &endpoints->items[endpoints->count++];
	*added = (struct endpoint){ 0 };
	return added;
}

void endpoints_done(struct endpoints *endpoints)
{
	for (size_t i = 0; i < endpoints->count; i++) {
		for (size_t f = 0; f < FIELDS; f++) {
			char **text = field(&endpoints->items[i], f);
			if (*text)
				explicit_bzero(*text, strlen(*text));
			free(*text);
		}
	}
	free(endpoints->items);
	*endpoints = (struct endpoints){ 0 };
}

void endpoints_write(const struct endpoints *endpoints, struct buf *text)
{
	for (size_t i = 0; i < endpoints->count; i++) {
		struct endpoint *endpoint = &endpoints->items[i];
		for (size_t f = 0; f < FIELDS; f++) {
			if (!*field(endpoint, f))
				continue;
			buf_fmt(text, "%s=%s", fields[f].key, *field(endpoint, f));
			buf_add(text, "", 1);
		}
		if (endpoint->insecure)
			buf_add(text, "insecure=", sizeof "insecure=");
	}
}

static int take(const char *line, struct endpoints *endpoints)
{
	size_t key = strcspn(line, "=");
	if (!line[key])
		return -EINVAL;
	if (str_starts(line, "registry="))
		endpoints_add(endpoints);
	if (!endpoints->count)
		return -EINVAL;
	struct endpoint *endpoint = &endpoints->items[endpoints->count - 1];
	if (str_eq(line, "insecure=")) {
		endpoint->insecure = true;
		return 0;
	}
	for (size_t f = 0; f < FIELDS; f++) {
		char **text = field(endpoint, f);
		if (strlen(fields[f].key) != key || memcmp(fields[f].key, line, key) != 0 || *text)
			continue;
		*text = str_dup(line + key + 1);
		return 0;
	}
	return -EINVAL;
}

int endpoints_read(const char *text, size_t len, struct endpoints *ret_endpoints, struct err *err)
{
	struct endpoints endpoints = { 0 };
	int r = len && text[len - 1] == 0 ? 0 : -EINVAL;
	for (size_t at = 0; r == 0 && at < len; at += strlen(text + at) + 1)
		r = take(text + at, &endpoints);
	if (r < 0) {
		endpoints_done(&endpoints);
		return err_set(err, -EINVAL, "there is no saying where to get the image");
	}
	*ret_endpoints = endpoints;
	return 0;
}
