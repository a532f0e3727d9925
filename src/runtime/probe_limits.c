/* SPDX-License-Identifier: GPL-2.0-or-later */
/* probe_limits.c owns whether limits can be enforced here. */
#include "src/runtime/probe.h"

#include "src/base/process.h"
#include "src/base/str.h"
#include "src/runtime/cgroup.h"
#include "src/runtime/shortage.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct limit {
	const char *option;
	struct spec_limits limits;
} limits[] = {
	{ "--memory", { .memory_bytes = 64 << 20 } },
	{ "--cpus", { .cpu_milli = 500 } },
	{ "--pids-limit", { .pids = 100 } },
};

/* With a process in it, as a container's. */
static int enter(const struct cgroup *cgroup, struct err *err)
{
	pid_t child = fork();
	if (child == 0)
		for (;;)
			pause();
	int r = child < 0 ? shortage_of_processes(err) : cgroup_add(cgroup, child, err);
	if (child > 0) {
		kill(child, SIGKILL);
		process_wait(child);
	}
	return r;
}

static int try_limit(const struct limit *limit, struct err *err)
{
	struct cgroup cgroup = { 0 };
	char id[32];
	snprintf(id, sizeof id, "doctor-%d", getpid());
	const struct spec spec = { .id = id, .limits = limit->limits };
	int r = cgroup_create(&cgroup, &spec, err);
	if (r < 0)
		return r;
	r = enter(&cgroup, err);
	cgroup_remove(&cgroup);
	return r;
}

/* The message begins with the option. */
static void report(const struct limit *limit, const struct err *err, struct findings *findings)
{
	const char *text = str_starts(err->text, limit->option) ? err->text + strlen(limit->option) + strlen(": ") : err->text;
	struct finding *f = findings_add(findings, "limits", limit->option, FINDING_LIMITED, "%s", text);
	if (geteuid() != 0)
		finding_mend(f, "sudo xrun run %s ... # limits are root's, where no cgroup is delegated", limit->option);
}

void probe_limits(struct findings *findings)
{
	for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
		struct err err = { 0 };
		if (try_limit(&limits[i], &err) == 0)
			findings_add(findings, "limits", limits[i].option, FINDING_OK, "a cgroup with that limit can be made and entered");
		else
			report(&limits[i], &err, findings);
	}
}
