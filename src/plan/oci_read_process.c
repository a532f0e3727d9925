/* SPDX-License-Identifier: GPL-2.0-or-later */
/* oci_read_process.c owns reading the "process" of an engine's config.json. Pure. */
#include "src/plan/oci_read.h"

#include "src/plan/capability.h"
#include "src/plan/ulimit.h"

#include <errno.h>
#include <string.h>

enum { MAX_GROUPS = 65536 }; /* NGROUPS_MAX */

static void read_user(struct oci_reader *o, const json_t *process, struct engine_user *user)
{
	const json_t *object = oci_object(o, process, "user");
	int64_t uid = 0, gid = 0, mask = 0;
	o->where = "process.user";
	oci_number(o, object, "uid", 0, UINT32_MAX - 1, &uid);
	oci_number(o, object, "gid", 0, UINT32_MAX - 1, &gid);
	user->uid = uid;
	user->gid = gid;
	user->has_umask = oci_number(o, object, "umask", 0, 0777, &mask);
	user->umask = mask;
	const json_t *groups = json_object_get(object, "additionalGids");
	if (groups && !json_is_null(groups) && (!json_is_array(groups) || json_array_size(groups) > MAX_GROUPS))
		oci_refuse(o, "additionalGids is no list of at most %d", MAX_GROUPS);
	for (size_t i = 0; o->r == 0 && i < json_array_size(groups); i++) {
		const json_t *group = json_array_get(groups, i);
		if (!json_is_integer(group) || json_integer_value(group) < 0 || json_integer_value(group) >= UINT32_MAX) {
			oci_refuse(o, "additionalGids is no list of numbers");
			return;
		}
		user->groups = mem_grow(user->groups, user->group_count + 1, sizeof *user->groups);
		user->groups[user->group_count++] = json_integer_value(group);
	}
}

/* Those that there are. config.md: of others the runtime warns, and goes on without them. */
static uint64_t read_set(struct oci_reader *o, const json_t *object, const char *key, struct strv *warnings)
{
	cleanup_strv struct strv names = { 0 };
	uint64_t bits = 0, one;
	oci_texts(o, object, key, &names);
	for (size_t i = 0; o->r == 0 && i < names.len; i++) {
		if (!str_starts(names.items[i], "CAP_") || !capability_by_name(names.items[i], &one) || str_eq(names.items[i], "CAP_ALL"))
			strv_take(warnings, str_fmt("process.capabilities.%s: unknown cap \"%s\" is left out", key, names.items[i]));
		else
			bits |= one;
	}
	return bits;
}

/*
 * capabilities(7): what is not both can be no ambient one. Where config.json has no inheritable ones at all, nobody expects any: engines gave
 * those up (CVE-2022-24769), and some name the ambient ones still, podman build and buildah in every step, whose output our stderr is.
 */
static void check_ambient(const struct engine_capabilities *sets, struct strv *warnings)
{
	const uint64_t out = sets->inheritable ? sets->ambient & ~(sets->permitted & sets->inheritable) : 0;
	cleanup_buf struct buf names = { 0 };
	for (int i = 0; capability_name(i); i++)
		if (out >> i & 1)
			buf_fmt(&names, "%sCAP_%s", names.len ? ", " : "", capability_name(i));
	if (names.len)
		strv_take(warnings, str_fmt("can't raise ambient capability %s: not both permitted and inheritable", names.data));
}

/* Nothing said: no capability at all, as in other runtimes. */
static void read_capabilities(struct oci_reader *o, const json_t *process, struct spec *spec)
{
	const json_t *object = oci_object(o, process, "capabilities");
	struct strv *warnings = &spec->engine->warnings;
	o->where = "process.capabilities";
	spec->engine->has_capabilities = object;
	spec->engine->capabilities = (struct engine_capabilities){
		.bounding = read_set(o, object, "bounding", warnings), .effective = read_set(o, object, "effective", warnings),
		.permitted = read_set(o, object, "permitted", warnings), .inheritable = read_set(o, object, "inheritable", warnings),
		.ambient = read_set(o, object, "ambient", warnings),
	};
	check_ambient(&spec->engine->capabilities, warnings);
	spec->capabilities = spec->engine->capabilities.bounding;
}

static void read_rlimits(struct oci_reader *o, const json_t *process, struct spec_isolation *isolation)
{
	const json_t *list = oci_array(o, process, "rlimits");
	o->where = "process.rlimits";
	isolation->ulimit_count = 0;
	for (size_t i = 0; o->r == 0 && i < json_array_size(list); i++) {
		const json_t *item = json_array_get(list, i);
		struct spec_ulimit limit = { 0 };
		const char *type = oci_need_text(o, item, "type");
		limit.resource = ulimit_by_type(type);
		if (limit.resource < 0)
			oci_refuse(o, "invalid rlimit \"%s\"", type);
		for (size_t seen = 0; seen < isolation->ulimit_count; seen++)
			if (isolation->ulimits[seen].resource == limit.resource)
				oci_refuse(o, "%s is there twice", type);
		if (!oci_unsigned(o, item, "soft", &limit.soft) || !oci_unsigned(o, item, "hard", &limit.hard))
			oci_refuse(o, "%s lacks soft or hard", type);
		if (limit.soft > limit.hard)
			oci_refuse(o, "%s: the soft limit is above the hard one", type);
		if (o->r == 0)
			ulimit_set(isolation, &limit);
	}
}

