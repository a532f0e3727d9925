/* SPDX-License-Identifier: GPL-2.0-or-later */
/* security.c owns who the program is and what it may do. */
#include "src/runtime/security.h"

#include "src/plan/engine.h"
#include "src/runtime/filter.h"
#include "src/runtime/procfs.h"
#include "src/runtime/ulimits.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static uint64_t bit(int capability)
{
	return 1ull << capability;
}

struct security_identity {
	uint32_t uid, gid;
	const uint32_t *groups;
	size_t group_count;
};

/* `more` is permitted and effective beside the sets. */
static int set_capabilities(const struct engine_capabilities *sets, uint64_t more)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	const uint64_t effective = sets->effective | more, permitted = sets->permitted | more;
	struct __user_cap_data_struct data[2] = {
		{ (uint32_t)effective, (uint32_t)permitted, (uint32_t)sets->inheritable },
		{ effective >> 32, permitted >> 32, sets->inheritable >> 32 },
	};
	return syscall(SYS_capset, &header, data);
}

/* capabilities(7): only what is permitted and inheritable can be; engines name more, and other runtimes take it so, too. */
static int raise_ambient(uint64_t ambient, struct err *err)
{
	for (int i = 0; i < 64 && ambient >> i; i++)
		if (ambient & bit(i) && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, i, 0, 0) < 0)
			return err_sys(err, "cannot make capability %d an ambient one", i);
	return 0;
}

static int become_user(const struct security_identity *who, bool single, struct err *err)
{
	if (single && (who->gid != 0 || who->uid != 0))
		return err_set(err, -EINVAL, "cannot become %s %u: the container has one user id only", who->gid ? "group" : "user",
			who->gid ? who->gid : who->uid);
	if (single)
		return 0;
	if (setgroups(who->group_count, who->groups) < 0)
		return err_sys(err, "cannot set the supplementary groups");
	if (setresgid(who->gid, who->gid, who->gid) < 0)
		return err_sys(err, "cannot become group %u (is it within the subordinate ids?)", who->gid);
	if (setresuid(who->uid, who->uid, who->uid) < 0)
		return err_sys(err, "cannot become user %u (is it within the subordinate ids?)", who->uid);
	return 0;
}

static int drop_bounding(uint64_t bounding, struct err *err)
{
	for (int i = 0; prctl(PR_CAPBSET_READ, i) >= 0; i++)
		if (!(bounding & bit(i)) && prctl(PR_CAPBSET_DROP, i) < 0)
			return err_sys(err, "cannot drop capability %d", i);
	return 0;
}

/* The filter is loaded last, so that it may forbid what was needed until then; capset must be left, or no_new_privs. */
static int become(const struct security_identity *who, const struct engine_capabilities *sets, const struct spec *spec, bool single,
	int socket_fd, struct err *err)
{
	int r = drop_bounding(sets->bounding, err);
	if (r == 0 && prctl(PR_SET_KEEPCAPS, 1) < 0)
		r = err_sys(err, "cannot keep the capabilities");
	if (r == 0)
		r = procfs_set_label(spec, err);
	if (r == 0)
		r = become_user(who, single, err);
	if (r == 0)
		r = ulimits_set(spec, err);
	if (r < 0)
		return r;
	prctl(PR_SET_KEEPCAPS, 0);
	if (set_capabilities(sets, bit(CAP_SYS_ADMIN)) < 0)
		return err_sys(err, "cannot set the capabilities");
	r = raise_ambient(sets->ambient & sets->permitted & sets->inheritable, err);
	if (r == 0 && spec->no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		r = err_sys(err, "cannot set no_new_privs");
	if (r == 0 && spec->no_new_privileges && set_capabilities(sets, 0) < 0)
		r = err_sys(err, "cannot set the capabilities");
	if (r == 0)
		r = filter_load(spec, single && !spec->engine, socket_fd, err);
	if (r < 0 || spec->no_new_privileges)
		return r;
	return set_capabilities(sets, 0) < 0 ? err_sys(err, "cannot set the capabilities") : 0;
}

int security_become(const struct user *user, const struct spec *spec, bool single, struct err *err)
{
	const uint64_t capabilities = user->uid == 0 ? spec->capabilities : 0;
	const struct engine_capabilities sets = { .bounding = spec->capabilities, .effective = capabilities, .permitted = capabilities };
	const struct security_identity who = { user->uid, user->gid, user->groups, user->group_count };
	return become(&who, &sets, spec, single, -1, err);
}

int security_become_engines(const struct spec *spec, int socket_fd, struct err *err)
{
	const struct engine_user *user = &spec->engine->user;
	const struct security_identity who = { user->uid, user->gid, user->groups, user->group_count };
	bool single = user->group_count == 0 && setgroups(0, NULL) < 0; /* not allowed: there is one id, and it is ours */
	return become(&who, &spec->engine->capabilities, spec, single && user->uid == 0 && user->gid == 0, socket_fd, err);
}
