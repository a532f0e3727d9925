/* SPDX-License-Identifier: GPL-2.0-or-later */
/* credentials.h owns which login a user has for a registry, and keeping one. */
#ifndef XRUN_ACCESS_CREDENTIALS_H
#define XRUN_ACCESS_CREDENTIALS_H

#include "src/access/authfile.h"

/*
 * The first of the user's files (paths.h) that has a login for this host[:port], to the letter, says which. A file that
 * cannot be read, or a helper that fails, is an error: nothing else is tried in its place, least of all a login for
 * another registry (CVE-2021-41092). `helpers` (registries.conf, credential-helpers) are asked in this order, of which
 * "containers-auth.json" means the files; empty: those alone. 1: there is one; 0: there is none.
 */
int credentials_find(const char *authfile, const struct strv *helpers, const char *registry, const char *repository,
	struct login *ret_login, struct err *err);

/*
 * Keeps it in the file for logins, or with the helper that the file names. With a repository it is for what lies at or below that, which no
 * helper can keep: an error. *ret_where: which; the caller's.
 */
int credentials_keep(const char *authfile, const char *registry, const char *repository, const struct login *login, char **ret_where,
	struct err *err);

/* Removes it from every file that has it, that for the repository alone if there is one; -ENOENT if none had. *ret_where: the last one. */
int credentials_drop(const char *authfile, const char *registry, const char *repository, char **ret_where, struct err *err);

/* Removes every login from every such file, and what helpers keep for it. How many there were. */
int credentials_drop_all(const char *authfile, struct err *err);

#endif
