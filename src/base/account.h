/* SPDX-License-Identifier: GPL-2.0-or-later */
/* account.h owns what the machine knows of a user. */
#ifndef XRUN_BASE_ACCOUNT_H
#define XRUN_BASE_ACCOUNT_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * The user's name and home: of /etc/passwd (passwd(5)), else what getent(1) says, for users of a directory service. Not
 * getpwuid(3), which loads libraries: xrun is linked statically. Allocated strings; false, and both NULL, when nobody knows.
 */
bool account_find(uid_t uid, char **ret_name, char **ret_home);

/* A group's name, likewise, of /etc/group (group(5)): the caller's, or NULL. */
char *account_group(gid_t gid);

/* HOME, or what is known of the user that we are; the caller's, or NULL. */
char *account_home(void);

/* Where the user's settings are, XDG_CONFIG_HOME or ~/.config; the caller's, or NULL. */
char *account_config(void);

#endif
