/* SPDX-License-Identifier: GPL-2.0-or-later */
/* config_isolation.c owns a spec's isolation as a part of config.json. */
#include "src/plan/config_isolation.h"

#include "src/plan/config_string.h"
#include "src/plan/seccomp.h"
#include "src/plan/ulimit.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

/* config.md, "POSIX process": the type is the resource's name, RLIMIT_NOFILE. jansson has no numbers above 2^63: infinity is -1. */
static json_t *rlimits(const struct spec_isolation *isolation)
{
	json_t *array = json_array();
	for (size_t i = 0; i < isolation->ulimit_count; i++) {
		const struct spec_ulimit *u = &isolation->ulimits[i];
		cleanup_free char *type = ulimit_type(u->resource);
		json_array_append_new(array, json_pack("{s:s, s:I, s:I}", "type", type, "soft", (json_int_t)u->soft, "hard",
			(json_int_t)u->hard));
	}
	return array;
}

static json_t *sysctls(const struct strv *assignments)
{
	json_t *object = json_object();
	for (size_t i = 0; i < assignments->len; i++) {
		const char *equals = strchr(assignments->items[i], '=');
		cleanup_free char *key = str_ndup(assignments->items[i], equals - assignments->items[i]);
		for (char *at = key; *at; at++)
			if (*at == '/')
				*at = '.';
		json_object_set_new(object, key, json_string(equals + 1));
	}
	return object;
}

/* config-linux.md, "timeOffsets". */
static json_t *offsets(const struct spec_namespaces *n)
{
	return json_pack("{s:{s:I, s:i}, s:{s:I, s:i}}", "monotonic", "secs", (json_int_t)n->monotonic_offset, "nanosecs", 0, "boottime",
		"secs", (json_int_t)n->boottime_offset, "nanosecs", 0);
}

static void read_namespaces(const json_t *system, struct spec_namespaces *n)
{
	const json_t *list = json_object_get(system, "namespaces"), *moved = json_object_get(system, "timeOffsets");
	static const enum namespace_kind shared[] = { NAMESPACE_PID, NAMESPACE_UTS, NAMESPACE_IPC, NAMESPACE_CGROUP };
	for (size_t i = 0; i < sizeof shared / sizeof *shared; i++) {
		bool own = false;
		for (size_t at = 0; at < json_array_size(list); at++)
			own |= str_eq(json_string_value(json_object_get(json_array_get(list, at), "type")), spec_namespace_name(shared[i]));
		n->of[shared[i]].origin = own ? NAMESPACE_NEW : NAMESPACE_HOST;
	}
	n->monotonic_offset = json_integer_value(json_object_get(json_object_get(moved, "monotonic"), "secs"));
	n->boottime_offset = json_integer_value(json_object_get(json_object_get(moved, "boottime"), "secs"));
}

void config_isolation_write(json_t *config, const struct spec *spec)
{
	const struct spec_isolation *isolation = &spec->isolation;
	json_t *process = json_object_get(config, "process"), *system = json_object_get(config, "linux");
	json_t *annotations = json_object_get(config, "annotations");
	json_object_set_new(process, "rlimits", rlimits(isolation));
	if (isolation->has_oom_score)
		json_object_set_new(process, "oomScoreAdj", json_integer(isolation->oom_score_adj));
	if (isolation->apparmor)
		json_object_set_new(process, "apparmorProfile", json_string(isolation->apparmor));
	if (isolation->label) {
		json_object_set_new(process, "selinuxLabel", json_string(isolation->label));
		json_object_set_new(system, "mountLabel", json_string(isolation->file_label));
	}
	if (spec->namespaces.monotonic_offset || spec->namespaces.boottime_offset)
		json_object_set_new(system, "timeOffsets", offsets(&spec->namespaces));
	json_object_set_new(system, "sysctl", sysctls(&isolation->sysctls));
	json_object_set_new(system, "maskedPaths", config_strings(&isolation->masked, 0));
	json_object_set_new(system, "readonlyPaths", config_strings(&isolation->read_only, 0));
	if (isolation->profile.text)
		json_object_set_new(system, "seccomp", json_loads(isolation->profile.text, 0, NULL));
	json_object_set_new(annotations, "xrun.seccomp",
		json_string(!spec->seccomp ? "unconfined" : isolation->profile.text ? "profile" : "default"));
	if (isolation->shm_bytes) {
		cleanup_free char *bytes = str_fmt("%llu", (unsigned long long)isolation->shm_bytes);
		json_object_set_new(annotations, "xrun.shm-size", json_string(bytes));
	}
	if (isolation->privileged)
		json_object_set_new(annotations, "xrun.privileged", json_string("true"));
	if (spec->systemd)
		json_object_set_new(annotations, "xrun.systemd", json_string("true"));
}

