/* SPDX-License-Identifier: GPL-2.0-or-later */
/* security.c owns who the program is and what it may do. */
#include "src/runtime/security.h"

#include "src/runtime/filter.h"
#include "src/runtime/procfs.h"
#include "src/runtime/ulimits.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
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

static int become_user(const struct user *user, bool single, struct err *err)
{
	gid_t groups[USER_MAX_GROUPS];
	if (single && (user->gid != 0 || user->uid != 0))
		return err_set(err, -EINVAL, "cannot become %s %u: the container has one user id only", user->gid ? "group" : "user",
			user->gid ? user->gid : user->uid);
	if (single)
		return 0;
	for (int i = 0; i < user->group_count; i++)
		groups[i] = user->groups[i];
	if (setgroups(user->group_count, groups) < 0)
		return err_sys(err, "cannot set the supplementary groups");
	if (setresgid(user->gid, user->gid, user->gid) < 0)
		return err_sys(err, "cannot become group %u (is it within the subordinate ids?)", user->gid);
	if (setresuid(user->uid, user->uid, user->uid) < 0)
		return err_sys(err, "cannot become user %u (is it within the subordinate ids?)", user->uid);
	return 0;
}

/* The filter is loaded last, so that it may forbid what was needed until then; capset must be left, or no_new_privs. */
int security_become(const struct user *user, const struct spec *spec, bool single, struct err *err)
{
	uint64_t capabilities = user->uid == 0 ? spec->capabilities : 0;
	for (int i = 0; prctl(PR_CAPBSET_READ, i) >= 0; i++)
		if (!(spec->capabilities & bit(i)) && prctl(PR_CAPBSET_DROP, i) < 0)
			return err_sys(err, "cannot drop capability %d", i);
	if (prctl(PR_SET_KEEPCAPS, 1) < 0)
		return err_sys(err, "cannot keep the capabilities");
	int r = procfs_set_label(spec, err);
	if (r == 0)
		r = become_user(user, single, err);
	if (r == 0)
		r = ulimits_set(spec, err);
	if (r < 0)
		return r;
	prctl(PR_SET_KEEPCAPS, 0);
	if (set_capabilities(capabilities | bit(CAP_SYS_ADMIN)) < 0)
		return err_sys(err, "cannot set the capabilities");
	if (spec->no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_sys(err, "cannot set no_new_privs");
	if (spec->no_new_privileges && set_capabilities(capabilities) < 0)
		return err_sys(err, "cannot set the capabilities");
	r = filter_load(spec, single, err);
	if (r < 0 || spec->no_new_privileges)
		return r;
	return set_capabilities(capabilities) < 0 ? err_sys(err, "cannot set the capabilities") : 0;
}
