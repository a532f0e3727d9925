/* SPDX-License-Identifier: GPL-2.0-or-later */
/* user.c owns turning "name:group" into numbers. Pure: it reads texts, not files. */
#include "src/runtime/user.h"

#include "src/base/str.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { MAX_FIELDS = 7 };

/* One line's colon-separated fields, as slices of the text; the start of the next line or NULL. */
struct line {
	const char *field[MAX_FIELDS];
	int len[MAX_FIELDS];
	int count;
};

static const char *read_line(const char *text, struct line *ret_line)
{
	*ret_line = (struct line){ 0 };
	if (!*text)
		return NULL;
	for (;;) {
		size_t n = strcspn(text, ":\n");
		if (ret_line->count < MAX_FIELDS) {
			ret_line->field[ret_line->count] = text;
			ret_line->len[ret_line->count++] = n;
		}
		text += n;
		if (*text != ':')
			return *text ? text + 1 : text;
		text++;
	}
}

static bool number_of(const char *text, int len, uint32_t *ret_value)
{
	char copy[16];
	unsigned long long value;
	if (len <= 0 || len >= (int)sizeof copy)
		return false;
	memcpy(copy, text, len);
	copy[len] = 0;
	if (!str_to_u64(copy, INT32_MAX, &value))
		return false;
	*ret_value = value;
	return true;
}

static bool field_is(const struct line *line, int i, const char *text)
{
	return i < line->count && (size_t)line->len[i] == strlen(text) && memcmp(line->field[i], text, line->len[i]) == 0;
}

/* A wish in digits is a number first: a passwd line named "1000" must not turn uid 1000 into another. */
static int find_user(const char *wish, const char *passwd, struct user *user, char *ret_name, size_t size, struct err *err)
{
	uint32_t number = 0, uid;
	bool numeric = number_of(wish, strlen(wish), &number);
	struct line line;
	user->uid = number;
	user->gid = 0;
	for (const char *at = passwd; (at = read_line(at, &line));) {
		if (line.count < 4 || !number_of(line.field[2], line.len[2], &uid))
			continue;
		if (numeric ? uid != number : !field_is(&line, 0, wish))
			continue;
		user->uid = uid;
		if (!number_of(line.field[3], line.len[3], &user->gid))
			return err_set(err, -EINVAL, "user %s: its line in /etc/passwd has no valid group", wish);
		snprintf(ret_name, size, "%.*s", line.len[0], line.field[0]);
		if (line.count > 5)
			snprintf(user->home, sizeof user->home, "%.*s", line.len[5], line.field[5]);
		return 0;
	}
	return numeric ? 0 : err_set(err, -ENOENT, "user %s: not in the image's /etc/passwd, and not a valid number", wish);
}

static int find_group(const char *wish, const char *group, uint32_t *ret_gid, struct err *err)
{
	struct line line;
	if (number_of(wish, strlen(wish), ret_gid))
		return 0;
	for (const char *at = group; (at = read_line(at, &line));)
		if (line.count >= 3 && field_is(&line, 0, wish) && number_of(line.field[2], line.len[2], ret_gid))
			return 0;
	return err_set(err, -ENOENT, "group %s: not in the image's /etc/group, and not a valid number", wish);
}

static bool lists_member(const struct line *line, const char *name)
{
	size_t n = strlen(name);
	const char *at = line->field[3], *end = at + line->len[3];
	while (n && at < end) {
		size_t m = strcspn(at, ",:\n");
		if (m == n && memcmp(at, name, n) == 0)
			return true;
		at += m + 1;
	}
	return false;
}

static void add_memberships(const char *name, const char *group, struct user *user)
{
	struct line line;
	uint32_t gid;
	for (const char *at = group; (at = read_line(at, &line));) {
		if (line.count < 4 || !lists_member(&line, name) || !number_of(line.field[2], line.len[2], &gid))
			continue;
		if (gid != user->gid && user->group_count < USER_MAX_GROUPS)
			user->groups[user->group_count++] = gid;
	}
}

int user_resolve(const char *wish, const char *passwd, const char *group, struct user *ret_user, struct err *err)
{
	struct user user = { .home = "/" };
	char name[256] = "";
	cleanup_free char *copy = str_dup(wish);
	char *colon = strchr(copy, ':');
	if (colon)
		*colon++ = 0;
	int r = find_user(*copy ? copy : "0", passwd, &user, name, sizeof name, err);
	if (r == 0 && colon && *colon)
		r = find_group(colon, group, &user.gid, err);
	if (r < 0)
		return r;
	user.groups[user.group_count++] = user.gid;
	if (!colon)
		add_memberships(name, group, &user);
	*ret_user = user;
	return 0;
}

int user_add_group(struct user *user, const char *wish, const char *group, struct err *err)
{
	uint32_t gid = 0;
	int r = find_group(wish, group, &gid, err);
	for (int i = 0; r == 0 && i < user->group_count; i++)
		if (user->groups[i] == gid)
			return 0;
	if (r == 0 && user->group_count == USER_MAX_GROUPS)
		return err_set(err, -EINVAL, "group %s: a user can have %d groups at most", wish, USER_MAX_GROUPS);
	if (r == 0)
		user->groups[user->group_count++] = gid;
	return r;
}

bool user_has_name(const char *text, const char *name)
{
	struct line line;
	for (const char *at = text; (at = read_line(at, &line));)
		if (field_is(&line, 0, name))
			return true;
	return false;
}

bool user_has_number(const char *text, uint32_t number)
{
	struct line line;
	cleanup_free char *wanted = str_fmt("%u", number);
	for (const char *at = text; (at = read_line(at, &line));)
		if (field_is(&line, 2, wanted))
			return true;
	return false;
}
