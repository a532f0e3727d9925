/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fuzz_user.c: whom an image's own /etc/passwd and /etc/group make of a name. */
#include "src/runtime/user.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

#define PASSWD "root:x:0:0:root:/root:/bin/sh\n1000:x:0:0::/:\napp:x:1000:1000:,,:/home/app:/bin/sh\nbroken\n:x:5:5::/e:/\n"
#define GROUP "root:x:0:\nstaff:x:50:app,other\nwheel:x:10:notapp\napps:x:1000:app\nbig:x:4294967296:app\n"

/* The wish, passwd, group. */
const unsigned fuzz_rounds = 30000;
FUZZ_SEEDS(SEED("\0" PASSWD "\0" GROUP), SEED("app\0" PASSWD "\0" GROUP), SEED("app:staff\0" PASSWD "\0" GROUP),
	SEED("1000\0" PASSWD "\0" GROUP), SEED("77:88\0" PASSWD "\0" GROUP), SEED(":staff\0" PASSWD "\0" GROUP),
	SEED("2147483647:2147483648\0\0"), SEED("app:\0app:x:1:2"), SEED("a\0a:x:1:2:::\0b:x:3:a,a,,a\nb:x:2:a"))

static void check(const struct user *user, const char *wish)
{
	unsigned long long number;
	cleanup_free char *name = str_ndup(wish, strcspn(wish, ":"));
	CHECK(user->uid <= INT32_MAX && user->gid <= INT32_MAX);
	CHECK(user->group_count >= 1 && user->group_count <= USER_MAX_GROUPS && user->groups[0] == user->gid);
	for (int i = 0; i < user->group_count; i++)
		CHECK(user->groups[i] <= INT32_MAX);
	CHECK(memchr(user->home, 0, sizeof user->home) && !strpbrk(user->home, ":\n"));
	if (str_to_u64(name, INT32_MAX, &number))
		CHECK(user->uid == number);
	if (!*name)
		CHECK(user->uid == 0);
	if (strchr(wish, ':'))
		CHECK(user->group_count == 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = { 0 };
	struct user user;
	cleanup_free char *wish = fuzz_text(&data, &size);
	cleanup_free char *passwd = fuzz_text(&data, &size);
	cleanup_free char *group = fuzz_text(&data, &size);
	int r = user_resolve(wish, passwd, group, &user, &err);
	CHECK(r <= 0 && r == err.code && (r == 0 || *err.text));
	if (r == 0)
		check(&user, wish);
	return 0;
}
