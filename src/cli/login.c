/* SPDX-License-Identifier: GPL-2.0-or-later */
/* login.c owns `xrun login` and `xrun logout`. */
#include "src/cli/cli.h"

#include "src/access/access.h"
#include "src/access/credentials.h"
#include "src/base/fd.h"
#include "src/cli/prompt.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PASSWORD_LIMIT = 64 << 10 };

struct wish {
	const char *username, *authfile;
	bool password_stdin, tls_verify, all, help;
};

const struct option login_options[] = {
	{ "username", 'u', OPTION_TEXT, offsetof(struct wish, username), "USER", "log in as; asked for otherwise" },
	{ "password-stdin", 0, OPTION_SWITCH, offsetof(struct wish, password_stdin), NULL, "read the password from standard input" },
	{ "authfile", 0, OPTION_TEXT, offsetof(struct wish, authfile), "FILE", "keep the login in this file" },
	{ "tls-verify", 0, OPTION_SWITCH, offsetof(struct wish, tls_verify), NULL, "=false: accept plain HTTP and unknown certificates" },
	{ "help", 'h', OPTION_SWITCH, offsetof(struct wish, help), NULL, "show this" },
	{ 0 },
};

const struct option logout_options[] = {
	{ "all", 'a', OPTION_SWITCH, offsetof(struct wish, all), NULL, "forget every login, what helpers keep for these files, too" },
	{ "authfile", 0, OPTION_TEXT, offsetof(struct wish, authfile), "FILE", "forget it in this file only" },
	{ "help", 'h', OPTION_SWITCH, offsetof(struct wish, help), NULL, "show this" },
	{ 0 },
};

/* All of it but a line's end: a file written by an editor has one, a password none. */
static int read_password(char **ret_password, struct err *err)
{
	cleanup_buf struct buf text = { 0 };
	int r = fd_read_all(0, PASSWORD_LIMIT, &text);
	if (r < 0)
		return err_code(err, r, "cannot read the password");
	while (text.len && strchr("\r\n", text.data[text.len - 1]))
		text.data[--text.len] = 0;
	if (!text.len || strlen(text.data) != text.len || strpbrk(text.data, "\r\n"))
		return err_set(err, -EINVAL, "standard input is not a password, which is one line");
	*ret_password = buf_take(&text);
	return 0;
}

static int get_login(const struct wish *wish, const char *registry, struct login *login, struct err *err)
{
	cleanup_free char *question = str_fmt("Password for %s: ", registry);
	int r = 0;
	if (wish->password_stdin && !wish->username)
		return err_set(err, -EINVAL, "--password-stdin needs --username USER, too");
	login->username = str_dup(wish->username);
	if (!login->username)
		r = prompt_line("Username: ", true, &login->username, err);
	if (r == 0)
		r = wish->password_stdin ? read_password(&login->password, err) : prompt_line(question, false, &login->password, err);
	if (r == 0 && (!login->username || !*login->username || !login->password || !*login->password || strpbrk(login->username, ":\r\n")))
		r = err_set(err, -EINVAL, "a user's name, without a colon, and a password are needed");
	return r;
}

static int try(const struct wish *wish, const struct reference *registry, const struct login *login, struct err *err)
{
	struct idmap map;
	cleanup_endpoints struct endpoints endpoints = { 0 };
	cleanup_free char *creds = str_fmt("%s:%s", login->username, login->password);
	struct access_options options = { .creds = creds, .tls_verify = wish->tls_verify };
	int r = access_plan_login(registry, &options, &endpoints, err);
	if (r == 0)
		r = idmap_plan(&map, err);
	explicit_bzero(creds, strlen(creds));
	return r < 0 ? r : cli_try_login(&endpoints, &map, err);
}

int command_login(const struct globals *globals, int argc, char **argv, struct err *err)
{
	struct wish wish = { .tls_verify = true };
	struct reference registry;
	cleanup_login struct login login = { 0 };
	cleanup_strv struct strv operands = { 0 };
	cleanup_free char *where = NULL;
	(void)globals;
	for (int i = 0; i < argc; i++)
		if (str_starts(argv[i], "-p") || str_starts(argv[i], "--password=") || str_eq(argv[i], "--password"))
			return err_set(err, -EINVAL, "a password among the arguments can be read by other users: use --password-stdin");
	int r = options_parse(login_options, &wish, argc, argv, false, &operands, err);
	if (r < 0)
		return r;
	if (wish.help)
		return cli_print_help("login");
	if (operands.len > 1)
		return err_set(err, -EINVAL, "log in to one registry at a time: %s or %s?", operands.items[0], operands.items[1]);
	if (operands.len == 0 || !*operands.items[0])
		return err_set(err, -EINVAL, "log in to which registry? see xrun login --help");
	r = access_registry(operands.items[0], &registry, err);
	if (r == 0)
		r = get_login(&wish, registry.registry, &login, err);
	if (r == 0)
		r = try(&wish, &registry, &login, err);
	if (r == 0)
		r = credentials_keep(wish.authfile, registry.registry, registry.repository, &login, &where, err);
	if (r == 0)
		printf("Logged in to %s%s%s; the login is kept in %s\n", registry.registry, *registry.repository ? "/" : "", registry.repository,
			where);
	return r;
}

static int log_out_of_all(const struct wish *wish, struct err *err)
{
	int count = credentials_drop_all(wish->authfile, err);
	if (count == 0)
		puts("There was no login");
	else if (count > 0)
		printf("Logged out of all registries; there %s %d login%s\n", count == 1 ? "was" : "were", count, count == 1 ? "" : "s");
	return count < 0 ? count : 0;
}

int command_logout(const struct globals *globals, int argc, char **argv, struct err *err)
{
	struct wish wish = { 0 };
	struct reference registry;
	cleanup_strv struct strv operands = { 0 };
	cleanup_free char *where = NULL;
	(void)globals;
	int r = options_parse(logout_options, &wish, argc, argv, false, &operands, err);
	if (r < 0)
		return r;
	if (wish.help)
		return cli_print_help("logout");
	if (wish.all)
		return operands.len ? err_set(err, -EINVAL, "--all is every registry: leave out %s", operands.items[0]) : log_out_of_all(&wish, err);
	if (operands.len > 1)
		return err_set(err, -EINVAL, "log out of one registry at a time: %s or %s?", operands.items[0], operands.items[1]);
	if (operands.len == 0 || !*operands.items[0])
		return err_set(err, -EINVAL, "log out of which registry? see xrun logout --help");
	r = access_registry(operands.items[0], &registry, err);
	if (r == 0)
		r = credentials_drop(wish.authfile, registry.registry, registry.repository, &where, err);
	if (r == 0)
		printf("Logged out of %s%s%s; the login was in %s\n", registry.registry, *registry.repository ? "/" : "", registry.repository,
			where);
	return r;
}
