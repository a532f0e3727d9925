/* SPDX-License-Identifier: GPL-2.0-or-later */
/* systemd.c owns --systemd: whether a container's first program is systemd, and so is given what that needs. Pure. */
#include "src/plan/parts.h"

#include <errno.h>
#include <string.h>

bool plan_is_systemd(const char *program)
{
	static const char *const names[] = { "/sbin/init", "/usr/sbin/init", "/usr/local/sbin/init" };
	const char *slash = strrchr(program, '/');
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (str_eq(program, names[i]))
			return true;
	return str_eq(slash ? slash + 1 : program, "systemd");
}

int plan_systemd(const struct request *q, struct spec *spec, struct err *err)
{
	const char *when = q->systemd ? q->systemd : "true";
	bool always = str_eq(when, "always");
	if (!always && !str_eq(when, "true") && !str_eq(when, "false"))
		return err_set(err, -EINVAL, "--systemd %s: there are true, false and always", when);
	bool is_first = !spec->init && !q->program.path && spec->namespaces.of[NAMESPACE_PID].origin == NAMESPACE_NEW &&
			spec->namespaces.of[NAMESPACE_CGROUP].origin == NAMESPACE_NEW;
	if (always && !is_first)
		return err_set(err, -EINVAL, "--systemd always does not go with --init, --pid, --cgroupns or a program of yours: systemd is the first "
			"process of namespaces of its own");
	if (!always && (str_eq(when, "false") || !is_first || !plan_is_systemd(spec->args.items[0])))
		return 0;
	if (request_keeps_id(q))
		return err_set(err, -EINVAL, "--userns keep-id does not go with systemd, whose cgroup is to belong to the container's root, which is not you then; "
			"--systemd=false starts %s all the same", spec->args.items[0]);
	spec->systemd = true;
	return 0;
}
