/* SPDX-License-Identifier: GPL-2.0-or-later */
/* config.c owns a spec as config.json. */
#include "src/plan/config.h"

#include "src/base/utf8.h"
#include "src/plan/capability.h"
#include "src/plan/config_isolation.h"
#include "src/plan/config_limits.h"
#include "src/plan/config_mounts.h"
#include "src/plan/config_string.h"
#include "src/plan/limits.h"
#include "src/plan/network.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

/* Keep config_read.c in step: what is printed here is read there. */
static json_t *capabilities(const struct spec *spec)
{
	json_t *array = json_array();
	for (int i = 0; capability_name(i); i++) {
		cleanup_free char *name = str_fmt("CAP_%s", capability_name(i));
		if (spec->capabilities & 1ull << i)
			json_array_append_new(array, json_string(name));
	}
	return json_pack("{s:o, s:O, s:O}", "bounding", array, "effective", array, "permitted", array);
}

static json_t *process(const struct spec *spec)
{
	return json_pack("{s:b, s:o, s:o, s:o, s:b, s:{s:o}, s:o}", "terminal", spec->terminal, "args", config_strings(&spec->args, 0), "env",
		config_strings(&spec->env, 0), "cwd", config_string(spec->cwd), "noNewPrivileges", spec->no_new_privileges, "user", "username",
		config_string(spec->user), "capabilities", capabilities(spec));
}

static json_t *namespaces(const struct spec *spec)
{
	json_t *array = json_array();
	for (int kind = 0; kind < NAMESPACE_KINDS; kind++) {
		bool host = kind == NAMESPACE_NETWORK ? spec->network.mode == NETWORK_HOST : spec->namespaces.of[kind].origin == NAMESPACE_HOST;
		if (!host)
			json_array_append_new(array, json_pack("{s:s}", "type", spec_namespace_name(kind)));
	}
	return array;
}

static void add_number(json_t *object, const char *key, unsigned long long value)
{
	cleanup_free char *number = str_fmt("%llu", value);
	json_object_set_new(object, key, json_string(number));
}

static void add_health(json_t *object, const struct spec_health *health)
{
	if (health->test.len == 0)
		return;
	json_t *test = config_strings(&health->test, 0);
	cleanup_free char *dump = json_dumps(test, JSON_COMPACT | JSON_ENSURE_ASCII);
	json_decref(test);
	json_object_set_new(object, "xrun.health", config_string(dump));
	add_number(object, "xrun.health-interval", health->interval);
	add_number(object, "xrun.health-timeout", health->timeout);
	add_number(object, "xrun.health-start-period", health->start_period);
	add_number(object, "xrun.health-retries", health->retries);
}

static void add_life(json_t *object, const struct spec_life *life)
{
	json_object_set_new(object, "xrun.detach", json_string(life->detach ? "true" : "false"));
	json_object_set_new(object, "xrun.keep", json_string(life->keep ? "true" : "false"));
	json_object_set_new(object, "xrun.restart", json_string(spec_restart_name(life->restart)));
	add_number(object, "xrun.restart-max", life->restart_max);
	add_number(object, "xrun.stop-signal", life->stop_signal);
	add_number(object, "xrun.stop-timeout", life->stop_timeout);
	if (life->timeout) {
		add_number(object, "xrun.timeout", life->timeout);
		json_object_set_new(object, "xrun.on-timeout", json_string(life->stacks ? "stacks" : "kill"));
	}
	add_number(object, "xrun.log-size", life->log_size);
	add_number(object, "xrun.log-files", life->log_files);
	add_health(object, &life->health);
	if (life->pid_file)
		json_object_set_new(object, "xrun.pid-file", config_string(life->pid_file));
	for (size_t i = 0; i < life->labels.len; i++) {
		size_t len = strcspn(life->labels.items[i], "=");
		cleanup_free char *key = str_fmt("xrun.label.%.*s", (int)len, life->labels.items[i]);
		json_object_set_new(object, key, config_string(life->labels.items[i] + len + 1));
	}
}

/* xrun.shared: the other container's id; xrun.shared-namespaces: which of its namespaces. */
static void add_shared(json_t *object, const struct spec *spec)
{
	cleanup_buf struct buf kinds = { 0 };
	for (int i = 0; i < NAMESPACE_KINDS; i++)
		if (spec->namespaces.of[i].origin == NAMESPACE_JOINED)
			buf_fmt(&kinds, "%s%d", kinds.len ? " " : "", i);
	json_object_set_new(object, "xrun.shared", config_string(spec->shared));
	json_object_set_new(object, "xrun.shared-namespaces", config_string(kinds.data));
}

/* Nothing where there is no value. */
static void add_text(json_t *object, const char *key, const char *value)
{
	if (value)
		json_object_set_new(object, key, config_string(value));
}

static void add_ids(json_t *object, const struct spec *spec)
{
	cleanup_free char *kept = spec->kept_uid || spec->kept_gid ? str_fmt("%u:%u", spec->kept_uid, spec->kept_gid) : NULL;
	cleanup_free char *groups = spec->groups.len ? strv_join(&spec->groups, ",") : NULL;
	add_text(object, "xrun.keep-id", kept);
	add_text(object, "xrun.group-add", groups);
	add_text(object, "xrun.keep-id-user", spec->kept_user);
	add_text(object, "xrun.keep-id-group", spec->kept_group);
}

