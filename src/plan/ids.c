/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ids.c owns which ids the caller has in a container. Pure. */
#include "src/plan/parts.h"

#include "src/base/utf8.h"

#include <errno.h>
#include <string.h>

static const char KEEP[] = "keep-id";

bool request_keeps_id(const struct request *q)
{
	return q->userns && str_starts(q->userns, KEEP) && strchr(":", q->userns[strlen(KEEP)]);
}

/* "uid=N", "gid=N"; (uid_t)-1 means nobody to the kernel. */
static int take_id(const char *word, struct spec *spec, struct err *err)
{
	unsigned long long value;
	bool is_uid = str_starts(word, "uid=");
	if ((!is_uid && !str_starts(word, "gid=")) || !str_to_u64(word + 4, UINT32_MAX - 1, &value))
		return err_set(err, -EINVAL, "--userns keep-id: %s: there are uid=N and gid=N", word);
	*(is_uid ? &spec->kept_uid : &spec->kept_gid) = (uint32_t)value;
	return 0;
}

/* What can stand in passwd(5) and config.json. */
static bool is_name(const char *text)
{
	for (const char *c = text; c && *c; c++)
		if ((unsigned char)*c <= ' ' || *c == 0x7f || strchr(":,/", *c))
			return false;
	return text && *text && utf8_is_valid(text, strlen(text));
}

static int keep_id(const struct request *q, struct spec *spec, struct err *err)
{
	cleanup_free char *copy = str_dup(q->userns + strlen(KEEP));
	char *rest = *copy ? copy + 1 : NULL, *word;
	int r = 0;
	spec->kept_uid = q->caller_uid;
	spec->kept_gid = q->caller_gid;
	while (r == 0 && (word = strsep(&rest, ",")))
		r = take_id(word, spec, err);
	if (r == 0 && !q->user) { /* podman-run(1): the user is the one that is kept, whatever the image says */
		free(spec->user);
		spec->user = str_fmt("%u:%u", spec->kept_uid, spec->kept_gid);
	}
	spec->kept_user = str_dup(is_name(q->caller_name) ? q->caller_name : NULL);
	spec->kept_group = str_dup(is_name(q->caller_group) ? q->caller_group : NULL);
	return r;
}

int plan_ids(const struct request *q, struct spec *spec, struct err *err)
{
	if (!q->userns || !*q->userns || str_eq(q->userns, "private"))
		return 0;
	if (request_keeps_id(q))
		return keep_id(q, spec, err);
	if (plan_is_shared(q->userns))
		return plan_shared("userns", q->userns, NAMESPACE_USER, spec, err);
	if (str_eq(q->userns, "host"))
		return err_set(err, -EINVAL, "--userns host: a container always has user namespaces of its own, whose emulators and mounts belong to "
			"them; what root there is called outside does not change what it can do");
	if (str_eq(q->userns, "auto") || str_starts(q->userns, "auto:") || str_eq(q->userns, "nomap"))
		return err_set(err, -EINVAL, "--userns %s: a user's containers have the same subordinate ids, those that the image's files belong to",
			q->userns);
	return err_set(err, -EINVAL, "--userns %s: there are private, keep-id[:uid=N,gid=N] and container:NAME", q->userns);
}

/* What a group may be called, and the list of them in config.json has no commas but between. */
int plan_groups(const struct request *q, struct spec *spec, struct err *err)
{
	for (size_t i = 0; i < q->groups.len; i++) {
		const char *group = q->groups.items[i];
		if (str_eq(group, "keep-groups"))
			return err_set(err, -EINVAL, "--group-add keep-groups: the caller's other groups have no numbers in a container; name groups that its image has");
		if (!is_name(group))
			return err_set(err, -EINVAL, "--group-add \"%s\": write a group's name or number", group);
		strv_add(&spec->groups, group);
	}
	return 0;
}
