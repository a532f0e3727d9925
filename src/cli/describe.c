/* SPDX-License-Identifier: GPL-2.0-or-later */
/* describe.c owns what `xrun inspect` says of a container. */
#include "src/cli/describe.h"

#include "src/base/signals.h"
#include "src/cli/when.h"
#include "src/plan/config_string.h"
#include "src/plan/network.h"
#include "src/runtime/interface.h"
#include "src/runtime/join.h"
#include "src/runtime/namespaces.h"

#include <fcntl.h>
#include <jansson.h>
#include <string.h>
#include <unistd.h>

static json_t *take(char *s)
{
	json_t *value = config_string(s);
	free(s);
	return value;
}

static json_t *time_value(int64_t time)
{
	return take(time ? when_text(time) : str_dup("0001-01-01T00:00:00Z"));
}

static json_t *state_value(const struct state *state)
{
	bool running = state_runs(state->status);
	return json_pack("{s:s, s:b, s:b, s:b, s:b, s:b, s:i, s:i, s:o, s:o, s:o, s:{s:s}}", "Status", state_status_text(state->status), "Running",
		running, "Paused", state->status == STATE_PAUSED, "Restarting", state->status == STATE_RESTARTING, "OOMKilled",
		state->out_of_memory, "Lost", state->lost, "Pid", running ? (int)state->pid : 0, "ExitCode", state->exit_code, "Error",
		config_string(state->error), "StartedAt", time_value(state->started), "FinishedAt", time_value(state->finished),
		"Health", "Status", state_health_text(state->health));
}

static json_t *labels_value(const struct strv *labels)
{
	json_t *object = json_object();
	for (size_t i = 0; i < labels->len; i++) {
		size_t len = strcspn(labels->items[i], "=");
		cleanup_free char *key = str_ndup(labels->items[i], len);
		json_object_set_new(object, key, config_string(labels->items[i] + len + 1));
	}
	return object;
}

static json_t *config_value(const struct spec *spec)
{
	return json_pack("{s:o, s:o, s:b, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:i}", "Hostname", config_string(spec->hostname), "User",
		config_string(spec->user), "Tty", spec->terminal, "OpenStdin", spec->interactive, "Env",
		config_strings(&spec->env, 0), "Cmd", config_strings(&spec->args, 0), "Image", config_string(spec->image), "WorkingDir",
		config_string(spec->cwd), "Labels", labels_value(&spec->life.labels), "StopSignal",
		take(signal_name(spec->life.stop_signal)), "StopTimeout", (int)spec->life.stop_timeout);
}

char *describe_labels(const struct spec *spec)
{
	json_t *object = labels_value(&spec->life.labels);
	char *dump = json_dumps(object, JSON_COMPACT | JSON_ENSURE_ASCII);
	json_decref(object);
	return dump ? dump : str_dup("{}");
}

char *describe_network_mode(const struct spec *spec)
{
	return str_fmt("%s%s", network_mode_text(spec->network.mode), spec->network.mode == NETWORK_CONTAINER ? spec->shared : "");
}

static json_t *host_config_value(const struct spec *spec)
{
	const struct spec_limits *limits = &spec->limits;
	cleanup_free char *log_size = str_fmt("%llu", (unsigned long long)spec->life.log_size);
	cleanup_free char *log_files = str_fmt("%u", spec->life.log_files);
	cleanup_free char *userns = spec->kept_uid || spec->kept_gid ? str_fmt("keep-id:uid=%u,gid=%u", spec->kept_uid, spec->kept_gid) : str_dup("private");
	cleanup_free char *network = describe_network_mode(spec);
	return json_pack("{s:I, s:I, s:I, s:{s:s, s:i}, s:b, s:b, s:s, s:b, s:{s:s, s:{s:s, s:s}}, s:s}", "Memory", (json_int_t)limits->memory_bytes,
		"NanoCpus", (json_int_t)limits->cpu_milli * 1000000, "PidsLimit", (json_int_t)limits->pids, "RestartPolicy", "Name",
		spec_restart_name(spec->life.restart), "MaximumRetryCount", (int)spec->life.restart_max, "AutoRemove", !spec->life.keep,
		"ReadonlyRootfs", spec->read_only, "NetworkMode", network, "Init", spec->init, "LogConfig", "Type",
		"json-file", "Config", "max-size", log_size, "max-file", log_files, "UsernsMode", userns);
}

/* As -v takes them. */
static json_t *binds_value(const struct spec *spec)
{
	json_t *array = json_array();
	for (size_t i = 0; i < spec->mount_count; i++) {
		const struct spec_mount *mount = &spec->mounts[i];
		if (mount->source)
			json_array_append_new(array, take(str_fmt("%s:%s%s", mount->source, mount->target, mount->read_only ? ":ro" : "")));
	}
	return array;
}

