/* SPDX-License-Identifier: GPL-2.0-or-later */
/* access.h owns the plan of where to get an image, and with what: it reads the files of the user and the machine. */
/*
 * xrun does this, as the caller, just before it starts xrun-fetch, which is in a user namespace where these files
 * cannot be read. Nothing of it happens for an image that is in the store.
 */
#ifndef XRUN_ACCESS_ACCESS_H
#define XRUN_ACCESS_ACCESS_H

#include "registry/endpoint.h"
#include "registry/reference.h"

struct access_options {
	const char *creds;    /* USER:PASSWORD, or NULL: what the files say */
	const char *authfile; /* the only file with credentials, or NULL */
	bool tls_verify;      /* false: plain HTTP and unknown certificates are fine */
};
int access_plan(const char *typed, const struct reference *reference, const struct access_options *options,
	struct endpoints *ret_endpoints, struct err *err);

/* The registry itself, with the login that `creds` has, to find out whether it is let in. */
int access_plan_login(const struct reference *registry, const struct access_options *options, struct endpoints *ret_endpoints,
	struct err *err);

/* HOST[:PORT][/PATH] as people type it to log in: the reference's registry, and PATH, or "", as its repository. */
int access_registry(const char *text, struct reference *ret_reference, struct err *err);

#endif
