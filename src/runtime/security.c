/* SPDX-License-Identifier: GPL-2.0-or-later */
/* security.c owns what the payload may do. */
#include "src/runtime/security.h"

#include "src/base/str.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static uint64_t bit(int capability)
{
	return 1ull << capability;
}

static int set_capabilities(uint64_t bits)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = {
		{ .effective = (uint32_t)bits, .permitted = (uint32_t)bits },
		{ .effective = bits >> 32, .permitted = bits >> 32 },
	};
	return syscall(SYS_capset, &header, data);
}

int security_become(const struct user *user, uint64_t bounding, bool set_groups, struct err *err)
{
	gid_t groups[USER_MAX_GROUPS];
	for (int i = 0; i < user->group_count; i++)
		groups[i] = user->groups[i];
	for (int i = 0; prctl(PR_CAPBSET_READ, i) >= 0; i++)
		if (!(bounding & bit(i)) && prctl(PR_CAPBSET_DROP, i) < 0)
			return err_sys(err, "cannot drop capability %d", i);
	if (set_groups && setgroups(user->group_count, groups) < 0)
		return err_sys(err, "cannot set the supplementary groups");
	if (setresgid(user->gid, user->gid, user->gid) < 0)
		return err_sys(err, "cannot become group %u (is it within the subordinate ids?)", user->gid);
	if (setresuid(user->uid, user->uid, user->uid) < 0)
		return err_sys(err, "cannot become user %u (is it within the subordinate ids?)", user->uid);
	if (set_capabilities(user->uid == 0 ? bounding : 0) < 0)
		return err_sys(err, "cannot set the capabilities");
	return 0;
}

/* The machine's own, compiled when xrun was built: src/filter. */
static struct sock_filter filter[] = {
#include "filter.inc"
};

int security_load_filter(struct err *err)
{
	const struct sock_fprog program = { .len = sizeof filter / sizeof *filter, .filter = filter };
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0)
		return err_sys(err, "cannot load the seccomp filter");
	return 0;
}
