/* SPDX-License-Identifier: GPL-2.0-or-later */
/* spec.c owns the memory of struct spec, and the names that its kinds have. */
#include "src/plan/spec.h"

#include "src/plan/engine.h"

#include <string.h>

const char *spec_namespace_name(enum namespace_kind kind)
{
	static const char *const names[NAMESPACE_KINDS] = { [NAMESPACE_USER] = "user", [NAMESPACE_MOUNT] = "mount", [NAMESPACE_PID] = "pid",
		[NAMESPACE_NETWORK] = "network", [NAMESPACE_IPC] = "ipc", [NAMESPACE_UTS] = "uts", [NAMESPACE_CGROUP] = "cgroup",
		[NAMESPACE_TIME] = "time" };
	return names[kind];
}

const char *spec_restart_name(enum restart restart)
{
	static const char *const names[] = { [RESTART_NO] = "no", [RESTART_ON_FAILURE] = "on-failure", [RESTART_ALWAYS] = "always" };
	return names[restart];
}

static void network_done(struct spec_network *network)
{
	struct strv *lists[] = { &network->hosts, &network->dns, &network->dns_search, &network->dns_options };
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		strv_done(lists[i]);
	free(network->helper);
	free(network->ports);
	free(network->hosts_text);
	free(network->resolv_text);
}

bool spec_limits_any(const struct spec_limits *limits)
{
	const unsigned char *bytes = (const unsigned char *)limits; /* born zeroed, padding and all */
	for (size_t i = 0; i < sizeof *limits; i++)
		if (bytes[i])
			return true;
	return false;
}

void spec_limits_done(struct spec_limits *limits)
{
	for (size_t i = 0; i < limits->throttle_count; i++)
		free(limits->throttles[i].path);
	free(limits->throttles);
	free(limits->hugetlb);
	free(limits->cpuset_cpus);
	free(limits->cpuset_mems);
	free(limits->cgroup_parent);
	strv_done(&limits->device_rules);
	*limits = (struct spec_limits){ 0 };
}

static void isolation_done(struct spec_isolation *isolation)
{
	free(isolation->profile.text);
	free(isolation->profile.code);
	free(isolation->apparmor);
	free(isolation->label);
	free(isolation->file_label);
	strv_done(&isolation->masked);
	strv_done(&isolation->read_only);
	strv_done(&isolation->sysctls);
	free(isolation->ulimits);
}

void spec_done(struct spec *spec)
{
	spec_limits_done(&spec->limits);
	network_done(&spec->network);
	free(spec->id);
	free(spec->name);
	free(spec->image);
	free(spec->hostname);
	free(spec->stacks_command);
	free(spec->core_dir);
	free(spec->shared);
	free(spec->kept_user);
	free(spec->kept_group);
	free(spec->rootfs);
	strv_done(&spec->args);
	strv_done(&spec->env);
	free(spec->cwd);
	free(spec->user);
	strv_done(&spec->groups);
	strv_done(&spec->layers);
	strv_done(&spec->life.labels);
	strv_done(&spec->life.health.test);
	free(spec->life.pid_file);
	for (size_t i = 0; i < spec->mount_count; i++) {
		free(spec->mounts[i].source);
		free(spec->mounts[i].target);
	}
	free(spec->mounts);
	spec_drop_emulators(spec);
	spec_engine_done(spec->engine);
	for (int i = 0; i < NAMESPACE_KINDS; i++)
		free(spec->namespaces.of[i].path);
	isolation_done(&spec->isolation);
	*spec = (struct spec){ 0 };
}

struct spec_mount *spec_add_mount(struct spec *spec, const char *source, const char *target, bool read_only)
{
	spec->mounts = mem_grow(spec->mounts, spec->mount_count + 1, sizeof *spec->mounts);
	struct spec_mount *mount = &spec->mounts[spec->mount_count++];
	*mount = (struct spec_mount){
		.kind = source ? MOUNT_BIND : MOUNT_TMPFS, .source = str_dup(source), .target = str_dup(target),
		.read_only = read_only, .no_exec = !source, .no_suid = !source, .no_dev = true
	};
	return mount;
}

struct spec_emulator *spec_add_emulator(struct spec *spec, const char *arch, const char *path)
{
	spec->emulators = mem_grow(spec->emulators, spec->emulator_count + 1, sizeof *spec->emulators);
	struct spec_emulator *emulator = &spec->emulators[spec->emulator_count++];
	*emulator = (struct spec_emulator){ .arch = str_dup(arch), .path = str_dup(path) };
	return emulator;
}

void spec_drop_emulators(struct spec *spec)
{
	for (size_t i = 0; i < spec->emulator_count; i++) {
		free(spec->emulators[i].arch);
		free(spec->emulators[i].path);
		strv_done(&spec->emulators[i].options);
	}
	free(spec->emulators);
	free(spec->cpuinfo.arch);
	spec->emulators = NULL;
	spec->emulator_count = 0;
	spec->cpuinfo = (struct spec_cpuinfo){ 0 };
}
