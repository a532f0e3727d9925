/* SPDX-License-Identifier: GPL-2.0-or-later */
/* user.h owns turning "name:group" into numbers by the container's own passwd(5) and group(5). */
#ifndef XRUN_RUNTIME_USER_H
#define XRUN_RUNTIME_USER_H

#include "src/base/err.h"

#include <stdbool.h>
#include <stdint.h>

enum { USER_MAX_GROUPS = 64 };
struct user {
	uint32_t uid, gid;
	uint32_t groups[USER_MAX_GROUPS]; /* supplementary, with the primary one first */
	int group_count;
	char home[256];
};

/*
 * Pure. The texts are the files' contents ("" where there are none). Numbers above 2^31-1 and unknown names are errors.
 * No name, as in "" and ":staff", means uid 0.
 */
int user_resolve(const char *wish, const char *passwd, const char *group, struct user *ret_user, struct err *err);

/* One more supplementary group, by its name or number; one that is there already is not added again. Pure. */
int user_add_group(struct user *user, const char *wish, const char *group, struct err *err);

/* Whether a line of either file, passwd(5) or group(5), has the name, or the number. Pure. */
bool user_has_name(const char *text, const char *name);
bool user_has_number(const char *text, uint32_t number);

#endif