/* As setpriority's and ioprio_set's own numbers: linux/ioprio.h. */
static void read_io_priority(struct oci_reader *o, const json_t *process, struct spec_engine *engine)
{
	static const char *const classes[] = { "", "IOPRIO_CLASS_RT", "IOPRIO_CLASS_BE", "IOPRIO_CLASS_IDLE" };
	const json_t *object = oci_object(o, process, "ioPriority");
	int64_t priority = 0;
	o->where = "process.ioPriority";
	if (!object)
		return;
	const char *class = oci_need_text(o, object, "class");
	for (int i = 1; i < 4; i++)
		if (str_eq(classes[i], class))
			engine->io_class = i;
	if (!engine->io_class)
		oci_refuse(o, "unknown class \"%s\"", class);
	oci_number(o, object, "priority", 0, 7, &priority);
	engine->io_priority = (int)priority;
}

/* Of a variable that is there twice the last one counts, and is there once: programs disagree about which of them they take. */
static void read_environment(struct oci_reader *o, const json_t *process, struct strv *ret_env)
{
	cleanup_strv struct strv words = { 0 };
	oci_texts(o, process, "env", &words);
	for (size_t i = 0; i < words.len; i++)
		if (strchr(words.items[i], '='))
			strv_env_set(ret_env, words.items[i]);
		else
			strv_add(ret_env, words.items[i]);
}

static void read_words(struct oci_reader *o, const json_t *process, struct spec *spec)
{
	o->where = "process";
	oci_texts(o, process, "args", &spec->args);
	read_environment(o, process, &spec->env);
	if (o->r == 0 && (spec->args.len == 0))
		oci_refuse(o, "args is empty");
	spec->cwd = str_dup(oci_need_text(o, process, "cwd"));
	if (o->r == 0 && spec->cwd[0] != '/')
		oci_refuse(o, "cwd %s is no absolute path", spec->cwd);
}

static void read_console(struct oci_reader *o, const json_t *process, struct spec *spec)
{
	const json_t *size = oci_object(o, process, "consoleSize");
	int64_t height = 0, width = 0;
	spec->terminal = oci_flag(o, process, "terminal");
	o->where = "process.consoleSize";
	bool rows = oci_number(o, size, "height", 0, UINT16_MAX, &height), columns = oci_number(o, size, "width", 0, UINT16_MAX, &width);
	spec->engine->has_console_size = rows && columns && spec->terminal;
	spec->engine->rows = height;
	spec->engine->columns = width;
}

static void forget_process(struct spec *spec)
{
	strv_done(&spec->args);
	strv_done(&spec->env);
	free(spec->cwd);
	free(spec->isolation.apparmor);
	free(spec->isolation.label);
	engine_user_done(&spec->engine->user);
	strv_done(&spec->engine->warnings);
	spec->engine->warnings = (struct strv){ 0 };
	spec->args = spec->env = (struct strv){ 0 };
	spec->cwd = spec->isolation.apparmor = spec->isolation.label = NULL;
}

int oci_read_process(json_t *process, struct spec *spec, struct err *err)
{
	struct oci_reader o = { .where = "process", .err = err };
	struct spec_isolation *isolation = &spec->isolation;
	int64_t score = 0;
	forget_process(spec);
	read_words(&o, process, spec);
	read_user(&o, process, &spec->engine->user);
	o.where = "process";
	read_console(&o, process, spec);
	read_capabilities(&o, process, spec);
	o.where = "process";
	read_rlimits(&o, process, isolation);
	read_io_priority(&o, process, spec->engine);
	oci_read_affinity(&o, process, spec->engine);
	o.where = "process";
	oci_read_scheduler(&o, process, &spec->engine->scheduler);
	o.where = "process";
	spec->no_new_privileges = oci_flag(&o, process, "noNewPrivileges");
	isolation->has_oom_score = oci_number(&o, process, "oomScoreAdj", -1000, 1000, &score);
	isolation->oom_score_adj = (int)score;
	const char *profile = oci_text(&o, process, "apparmorProfile"), *label = oci_text(&o, process, "selinuxLabel");
	isolation->apparmor = profile && *profile ? str_dup(profile) : NULL;
	isolation->label = label && *label ? str_dup(label) : NULL;
	return o.r;
}
