/* SPDX-License-Identifier: GPL-2.0-or-later */
/* engine_scheduling.c owns giving a process of an engine's container its processors, its scheduler and its memory policy. */
#include "src/runtime/engine_scheduling.h"

#include <errno.h>
#include <linux/sched/types.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int set_scheduler(const struct engine_scheduler *s, struct err *err)
{
	struct sched_attr attr = { .size = sizeof attr, .sched_policy = s->policy, .sched_flags = s->flags, .sched_nice = s->nice,
		.sched_priority = s->priority, .sched_runtime = s->runtime, .sched_deadline = s->deadline, .sched_period = s->period };
	if (!s->given || syscall(SYS_sched_setattr, 0, &attr, 0) == 0)
		return 0;
	if (errno == EPERM)
		return err_set(err, -EPERM, "process.scheduler: not permitted: it needs CAP_SYS_NICE outside of any user namespace, and on kernels "
			"with realtime groups (cgroup v1) a share in linux.resources.cpu.realtimeRuntime");
	return err_sys(err, "process.scheduler: the kernel refuses it");
}

static int set_memory_policy(const struct engine_memory_policy *p, struct err *err)
{
	bool any = false;
	for (size_t i = 0; i < ENGINE_NODES / 64; i++)
		any |= p->nodes[i] != 0;
	/* The kernel takes a bit less than it is told of. */
	if (!p->given || syscall(SYS_set_mempolicy, p->mode, any ? p->nodes : NULL, any ? ENGINE_NODES + 1 : 0) == 0)
		return 0;
	return err_sys(err, "linux.memoryPolicy: the kernel refuses it");
}

int engine_scheduling_apply(const struct spec_engine *engine, struct err *err)
{
	int r = set_memory_policy(&engine->memory_policy, err);
	return r < 0 ? r : set_scheduler(&engine->scheduler, err);
}

int engine_affinity_set(const struct engine_cpus *cpus, const char *key, struct err *err)
{
	if (!cpus->given || syscall(SYS_sched_setaffinity, 0, sizeof cpus->of, cpus->of) == 0)
		return 0;
	return err_sys(err, "process.execCPUAffinity.%s: the kernel refuses it: are any of these processors here, and the cgroup's?", key);
}

void engine_affinity_reset(void)
{
	uint64_t all[8192 / 64]; /* as many as the kernel can be built for: what is not there it leaves out */
	memset(all, 0xff, sizeof all);
	syscall(SYS_sched_setaffinity, 0, sizeof all, all);
}
