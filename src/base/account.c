/* SPDX-License-Identifier: GPL-2.0-or-later */
/* account.c owns what the machine knows of a user. */
#include "src/base/account.h"

#include "src/base/fd.h"
#include "src/base/process.h"
#include "src/base/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NAME, PASSWORD, UID, GID, GECOS, HOME, FIELDS }; /* passwd(5); the shell is left over */

static bool take_line(char *line, uid_t uid, char **ret_name, char **ret_home)
{
	char *fields[FIELDS];
	unsigned long long number;
	for (int i = 0; i < FIELDS; i++)
		if (!(fields[i] = strsep(&line, ":")))
			return false;
	if (!line || !str_to_u64(fields[UID], UINT32_MAX, &number) || number != uid)
		return false;
	*ret_name = str_dup(fields[NAME]);
	*ret_home = str_dup(fields[HOME]);
	return true;
}

static bool find_in_file(uid_t uid, char **ret_name, char **ret_home)
{
	cleanup_file FILE *file = fopen("/etc/passwd", "re");
	cleanup_free char *line = NULL;
	size_t room = 0;
	while (file && getline(&line, &room, file) > 0)
		if (take_line(line, uid, ret_name, ret_home))
			return true;
	return false;
}

static bool ask(uid_t uid, char **ret_name, char **ret_home)
{
	struct err ignored;
	pid_t pid;
	int output_fd;
	cleanup_buf struct buf said = { 0 };
	cleanup_free char *number = str_fmt("%u", uid);
	char *argv[] = { "/usr/bin/getent", "passwd", number, NULL };
	if (process_start(argv, &pid, &output_fd, &ignored) < 0 || process_finish(pid, output_fd, &said, &ignored) != 0)
		return false;
	buf_str(&said, "");
	return take_line(said.data, uid, ret_name, ret_home);
}

bool account_find(uid_t uid, char **ret_name, char **ret_home)
{
	*ret_name = *ret_home = NULL;
	return find_in_file(uid, ret_name, ret_home) || ask(uid, ret_name, ret_home);
}

/* A relative directory means nothing (XDG base directory specification). */
static char *directory(const char *variable)
{
	const char *value = getenv(variable);
	return value && *value == '/' ? str_dup(value) : NULL;
}

char *account_home(void)
{
	char *home = directory("HOME");
	cleanup_free char *name = NULL;
	if (!home)
		account_find(geteuid(), &name, &home);
	return home;
}

char *account_config(void)
{
	char *config = directory("XDG_CONFIG_HOME");
	cleanup_free char *home = config ? NULL : account_home();
	return config || !home ? config : str_fmt("%s/.config", home);
}
