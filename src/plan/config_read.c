/* SPDX-License-Identifier: GPL-2.0-or-later */
/* config_read.c owns the way back: the spec of a config.json that config.c has written. */
#include "src/plan/config.h"

#include "src/plan/capability.h"
#include "src/plan/config_isolation.h"
#include "src/plan/config_mounts.h"
#include "src/plan/limits.h"
#include "src/plan/network.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

static const char *get_text(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static void take_list(const json_t *array, struct strv *ret_list)
{
	for (size_t i = 0; i < json_array_size(array); i++)
		if (json_is_string(json_array_get(array, i)))
			strv_add(ret_list, json_string_value(json_array_get(array, i)));
}

static int take_capabilities(const json_t *process, struct spec *spec, struct err *err)
{
	const json_t *bounding = json_object_get(json_object_get(process, "capabilities"), "bounding");
	for (size_t i = 0; i < json_array_size(bounding); i++) {
		const char *name = json_string_value(json_array_get(bounding, i));
		uint64_t bits;
		if (!name || str_eq(name, "ALL") || !capability_by_name(name, &bits))
			return err_set(err, -EBADMSG, "the container's config.json names an unknown capability");
		spec->capabilities |= bits;
	}
	return 0;
}

static int take_process(const json_t *process, struct spec *spec, struct err *err)
{
	const char *cwd = get_text(process, "cwd"), *user = get_text(json_object_get(process, "user"), "username");
	take_list(json_object_get(process, "args"), &spec->args);
	take_list(json_object_get(process, "env"), &spec->env);
	spec->terminal = json_is_true(json_object_get(process, "terminal"));
	spec->no_new_privileges = json_is_true(json_object_get(process, "noNewPrivileges"));
	spec->cwd = str_dup(cwd);
	spec->user = str_dup(user);
	if (!cwd || !user || !spec->args.len)
		return err_set(err, -EBADMSG, "the container's config.json has no whole process");
	return take_capabilities(process, spec, err);
}

/* The text of limits_describe, a line for each. */
static int take_limits(const char *text, struct spec_limits *limits, struct err *err)
{
	cleanup_free char *copy = str_dup(text);
	int r = 0;
	for (char *rest = copy, *line; r == 0 && rest && (line = strsep(&rest, "\n"));) {
		char *value = strchr(line, '=');
		if (value)
			*value++ = 0;
		r = value ? limits_set(limits, line, value, err) : *line ? -ENOENT : 0;
		if (r == -ENOENT)
			r = err_set(err, -EBADMSG, "there is no limit %s", line);
	}
	return r < 0 ? err_prefix(err, "the container's config.json") : 0;
}

static void take_linux(const json_t *linux_part, struct spec *spec)
{
	spec->personality_32 = str_eq(get_text(json_object_get(linux_part, "personality"), "domain"), "LINUX32");
}

static void take_emulators(json_t *annotations, struct spec *spec)
{
	static const char prefix[] = "xrun.emulator.";
	const char *key;
	json_t *value;
	json_object_foreach(annotations, key, value) {
		if (!str_starts(key, prefix) || !json_is_string(value))
			continue;
		const char *arch = key + strlen(prefix);
		cleanup_free char *options_key = str_fmt("xrun.emulator-options.%s", arch);
		cleanup_free char *argv0_key = str_fmt("xrun.emulator-argv0.%s", arch);
		cleanup_free char *options = str_dup(get_text(annotations, options_key));
		struct spec_emulator *emulator = spec_add_emulator(spec, arch, json_string_value(value));
		emulator->copied = json_object_get(annotations, options_key);
		emulator->no_argv0 = str_eq(get_text(annotations, argv0_key), "lost");
		char *rest = options;
		for (char *word; rest && (word = strsep(&rest, " "));)
			if (*word)
				strv_add(&emulator->options, word);
	}
}

/* The options of the network, as network_describe writes them. */
static int take_network(json_t *annotations, struct spec *spec, struct err *err)
{
	const char *key;
	json_t *value;
	int r = 0;
	json_object_foreach(annotations, key, value) {
		if (str_starts(key, "xrun.") && json_is_string(value))
			r = network_recall(&spec->network, key + strlen("xrun."), json_string_value(value), err);
		if (r < 0 && r != -ENOENT)
			return err_prefix(err, "the container's config.json");
	}
	return 0;
}

static uint64_t get_number(const json_t *annotations, const char *key)
{
	unsigned long long value = 0;
	const char *text = get_text(annotations, key);
	return text && str_to_u64(text, UINT64_MAX, &value) ? value : 0;
}

static void take_health(const json_t *annotations, struct spec_health *health)
{
	const char *test = get_text(annotations, "xrun.health");
	json_t *list = test ? json_loads(test, 0, NULL) : NULL;
	take_list(list, &health->test);
	json_decref(list);
	health->interval = get_number(annotations, "xrun.health-interval");
	health->timeout = get_number(annotations, "xrun.health-timeout");
	health->start_period = get_number(annotations, "xrun.health-start-period");
	health->retries = get_number(annotations, "xrun.health-retries");
}

static void take_life(json_t *annotations, struct spec_life *life)
{
	static const char prefix[] = "xrun.label.";
	const char *restart = get_text(annotations, "xrun.restart"), *key;
	json_t *value;
	life->detach = str_eq(get_text(annotations, "xrun.detach"), "true");
	life->keep = str_eq(get_text(annotations, "xrun.keep"), "true");
	for (enum restart each = RESTART_NO; each <= RESTART_ALWAYS; each++)
		if (str_eq(restart, spec_restart_name(each)))
			life->restart = each;
	life->restart_max = get_number(annotations, "xrun.restart-max");
	life->stop_signal = (int)get_number(annotations, "xrun.stop-signal");
	life->stop_timeout = get_number(annotations, "xrun.stop-timeout");
	life->timeout = get_number(annotations, "xrun.timeout");
	life->stacks = str_eq(get_text(annotations, "xrun.on-timeout"), "stacks");
	life->log_size = get_number(annotations, "xrun.log-size");
	life->log_files = get_number(annotations, "xrun.log-files");
	take_health(annotations, &life->health);
	life->pid_file = str_dup(get_text(annotations, "xrun.pid-file"));
	json_object_foreach(annotations, key, value)
		if (str_starts(key, prefix) && json_is_string(value))
			strv_take(&life->labels, str_fmt("%s=%s", key + strlen(prefix), json_string_value(value)));
}

/* Layers in order, comma-separated. */
static int take_annotations(json_t *annotations, struct spec *spec, struct err *err)
{
	cleanup_free char *layers = str_dup(get_text(annotations, "xrun.layers"));
	char *rest = layers;
	for (char *name; rest && (name = strsep(&rest, ","));)
		if (*name)
			strv_add(&spec->layers, name);
	take_emulators(annotations, spec);
	take_life(annotations, &spec->life);
	spec->id = str_dup(get_text(annotations, "xrun.id"));
	spec->image = str_dup(get_text(annotations, "xrun.image"));
	spec->rootfs = str_dup(get_text(annotations, "xrun.rootfs"));
	spec->interactive = str_eq(get_text(annotations, "xrun.interactive"), "true");
	unsigned long long hwcap, hwcap2;
	char cpu[32];
	const char *cpuinfo = get_text(annotations, "xrun.cpuinfo");
	if (cpuinfo && sscanf(cpuinfo, "%31s %llx %llx", cpu, &hwcap, &hwcap2) == 3)
		spec->cpuinfo = (struct spec_cpuinfo){ str_dup(cpu), hwcap, hwcap2 };
	spec->debuggable = str_eq(get_text(annotations, "xrun.debuggable"), "true");
	spec->core_dir = str_dup(get_text(annotations, "xrun.core-dir"));
	const char *kept = get_text(annotations, "xrun.keep-id");
	if (kept && sscanf(kept, "%u:%u", &spec->kept_uid, &spec->kept_gid) != 2)
		return err_set(err, -EBADMSG, "the container's config.json names no ids by xrun.keep-id");
	cleanup_free char *groups = str_dup(get_text(annotations, "xrun.group-add"));
	for (char *more = groups, *group; more && (group = strsep(&more, ","));)
		strv_add(&spec->groups, group);
	spec->kept_user = str_dup(get_text(annotations, "xrun.keep-id-user"));
	spec->kept_group = str_dup(get_text(annotations, "xrun.keep-id-group"));
	spec->short_positions = str_eq(get_text(annotations, "xrun.directories"), "32-bit");
	spec->fixed_addresses = str_eq(get_text(annotations, "xrun.aslr"), "off");
	spec->init = str_eq(get_text(annotations, "xrun.init"), "true");
	spec->emulated = str_eq(get_text(annotations, "xrun.emulated"), "true");
	return 0;
}

/* After config_isolation_read, to which all but the container's own are the host's. */
static void take_shared(const json_t *annotations, struct spec *spec)
{
	const char *kinds = get_text(annotations, "xrun.shared-namespaces");
	spec->shared = str_dup(get_text(annotations, "xrun.shared"));
	for (int i = 0; spec->shared && i < NAMESPACE_KINDS; i++)
		if (kinds && strchr(kinds, '0' + i))
			spec->namespaces.of[i].origin = NAMESPACE_JOINED;
}

static int take(const json_t *config, struct spec *spec, struct err *err)
{
	const char *hostname = get_text(config, "hostname");
	int r = take_annotations(json_object_get(config, "annotations"), spec, err);
	take_linux(json_object_get(config, "linux"), spec);
	spec->hostname = str_dup(hostname);
	spec->read_only = json_is_true(json_object_get(json_object_get(config, "root"), "readonly"));
	if (r < 0)
		return r;
	if (!hostname || !spec->id || !spec->image)
		return err_set(err, -EBADMSG, "the container's config.json lacks its hostname, id or image");
	r = take_process(json_object_get(config, "process"), spec, err);
	if (r == 0)
		r = take_network(json_object_get(config, "annotations"), spec, err);
	if (r == 0)
		r = take_limits(get_text(json_object_get(config, "annotations"), "xrun.limits"), &spec->limits, err);
	if (r == 0)
		r = config_mounts_read(json_object_get(config, "mounts"), spec, err);
	if (r == 0)
		r = config_isolation_read(config, spec, err);
	take_shared(json_object_get(config, "annotations"), spec);
	return r;
}

int config_read(const char *text, size_t len, struct spec *ret_spec, struct err *err)
{
	struct spec spec = { 0 };
	json_t *config = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	int r = config ? take(config, &spec, err) : err_set(err, -EBADMSG, "the container's config.json is damaged");
	json_decref(config);
	if (r < 0) {
		spec_done(&spec);
		return r;
	}
	*ret_spec = spec;
	return 0;
}
