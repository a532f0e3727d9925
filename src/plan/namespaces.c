/* SPDX-License-Identifier: GPL-2.0-or-later */
/* namespaces.c owns which namespaces a container shares with the host, and its clocks. Pure. */
#include "src/plan/parts.h"

#include <errno.h>

static int choose(const char *option, const char *value, bool can_share, const char *why_not, enum namespace_origin *ret_origin,
	struct err *err)
{
	*ret_origin = NAMESPACE_NEW;
	if (!value || str_eq(value, "private"))
		return 0;
	if (can_share && str_eq(value, "host")) {
		*ret_origin = NAMESPACE_HOST;
		return 0;
	}
	if (str_eq(value, "host") || str_starts(value, "container:"))
		return err_set(err, -EINVAL, "--%s %s: %s", option, value, why_not);
	return err_set(err, -EINVAL, "--%s %s: there is private%s", option, value, can_share ? ", and host" : "");
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
	static const char joined[] = "each container is in a user namespace of its own, from which another's cannot be entered";
	struct spec_namespaces *n = &spec->namespaces;
	enum namespace_origin never;
	int r = choose("uts", q->uts, true, joined, &n->of[NAMESPACE_UTS].origin, err);
	if (r == 0)
		r = choose("ipc", q->ipc, true, joined, &n->of[NAMESPACE_IPC].origin, err);
	if (r == 0)
		r = choose("cgroupns", q->cgroupns, true, joined, &n->of[NAMESPACE_CGROUP].origin, err);
	if (r == 0)
		r = choose("pid", q->pid, false, q->pid && str_eq(q->pid, "host") ?
			"the kernel shows a user namespace no /proc of processes outside it, and what the container leaves could not be ended" :
			joined, &never, err);
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
