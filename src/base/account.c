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

enum { NAME, PASSWORD, ID, GROUP_FIELDS, GECOS = 4, HOME, USER_FIELDS }; /* passwd(5), group(5); shell and members are left over */

/* ret_home is NULL for a group. */
static bool take_line(char *line, uint32_t id, char **ret_name, char **ret_home)
{
	char *fields[USER_FIELDS];
	unsigned long long number;
	for (int i = 0; i < (ret_home ? USER_FIELDS : GROUP_FIELDS); i++)
		if (!(fields[i] = strsep(&line, ":")))
			return false;
	if (!line || !str_to_u64(fields[ID], UINT32_MAX, &number) || number != id)
		return false;
	*ret_name = str_dup(fields[NAME]);
	if (ret_home)
		*ret_home = str_dup(fields[HOME]);
	return true;
}

static bool find_in_file(const char *path, uint32_t id, char **ret_name, char **ret_home)
{
	cleanup_file FILE *file = fopen(path, "re");
	cleanup_free char *line = NULL;
	size_t room = 0;
	while (file && getline(&line, &room, file) > 0)
		if (take_line(line, id, ret_name, ret_home))
			return true;
	return false;
}

static bool ask(char *database, uint32_t id, char **ret_name, char **ret_home)
{
	struct err ignored;
	pid_t pid;
	int output_fd;
	cleanup_buf struct buf said = { 0 };
	cleanup_free char *number = str_fmt("%u", id);
	char *argv[] = { "/usr/bin/getent", database, number, NULL };
	if (process_start(argv, &pid, &output_fd, &ignored) < 0 || process_finish(pid, output_fd, &said, &ignored) != 0)
		return false;
	buf_str(&said, "");
	return take_line(said.data, id, ret_name, ret_home);
}

bool account_find(uid_t uid, char **ret_name, char **ret_home)
{
	*ret_name = *ret_home = NULL;
	return find_in_file("/etc/passwd", uid, ret_name, ret_home) || ask("passwd", uid, ret_name, ret_home);
}

char *account_group(gid_t gid)
{
	char *name = NULL;
	if (!find_in_file("/etc/group", gid, &name, NULL))
		ask("group", gid, &name, NULL);
	return name;
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
