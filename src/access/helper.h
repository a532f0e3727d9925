/* SPDX-License-Identifier: GPL-2.0-or-later */
/* helper.h owns talking to credential helpers, docker-credential-NAME. */
/*
 * The protocol is docker-credential-helpers': the command as the only argument, the question on standard input, the
 * answer on standard output. A helper is looked for in PATH and runs as the caller, with the caller's environment and
 * standard error, for a minute at most; its answer has 64 KiB at most. It is never an image's program: no container runs.
 */
#ifndef XRUN_ACCESS_HELPER_H
#define XRUN_ACCESS_HELPER_H

#include "src/access/authfile.h"

/* 1: it knows this server; 0: it says that it does not. Anything else is an error that names the helper. */
int helper_get(const char *name, const char *server, struct login *ret_login, struct err *err);

int helper_store(const char *name, const char *server, const struct login *login, struct err *err);

/* The servers that it has logins for; added. */
int helper_list(const char *name, struct strv *servers, struct err *err);

int helper_erase(const char *name, const char *server, struct err *err); /* unknown to it: fine */

#endif
