/* SPDX-License-Identifier: GPL-2.0-or-later */
/* access.c owns the plan of where to get an image. */
#include "src/access/access.h"

#include "src/access/certs.h"
#include "src/access/credentials.h"
#include "src/access/registries.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int split_creds(const char *creds, struct login *login, struct err *err)
{
	const char *colon = strchr(creds, ':');
	if (!colon || strpbrk(creds, "\r\n"))
		return err_set(err, -EINVAL, "--creds: write it as USER:PASSWORD");
	login->username = str_ndup(creds, colon - creds);
	login->password = str_dup(colon + 1);
	return 0;
}

static int find_login(const struct endpoint *endpoint, const struct access_options *options, const struct strv *helpers,
	struct login *login, struct err *err)
{
	if (options->creds)
		return split_creds(options->creds, login, err);
	if (options->authfile && access(options->authfile, R_OK) < 0)
		return err_sys(err, "--authfile %s", options->authfile);
	int r = credentials_find(options->authfile, helpers, endpoint->registry, endpoint->repository, login, err);
	return r < 0 ? r : 0;
}

static int open_door(struct endpoint *endpoint, const struct access_options *options, const struct strv *helpers, struct err *err)
{
	struct login login = { 0 };
	int r = find_login(endpoint, options, helpers, &login, err);
	if (r < 0)
		return r;
	endpoint->username = login.username;
	endpoint->password = login.password;
	endpoint->identity_token = login.identity_token;
	endpoint->insecure = endpoint->insecure || !options->tls_verify;
	return certs_read(endpoint, err);
}

/* What was given on the command line is for the registry itself, which is the last: no mirror gets to see it. */
static int open_doors(struct endpoints *endpoints, const struct access_options *options, const struct strv *helpers,
	struct err *err)
{
	struct access_options mirrors = *options;
	mirrors.creds = NULL;
	int r = 0;
	for (size_t i = 0; r == 0 && i < endpoints->count; i++)
		r = open_door(&endpoints->items[i], i + 1 < endpoints->count ? &mirrors : options, helpers, err);
	return r;
}

int access_plan(const char *typed, const struct reference *reference, const struct access_options *options,
	struct endpoints *ret_endpoints, struct err *err)
{
	struct endpoints endpoints = { 0 };
	cleanup_registries struct registries registries = { 0 };
	int r = registries_read(&registries, err);
	if (r == 0)
		r = registries_check_short(&registries, typed, reference, err);
	if (r == 0)
		r = registries_plan(&registries, reference, &endpoints, err);
	if (r == 0)
		r = open_doors(&endpoints, options, &registries.helpers, err);
	if (r < 0)
		endpoints_done(&endpoints);
	else
		*ret_endpoints = endpoints;
	return r;
}

int access_plan_login(const struct reference *registry, const struct access_options *options, struct endpoints *ret_endpoints,
	struct err *err)
{
	struct reference any = *registry;
	if (!*any.repository)
		snprintf(any.repository, sizeof any.repository, "x");
	struct endpoints endpoints = { 0 };
	cleanup_registries struct registries registries = { 0 };
	int r = registries_read(&registries, err);
	if (r == 0)
		r = registries_plan(&registries, &any, &endpoints, err);
	if (r < 0)
		return r;
	struct endpoint *own = endpoints_add(ret_endpoints);
	own->registry = str_dup(registry->registry);
	own->insecure = endpoints.count && endpoints.items[endpoints.count - 1].insecure;
	endpoints_done(&endpoints);
	r = open_door(own, options, &registries.helpers, err);
	if (r < 0)
		endpoints_done(ret_endpoints);
	return r;
}

int access_registry(const char *text, struct reference *ret_reference, struct err *err)
{
	bool url = str_starts(text, "https://");
	cleanup_free char *host = str_dup(url ? text + strlen("https://") : text);
	size_t len = strlen(host);
	if (len && host[len - 1] == '/')
		host[len - 1] = 0;
	char *slash = strchr(host, '/'), *path = slash ? slash + 1 : "x";
	cleanup_free char *name = slash ? str_dup(host) : str_fmt("%s/x", host);
	bool sound = *host && !(url && slash) && !strpbrk(path, ":@");
	int r = sound ? reference_parse(name, ret_reference, err) : -EINVAL;
	if (slash)
		*slash = 0;
	bool same = r == 0 && (strcasecmp(ret_reference->registry, host) == 0 || str_eq(host, "index.docker.io"));
	if (!same)
		return err_set(err, -EINVAL, "\"%.200s\" is not a registry: write it as HOST.DOMAIN or HOST:PORT, or HOST/PATH for a part of it", text);
	snprintf(ret_reference->repository, sizeof ret_reference->repository, "%s", slash ? path : "");
	return 0;
}
