/* SPDX-License-Identifier: GPL-2.0-or-later */
/* namespaces.c owns which namespaces a container shares with the host, and its clocks. Pure. */
#include "src/plan/parts.h"

#include <errno.h>
#include <string.h>

static const char CONTAINER[] = "container:";

bool plan_is_shared(const char *value)
{
	return value && str_starts(value, CONTAINER);
}

int plan_shared(const char *option, const char *value, enum namespace_kind kind, struct spec *spec, struct err *err)
{
	const char *name = value + strlen(CONTAINER);
	if (!*name)
		return err_set(err, -EINVAL, "--%s %s: which container? its name or id follows", option, value);
	if (spec->shared && !str_eq(spec->shared, name))
		return err_set(err, -EINVAL, "--%s %s: only one container's namespaces can be shared, and those of %s are already", option, value,
			spec->shared);
	if (!spec->shared)
		spec->shared = str_dup(name);
	spec->namespaces.of[kind].origin = NAMESPACE_JOINED;
	return 0;
}

static int choose(const char *option, const char *value, enum namespace_kind kind, struct spec *spec, struct err *err)
{
	enum namespace_origin *origin = &spec->namespaces.of[kind].origin;
	*origin = NAMESPACE_NEW;
	if (!value || str_eq(value, "private") || (kind == NAMESPACE_IPC && str_eq(value, "shareable"))) /* as every one is here */
		return 0;
	if (kind == NAMESPACE_IPC && str_eq(value, "none")) {
		spec->isolation.shm_bytes = SPEC_NO_SHM;
		return 0;
	}
	if (plan_is_shared(value))
		return plan_shared(option, value, kind, spec, err);
	if (!str_eq(value, "host"))
		return err_set(err, -EINVAL, "--%s %s: there are private, %scontainer:NAME and host", option, value, kind == NAMESPACE_IPC ? "none, " : "");
	*origin = NAMESPACE_HOST;
	return 0;
}

static int parse_offset(const char *option, const char *text, int64_t *ret_seconds, struct err *err)
{
	unsigned long long value = 0;
	bool negative = text && *text == '-';
	if (text && !str_to_u64(text + negative, INT32_MAX, &value)) /* time_namespaces(7): at most 146 years in the future */
		return err_set(err, -EINVAL, "--%s %s: not a number of seconds", option, text);
	*ret_seconds = negative ? -(int64_t)value : (int64_t)value;
	return 0;
}

int plan_namespaces(const struct request *q, struct spec *spec, struct err *err)
{
	struct spec_namespaces *n = &spec->namespaces;
	int r = choose("uts", q->uts, NAMESPACE_UTS, spec, err);
	if (r == 0)
		r = choose("ipc", q->ipc, NAMESPACE_IPC, spec, err);
	if (r == 0)
		r = choose("cgroupns", q->cgroupns, NAMESPACE_CGROUP, spec, err);
	if (r == 0)
		r = choose("pid", q->pid, NAMESPACE_PID, spec, err);
	if (r == 0 && n->of[NAMESPACE_UTS].origin == NAMESPACE_JOINED && q->hostname)
		r = err_set(err, -EINVAL, "--hostname cannot be set with --uts %s: the name is the other container's", q->uts);
	if (r == 0 && n->of[NAMESPACE_PID].origin != NAMESPACE_NEW && q->init)
		r = err_set(err, -EINVAL, "--init does not go with --pid %s: there is a first process already", q->pid);
	if (r == 0 && n->of[NAMESPACE_UTS].origin == NAMESPACE_HOST && q->hostname)
		r = err_set(err, -EINVAL, "--hostname cannot be set with --uts host: the name is the host's");
	if (r == 0)
		r = parse_offset("monotonic-offset", q->monotonic_offset, &n->monotonic_offset, err);
	if (r == 0)
		r = parse_offset("boottime-offset", q->boottime_offset, &n->boottime_offset, err);
	if (r == 0 && n->of[NAMESPACE_IPC].origin == NAMESPACE_HOST)
		spec_add_mount(spec, "/dev/shm", "/dev/shm", false);
	return r;
}
