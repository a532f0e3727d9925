/* SPDX-License-Identifier: GPL-2.0-or-later */
/* probe_namespaces.c owns trying what a container is made of, in a user namespace with its id map. */
#include "src/runtime/probe.h"

#include "src/base/fd.h"
#include "src/runtime/filter.h"
#include "src/runtime/mount.h"
#include "src/runtime/userns.h"

#include <errno.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <unistd.h>

static const struct kind {
	const char *name;
	int flag;
} kinds[] = {
	{ "mnt", CLONE_NEWNS }, { "pid", CLONE_NEWPID }, { "net", CLONE_NEWNET }, { "ipc", CLONE_NEWIPC }, { "uts", CLONE_NEWUTS },
	{ "cgroup", CLONE_NEWCGROUP }, { "time", CLONE_NEWTIME },
};

static int try_kind(void *context, struct err *err)
{
	const struct kind *kind = context;
	return unshare(kind->flag) < 0 ? err_sys(err, "cannot make a %s namespace", kind->name) : 0;
}

static void report_kind(const struct kind *kind, int error, const struct err *err, struct findings *findings)
{
	cleanup_free char *name = str_fmt("%s namespace", kind->name);
	cleanup_free char *limit = str_fmt("/proc/sys/user/max_%s_namespaces", kind->name);
	long most = probe_sysctl(limit);
	if (error != -ENOSPC || most < 0) {
		findings_add(findings, "container", name, FINDING_BROKEN, "%s%s", err->text,
			probe_is_filtered() ? ": a seccomp filter around xrun may deny it" : "");
		return;
	}
	struct finding *f = findings_add(findings, "container", name, FINDING_BROKEN, "%s: %s is %ld", err->text, limit, most);
	finding_mend(f, "sudo sysctl user.max_%s_namespaces=15000", kind->name);
}

static void probe_kinds(const struct idmap *map, struct findings *findings)
{
	bool all = true;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		struct err err = { 0 };
		int r = userns_call(map, NULL, try_kind, (void *)&kinds[i], &err);
		if (r < 0)
			report_kind(&kinds[i], r, &err, findings);
		all = all && r == 0;
	}
	if (all)
		findings_add(findings, "container", "namespaces", FINDING_OK, "mnt, pid, net, ipc, uts, cgroup and time can be made");
}

/* In a pid namespace of our own, for proc; the others own what sysfs and mqueue show. */
static int mount_all(void *context, struct err *err)
{
	static const char *const types[] = { "proc", "sysfs", "tmpfs", "devpts", "mqueue", "cgroup2" };
	(void)context;
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		cleanup_fd int fd = mount_new(types[i], NULL, 0, err);
		int r = fd < 0 ? fd : mount_set(fd, MOUNT_ATTR_RDONLY, false, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int try_mounts(void *context, struct err *err)
{
	if (unshare(CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP) < 0)
		return err_sys(err, "cannot make the namespaces");
	return probe_in_child(mount_all, context, err);
}

/* The kernel mounts proc and sysfs in a user namespace only where the caller sees its own unobstructed. */
static void probe_mounts(const struct idmap *map, struct findings *findings)
{
	struct err err = { 0 };
	int r = userns_call(map, NULL, try_mounts, NULL, &err);
	if (r == 0) {
		findings_add(findings, "container", "file systems", FINDING_OK, "proc, sysfs, tmpfs, devpts, mqueue and cgroup2 can be mounted");
		return;
	}
	struct finding *f = findings_add(findings, "container", "file systems", FINDING_BROKEN, "%s%s", err.text,
		r == -EPERM ? ": a part of /proc or /sys is covered here, as in a container of docker's or podman's" : "");
	if (r == -EPERM)
		finding_mend(f, "docker run --security-opt systempaths=unconfined ... # podman: --security-opt unmask=ALL");
}

static int try_filter(void *context, struct err *err)
{
	const struct spec spec = { .seccomp = true };
	(void)context;
	return filter_load(&spec, false, -1, err);
}

static void probe_filter(const struct idmap *map, struct findings *findings)
{
	struct err err = { 0 };
	if (userns_call(map, NULL, try_filter, NULL, &err) == 0)
		findings_add(findings, "container", "seccomp", FINDING_OK, "the filter of system calls can be loaded");
	else
		findings_add(findings, "container", "seccomp", FINDING_BROKEN, "%s", err.text);
}

void probe_namespaces(const struct idmap *map, struct findings *findings)
{
	probe_kinds(map, findings);
	probe_mounts(map, findings);
	probe_filter(map, findings);
}