static void add_emulator(json_t *object, const struct spec_emulator *emulator)
{
	cleanup_free char *key = str_fmt("xrun.emulator.%s", emulator->arch), *argv0_key = str_fmt("xrun.emulator-argv0.%s", emulator->arch);
	cleanup_free char *options_key = str_fmt("xrun.emulator-options.%s", emulator->arch), *options = strv_join(&emulator->options, " ");
	add_text(object, key, emulator->path);
	add_text(object, argv0_key, emulator->no_argv0 ? "lost" : NULL);
	add_text(object, options_key, emulator->copied ? options : NULL);
}

static void add_emulation(json_t *object, const struct spec *spec)
{
	cleanup_free char *cpuinfo = !spec->cpuinfo.arch ? NULL : str_fmt("%s %llx %llx", spec->cpuinfo.arch,
		(unsigned long long)spec->cpuinfo.hwcap, (unsigned long long)spec->cpuinfo.hwcap2);
	add_text(object, "xrun.emulated", spec->emulated ? "true" : "false");
	add_text(object, "xrun.cpuinfo", cpuinfo);
	add_text(object, "xrun.debuggable", spec->debuggable ? "true" : NULL);
	add_text(object, "xrun.core-dir", spec->core_dir);
	add_text(object, "xrun.directories", spec->short_positions ? "32-bit" : NULL);
	add_text(object, "xrun.aslr", spec->fixed_addresses ? "off" : NULL);
	for (size_t i = 0; i < spec->emulator_count; i++)
		add_emulator(object, &spec->emulators[i]);
}

static void add_network(json_t *object, const struct spec_network *network)
{
	cleanup_strv struct strv lines = { 0 };
	network_describe(network, &lines);
	for (size_t i = 0; i < lines.len; i++) {
		char *equals = strchr(lines.items[i], '=');
		cleanup_free char *key = str_fmt("xrun.%.*s", (int)(equals - lines.items[i]), lines.items[i]);
		json_object_set_new(object, key, config_string(equals + 1));
	}
}

static json_t *annotations(const struct spec *spec)
{
	cleanup_strv struct strv lines = { 0 };
	limits_describe(&spec->limits, &lines);
	cleanup_free char *layers = strv_join(&spec->layers, ","), *limits = strv_join(&lines, "\n");
	json_t *object = json_object();
	add_text(object, "xrun.id", spec->id);
	add_text(object, "xrun.image", spec->image);
	add_text(object, "xrun.layers", layers);
	add_text(object, "xrun.interactive", spec->interactive ? "true" : "false");
	add_text(object, "xrun.init", spec->init ? "true" : "false");
	add_text(object, "xrun.rootfs", spec->rootfs);
	add_text(object, "xrun.limits", limits);
	add_life(object, &spec->life);
	add_ids(object, spec);
	add_emulation(object, spec);
	add_network(object, &spec->network);
	if (spec->shared)
		add_shared(object, spec);
	return object;
}

char *config_text(const struct spec *spec)
{
	json_t *config = json_pack("{s:s, s:{s:s, s:b}, s:o, s:o, s:o, s:{s:o, s:o, s:o*}, s:o}", "ociVersion", "1.0.2", "root",
		"path", "rootfs", "readonly", spec->read_only, "hostname", config_string(spec->hostname), "process", process(spec),
		"mounts", config_mounts_write(spec), "linux", "namespaces", namespaces(spec), "resources", config_resources(&spec->limits),
		"personality", spec->personality_32 ? json_pack("{s:s}", "domain", "LINUX32") : NULL,
		"annotations", annotations(spec));
	config_isolation_write(config, spec);
	char *dump = json_dumps(config, JSON_INDENT(2) | JSON_ENSURE_ASCII);
	json_decref(config);
	return dump;
}

int config_print(const struct spec *spec, struct err *err)
{
	cleanup_free char *config = config_text(spec);
	if (!config)
		return err_set(err, -ENOMEM, "cannot write config.json");
	return puts(config) < 0 ? err_sys(err, "cannot write config.json") : 0;
}

static const char *unsayable(const char *text)
{
	return text && !utf8_is_valid(text, strlen(text)) ? text : NULL;
}

static const char *unsayable_in(const struct strv *list)
{
	const char *found = NULL;
	for (size_t i = 0; i < list->len && !found; i++)
		found = unsayable(list->items[i]);
	return found;
}

const char *config_find_unsayable(const struct spec *spec)
{
	const struct strv *const lists[] = { &spec->args, &spec->env, &spec->life.labels, &spec->life.health.test, &spec->isolation.masked,
		&spec->isolation.sysctls };
	const char *const texts[] = { spec->cwd, spec->user, spec->rootfs, spec->life.pid_file, spec->isolation.apparmor, spec->limits.cgroup_parent };
	const char *found = NULL;
	for (size_t i = 0; i < sizeof lists / sizeof *lists && !found; i++)
		found = unsayable_in(lists[i]);
	for (size_t i = 0; i < sizeof texts / sizeof *texts && !found; i++)
		found = unsayable(texts[i]);
	for (size_t i = 0; i < spec->mount_count && !found; i++)
		found = unsayable(spec->mounts[i].source) ? spec->mounts[i].source : unsayable(spec->mounts[i].target);
	for (size_t i = 0; i < spec->limits.throttle_count && !found; i++)
		found = unsayable(spec->limits.throttles[i].path);
	return found;
}