static int damaged(struct err *err, const char *what)
{
	return err_set(err, -EBADMSG, "the container's config.json has no sound %s", what);
}

static int read_list(const json_t *array, struct strv *ret_list)
{
	for (size_t i = 0; i < json_array_size(array); i++) {
		const char *text = json_string_value(json_array_get(array, i));
		if (!text)
			return -EBADMSG;
		strv_add(ret_list, text);
	}
	return 0;
}

static int read_rlimits(const json_t *array, struct spec_isolation *isolation, struct err *err)
{
	for (size_t i = 0; i < json_array_size(array); i++) {
		const json_t *item = json_array_get(array, i);
		const char *type = json_string_value(json_object_get(item, "type"));
		const struct spec_ulimit ulimit = { ulimit_by_type(type), json_integer_value(json_object_get(item, "soft")),
			json_integer_value(json_object_get(item, "hard")) };
		if (ulimit.resource < 0)
			return damaged(err, "rlimits");
		ulimit_set(isolation, &ulimit);
	}
	return 0;
}

static int read_sysctls(json_t *object, struct strv *ret_assignments, struct err *err)
{
	const char *name;
	json_t *value;
	json_object_foreach(object, name, value)
	{
		if (!json_is_string(value))
			return damaged(err, "sysctl");
		cleanup_free char *assignment = str_fmt("%s=%s", name, json_string_value(value));
		for (char *at = assignment; *at != '='; at++)
			if (*at == '.')
				*at = '/';
		strv_add(ret_assignments, assignment);
	}
	return 0;
}

static int read_profile(const json_t *system, const json_t *annotations, struct spec *spec, struct err *err)
{
	const char *kind = json_string_value(json_object_get(annotations, "xrun.seccomp"));
	spec->seccomp = !str_eq(kind, "unconfined");
	if (!str_eq(kind, "profile"))
		return 0;
	cleanup_free char *text = json_dumps(json_object_get(system, "seccomp"), JSON_COMPACT);
	if (!text)
		return damaged(err, "seccomp");
	return seccomp_plan("of config.json", text, strlen(text), UINT32_MAX, spec, err);
}

int config_isolation_read(const json_t *config, struct spec *spec, struct err *err)
{
	struct spec_isolation *isolation = &spec->isolation;
	const json_t *process = json_object_get(config, "process"), *system = json_object_get(config, "linux");
	const json_t *annotations = json_object_get(config, "annotations"), *score = json_object_get(process, "oomScoreAdj");
	read_namespaces(system, &spec->namespaces);
	isolation->privileged = str_eq(json_string_value(json_object_get(annotations, "xrun.privileged")), "true");
	spec->systemd = str_eq(json_string_value(json_object_get(annotations, "xrun.systemd")), "true");
	unsigned long long bytes = 0;
	const char *shm = json_string_value(json_object_get(annotations, "xrun.shm-size"));
	if (shm && !str_to_u64(shm, UINT64_MAX, &bytes))
		return damaged(err, "xrun.shm-size");
	isolation->shm_bytes = bytes;
	isolation->apparmor = str_dup(json_string_value(json_object_get(process, "apparmorProfile")));
	isolation->label = str_dup(json_string_value(json_object_get(process, "selinuxLabel")));
	isolation->file_label = str_dup(json_string_value(json_object_get(system, "mountLabel")));
	isolation->has_oom_score = json_is_integer(score);
	isolation->oom_score_adj = (int)json_integer_value(score);
	int r = read_rlimits(json_object_get(process, "rlimits"), isolation, err);
	if (r == 0)
		r = read_sysctls(json_object_get(system, "sysctl"), &isolation->sysctls, err);
	if (r == 0 && (read_list(json_object_get(system, "maskedPaths"), &isolation->masked) < 0 ||
			      read_list(json_object_get(system, "readonlyPaths"), &isolation->read_only) < 0))
		r = damaged(err, "list of paths");
	return r < 0 ? r : read_profile(system, annotations, spec, err);
}