static json_t *mounts_value(const struct spec *spec)
{
	static const char *const types[] = { "bind", "tmpfs", "bind", "volume" }; /* by mount_kind */
	json_t *array = json_array();
	for (size_t i = 0; i < spec->mount_count; i++) {
		const struct spec_mount *mount = &spec->mounts[i];
		json_array_append_new(array, json_pack("{s:s, s:o, s:o, s:b}", "Type", types[mount->kind], "Source",
						     config_string(mount->source), "Destination", config_string(mount->target), "RW", !mount->read_only));
	}
	return array;
}

static json_t *ports_value(const struct spec *spec)
{
	json_t *object = json_object();
	for (size_t i = 0; i < spec->network.port_count; i++) {
		const struct spec_port *port = &spec->network.ports[i];
		for (unsigned at = 0; at < port->count; at++) {
			cleanup_free char *key = str_fmt("%u/%s", port->container + at, port->udp ? "udp" : "tcp");
			cleanup_free char *host = str_fmt("%u", port->host + at);
			json_t *bindings = json_object_get(object, key);
			if (!bindings)
				json_object_set_new(object, key, bindings = json_array());
			json_array_append_new(bindings, json_pack("{s:s, s:s}", "HostIp", *port->address ? port->address : "0.0.0.0", "HostPort", host));
		}
	}
	return object;
}

/* Those of a container that runs: namespaces(7)'s numbers, as lsns(8) shows them. */
static json_t *namespaces_value(const struct subject *subject)
{
	struct err ignored;
	uint64_t numbers[NAMESPACE_KINDS] = { 0 };
	json_t *object = json_object();
	if (state_runs(subject->state.status) && join_numbers(&subject->state, &subject->spec, numbers, &ignored) == 0)
		for (int i = 0; i < NAMESPACE_KINDS; i++)
			json_object_set_new(object, spec_namespace_name(i), json_integer((json_int_t)numbers[i]));
	return object;
}

/* "" where there is none: of one that did not run in the background. */
static json_t *log_path_value(const struct subject *subject)
{
	cleanup_free char *link = str_fmt("/proc/self/fd/%d", subject->dir_fd);
	char dir[4096];
	ssize_t n = faccessat(subject->dir_fd, "log/json.log", F_OK, 0) == 0 ? readlink(link, dir, sizeof dir) : -1;
	return n < 0 ? json_string("") : take(str_fmt("%.*s/log/json.log", (int)n, dir));
}

/* docker's names; "" and 0 where there is none, as there. The address is that of every private network's container (interface.h). */
static json_t *network_settings_value(const struct subject *subject)
{
	const struct state *state = &subject->state;
	const struct spec_network *network = &subject->spec.network;
	bool has = state_runs(state->status) && network->mode == NETWORK_PRIVATE;
	const char *address = has ? INTERFACE_ADDRESS : "", *gateway = has ? INTERFACE_GATEWAY : "";
	int prefix = has ? INTERFACE_PREFIX : 0;
	cleanup_free char *name = describe_network_mode(&subject->spec);
	json_t *own = json_pack("{s:s, s:s, s:i, s:s}", "IPAddress", address, "Gateway", gateway, "IPPrefixLen", prefix, "MacAddress", network->mac);
	return json_pack("{s:o, s:s, s:s, s:i, s:s, s:{s:o}}", "Ports", ports_value(&subject->spec), "IPAddress", address, "Gateway", gateway,
		"IPPrefixLen", prefix, "MacAddress", network->mac, "Networks", name, own);
}

char *describe_container(const struct subject *subject)
{
	const struct state *state = &subject->state;
	const struct spec *spec = &subject->spec;
	json_t *emulators = json_object(), *host = host_config_value(spec);
	json_object_set_new(host, "Binds", binds_value(spec));
	json_object_set_new(host, "PortBindings", ports_value(spec));
	json_object_set_new(host, "Privileged", json_boolean(spec->isolation.privileged));
	for (size_t i = 0; i < spec->emulator_count; i++)
		json_object_set_new(emulators, spec->emulators[i].arch, config_string(spec->emulators[i].path));
	json_t *json = json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:i, s:i, s:o, s:o, s:o, s:o, s:o, s:o}", "Id", state->id, "Created",
		time_value(state->created), "Path", config_string(spec->args.len ? spec->args.items[0] : ""), "Args", config_strings(&spec->args, 1),
		"State", state_value(state), "Image", config_string(state->image), "Name", config_string(state->name), "RestartCount", state->restarts,
		"Supervisor", (int)state->supervisor,
		"Config", config_value(spec), "HostConfig", host, "Mounts", mounts_value(spec), "NetworkSettings",
		network_settings_value(subject), "Emulators", emulators, "Namespaces", namespaces_value(subject));
	json_object_set_new(json, "LogPath", log_path_value(subject));
	json_object_set_new(json, "Platform", json_string("linux"));
	char *dump = json_dumps(json, JSON_INDENT(2) | JSON_ENSURE_ASCII);
	json_decref(json);
	return dump;
}
