/* SPDX-License-Identifier: GPL-2.0-or-later */
/* probe_userns.c owns why user namespaces can, or cannot, be had here (user_namespaces(7)). */
#include "src/runtime/probe.h"

#include "src/base/fd.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

#define MAX_FILE "/proc/sys/user/max_user_namespaces"
#define CLONE_FILE "/proc/sys/kernel/unprivileged_userns_clone"            /* Debian's and Arch's kernels */
#define APPARMOR_FILE "/proc/sys/kernel/apparmor_restrict_unprivileged_userns" /* Ubuntu 23.10 and newer */

static int try_unshare(void *context, struct err *err)
{
	(void)context;
	return unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0 ? err_sys(err, "cannot make a user namespace") : 0;
}

/* Ubuntu's AppArmor lets the namespace be made, and then denies every capability in it: a mount tells. */
static int try_capability(void *context, struct err *err)
{
	int r = try_unshare(context, err);
	if (r < 0)
		return r;
	if (unshare(CLONE_NEWUTS) < 0 || sethostname("probe", 5) < 0)
		return err_sys(err, "the root of a new user namespace has no capabilities there");
	return 0;
}

/*
 * unshare(2): EPERM in a chroot, whatever else is allowed. There, / is mostly no mount point, so that
 * proc_pid_mountinfo(5) has no line for it.
 */
static bool is_chroot(void)
{
	cleanup_file FILE *file = fopen("/proc/self/mountinfo", "re");
	char line[2048], place[8];
	bool none = file;
	while (file && fgets(line, sizeof line, file))
		if (sscanf(line, "%*s %*s %*s %*s %7s", place) == 1 && str_eq(place, "/"))
			none = false;
	return none;
}

struct cause {
	const char *why, *mend;
};

static struct cause find_cause(int error, bool made)
{
	if (error == -ENOSPC && probe_sysctl(MAX_FILE) == 0)
		return (struct cause){ MAX_FILE " is 0", "sudo sysctl user.max_user_namespaces=15000" };
	if (error == -ENOSPC || error == -EUSERS)
		return (struct cause){ "as many as " MAX_FILE " allows are in use, or 32 of them are nested", "sudo sysctl user.max_user_namespaces=100000" };
	if (geteuid() != 0 && probe_sysctl(CLONE_FILE) == 0)
		return (struct cause){ CLONE_FILE " is 0", "sudo sysctl kernel.unprivileged_userns_clone=1" };
	if (geteuid() != 0 && probe_sysctl(APPARMOR_FILE) == 1)
		return (struct cause){ APPARMOR_FILE " is 1, and no AppArmor profile allows them to xrun",
			"sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0" };
	if (probe_is_filtered())
		return (struct cause){ "a seccomp filter is around xrun, as in a container of docker's default profile",
			"docker run --security-opt seccomp=unconfined ... # where xrun itself runs in a container" };
	if (error == -EPERM && !made && is_chroot())
		return (struct cause){ "xrun runs in a chroot, where the kernel allows none",
			"unshare --mount, then pivot_root in place of chroot" };
	if (error == -EINVAL || error == -ENOSYS)
		return (struct cause){ "this kernel is built without CONFIG_USER_NS", NULL };
	return (struct cause){ "a security module of this machine (SELinux, AppArmor, ...) denies it, or xrun runs in a chroot", "sudo dmesg | tail" };
}

static void report(struct findings *findings, int error, bool made, const struct err *err)
{
	struct cause cause = find_cause(error, made);
	struct finding *f = findings_add(findings, "kernel", "user namespaces", FINDING_BROKEN, "%s: %s", err->text, cause.why);
	if (cause.mend)
		finding_mend(f, "%s", cause.mend);
}

bool probe_user_namespaces(struct findings *findings)
{
	struct err err = { 0 };
	int r = probe_in_child(try_unshare, NULL, &err);
	bool made = r == 0;
	if (made)
		r = probe_in_child(try_capability, NULL, &err);
	if (r < 0) {
		report(findings, r, made, &err);
		return false;
	}
	findings_add(findings, "kernel", "user namespaces", FINDING_OK, "%s may make them", geteuid() == 0 ? "root" : "an ordinary user");
	return true;
}
