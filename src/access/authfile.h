/* SPDX-License-Identifier: GPL-2.0-or-later */
/* authfile.h owns the JSON of docker's config.json and containers' auth.json. Pure: texts in, texts out. */
#ifndef XRUN_ACCESS_AUTHFILE_H
#define XRUN_ACCESS_AUTHFILE_H

#include "src/base/err.h"
#include "src/base/str.h"

/* Texts are owned; NULL: there is none. */
struct login {
	char *username, *password;
	char *identity_token; /* instead of a password: an OAuth 2 refresh token */
};
void login_done(struct login *login);
#define cleanup_login __attribute__((cleanup(login_done)))
bool login_is_empty(const struct login *login);

/*
 * What a file says about a registry (containers-auth.json(5); docker's cli/config). A key of "auths" is meant when it
 * is host[:port] to the letter, or that and a part of the repository's path, or, as docker writes it, a URL of nothing
 * but that host. The longest counts. docker.io is index.docker.io is https://index.docker.io/v1/.
 */
struct authfile {
	char *helper;      /* the program docker-credential-HELPER is to be asked; NULL */
	bool helper_alone; /* it is this registry's own: the file itself holds nothing for it */
	struct login login;
};
int authfile_read(const char *text, size_t len, const char *registry, const char *repository, struct authfile *ret_file,
	struct err *err);
void authfile_done(struct authfile *file);

/*
 * The file's new text with this login for the registry, or (NULL) none; everything else stays. With a repository it is for what lies at or
 * below it. `docker`: keys as docker has them. Without a login a registry of NULL is every one. How many logins it takes the place of.
 */
int authfile_write(const char *text, size_t len, const char *registry, const char *repository, const struct login *login, bool docker,
	char **ret_text, struct err *err);

/* Which helpers keep logins for a file: "credHelpers" as HELPER SERVER HELPER SERVER..., and "credsStore", or NULL. */
int authfile_read_helpers(const char *text, size_t len, struct strv *ret_pairs, char **ret_store, struct err *err);

/* The servers of a helper's answer to "list". */
int authfile_read_list(const char *text, size_t len, struct strv *ret_servers, struct err *err);

/* The answer and the question of a credential helper, docker-credential-helpers' JSON. */
int authfile_read_helper(const char *text, size_t len, struct login *ret_login, struct err *err);
char *authfile_write_helper(const char *server, const struct login *login);

#endif
