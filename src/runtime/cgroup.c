/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cgroup.c owns a container's cgroups from their making to their end. */
#include "src/runtime/cgroup.h"

#include "src/runtime/cgroup_devices.h"
#include "src/runtime/cgroup_limits.h"
#include "src/runtime/cgroup_place.h"
#include "src/runtime/cgroup_scope.h"

#include "src/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Whether it stands for a controller before it, too, so that each directory is visited once. */
static bool is_repeated(const struct cgroup *cgroup, int controller)
{
	for (int i = 0; i < controller; i++)
		if (cgroup->of[i].path && str_eq(cgroup->of[i].path, cgroup->of[controller].path))
			return true;
	return false;
}

static int open_directory(struct cgroup *cgroup, enum cgroup_controller controller, const char *parent, const char *id, struct err *err)
{
	bool v2, shared = false;
	if (cgroup->of[controller].path)
		return 0;
	cleanup_free char *path = cgroup_place_find(controller, parent, id, &v2);
	for (int i = 0; path && i < CGROUP_PLACES; i++)
		shared |= str_eq(cgroup->of[i].path, path);
	return cgroup_place_make(controller, parent, id, shared, &cgroup->of[controller], err);
}

/* Where the user has no cgroup that could take it, systemd is asked for one. Not twice: it would be no better. */
static int open_delegated(struct cgroup *cgroup, enum cgroup_controller controller, const struct spec *spec, struct err *err)
{
	bool v2 = false;
	struct err why = { 0 };
	cleanup_free char *own = NULL;
	const char *parent = spec->limits.cgroup_parent, *slash = parent ? strrchr(parent, '/') : NULL;
	const char *slice = parent && str_ends(parent, ".slice") ? slash ? slash + 1 : parent : NULL;
	int r = open_directory(cgroup, controller, parent, spec->id, err);
	if (r != -EPERM || geteuid() == 0)
		return r;
	own = cgroup_place_of(controller, getpid(), &v2);
	if (!own || !v2 || str_ends(own, "/" CGROUP_PLACE_LEAF))
		return r;
	if (cgroup_scope_enter(slice, getpid(), &why) < 0)
		return err_append(err, " (%s)", why.text);
	err_clear(err);
	return open_directory(cgroup, controller, parent, spec->id, err);
}

static int apply_one(struct cgroup *cgroup, enum cgroup_controller controller, const struct spec *spec, struct err *err)
{
	const struct spec_limits *limits = &spec->limits;
	const char *option = cgroup_limits_need(limits, controller);
	if (!option)
		return 0;
	if (controller == CGROUP_DEVICES && geteuid() != 0)
		return err_set(err, -EPERM, "%s: the kernel takes rules of devices from the host's root only", option);
	int r = open_delegated(cgroup, controller, spec, err);
	if (r < 0)
		return err_prefix(err, "%s", option);
	if (controller == CGROUP_DEVICES)
		return cgroup_devices_write(spec, &cgroup->of[controller], err);
	return cgroup_limits_write(limits, controller, &cgroup->of[controller], err);
}

int cgroup_create(struct cgroup *ret_cgroup, const struct spec *spec, struct err *err)
{
	struct cgroup cgroup = { 0 };
	int r = 0;
	for (int i = 0; r == 0 && i < CGROUP_CONTROLLERS; i++)
		r = apply_one(&cgroup, i, spec, err);
	if (r < 0) {
		cgroup_remove(&cgroup);
		return r;
	}
	*ret_cgroup = cgroup;
	return 0;
}

int cgroup_delegate(struct cgroup *cgroup, const struct spec *spec, uid_t uid, gid_t gid, struct err *err)
{
	static const char *const files[] = { "", "/cgroup.procs", "/cgroup.threads", "/cgroup.subtree_control" };
	int r = open_delegated(cgroup, CGROUP_UNIFIED, spec, err);
	if (r < 0)
		return err_prefix(err, "systemd");
	const char *path = cgroup->of[CGROUP_UNIFIED].path;
	cgroup_place_offer(path);
	for (size_t i = 0; geteuid() == 0 && i < sizeof files / sizeof *files; i++) {
		cleanup_free char *file = str_fmt("%s%s", path, files[i]);
		if (chown(file, uid, gid) < 0)
			return err_sys(err, "cannot give the cgroup %s to the container", path);
	}
	return 0;
}

int cgroup_add(const struct cgroup *cgroup, pid_t pid, struct err *err)
{
	char number[16];
	snprintf(number, sizeof number, "%d", pid);
	for (int i = 0; i < CGROUP_PLACES; i++) {
		int r = cgroup->of[i].path && !is_repeated(cgroup, i) ? cgroup_place_write(cgroup->of[i].path, "cgroup.procs", number, err) : 0;
		if (r < 0)
			return r;
	}
	return 0;
}

bool cgroup_ran_out_of_memory(const struct cgroup *cgroup)
{
	const struct cgroup_directory *memory = &cgroup->of[CGROUP_MEMORY];
	if (!memory->path)
		return false;
	cleanup_buf struct buf text = cgroup_place_read(memory->path, memory->v2 ? "memory.events" : "memory.oom_control");
	const char *count = strstr(text.data, "oom_kill ");
	return count && atoll(count + strlen("oom_kill ")) > 0;
}

/* A part of the path is the container's id: it is in a cgroup of its own, or below that, where systemd puts itself. */
void cgroup_of_process(struct cgroup *ret_cgroup, const char *id, pid_t pid)
{
	cleanup_free char *part = str_fmt("/%s", id);
	*ret_cgroup = (struct cgroup){ 0 };
	for (int i = 0; i < CGROUP_PLACES; i++) {
		bool v2 = false;
		cleanup_free char *path = cgroup_place_of(i, pid, &v2);
		const char *at = path ? strstr(path, part) : NULL, *end = at ? at + strlen(part) : NULL;
		if (end && (!*end || *end == '/'))
			ret_cgroup->of[i] = (struct cgroup_directory){ str_ndup(path, end - path), v2 };
	}
}

/* cgroup-v2.rst, "No Internal Process Constraint": where controllers are handed down further, only the first process' own cgroup takes another. */
static int join_first(pid_t first, pid_t pid, struct err *err)
{
	bool v2 = false;
	char number[16];
	cleanup_free char *path = cgroup_place_of(CGROUP_UNIFIED, first, &v2);
	snprintf(number, sizeof number, "%d", pid);
	return path ? cgroup_place_write(path, "cgroup.procs", number, err) : err_set(err, -ESRCH, "the container has ended");
}

static int join_directories(const struct cgroup *cgroup, pid_t first, pid_t pid, struct err *err)
{
	int r = cgroup_add(cgroup, pid, err);
	if (r != -EBUSY)
		return r;
	err_clear(err);
	return join_first(first, pid, err);
}

/*
 * A process may move only below a cgroup that is the user's (cgroup-v2.rst, "Delegation Containment"). A login's session is not
 * below what systemd delegates to the user, but a scope is, and systemd may move the process there.
 */
int cgroup_join(const char *id, pid_t first, pid_t pid, struct err *err)
{
	cleanup_cgroup struct cgroup cgroup = { 0 };
	cgroup_of_process(&cgroup, id, first);
	int r = join_directories(&cgroup, first, pid, err);
	if ((r != -EACCES && r != -EPERM) || geteuid() == 0)
		return r;
	struct err why = { 0 };
	if (cgroup_scope_enter(NULL, pid, &why) < 0)
		return err_append(err, " (%s)", why.text);
	err_clear(err);
	return join_directories(&cgroup, first, pid, err);
}

/* What the container made, if it could: files of cgroups are none of it, and no directories. Names of more than PATH_MAX bytes stay. */
static bool remove_below(const char *dir)
{
	struct err ignored;
	cleanup_strv struct strv names = { 0 };
	cleanup_fd int fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	bool gone = fd >= 0 && fd_list(fd, dir, &names, &ignored) == 0;
	fd_close(&fd);
	for (size_t i = 0; i < names.len; i++) {
		cleanup_free char *path = str_fmt("%s/%s", dir, names.items[i]);
		if (rmdir(path) < 0 && errno == EBUSY)
			gone = remove_below(path) && rmdir(path) == 0 && gone;
	}
	return gone;
}

/* A process that was just killed is a member until it has ended. */
static void remove_directory(const char *dir)
{
	for (int tries = 0; rmdir(dir) < 0 && errno == EBUSY && tries < 100; tries++)
		if (!remove_below(dir) || tries)
			nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
}

/* The freezer first, which is the last: the others wait for processes to end. */
void cgroup_remove_stale(const char *id, const char *parent)
{
	for (int i = CGROUP_PLACES - 1; i >= 0; i--) {
		bool v2;
		struct err ignored;
		cleanup_free char *path = cgroup_place_find(i, parent, id, &v2);
		if (!path || access(path, F_OK) != 0)
			continue;
		if (i == CGROUP_FREEZER) /* what is frozen cannot end */
			cgroup_place_write(path, v2 ? "cgroup.freeze" : "freezer.state", v2 ? "0" : "THAWED", &ignored);
		remove_directory(path);
	}
}

bool cgroup_is_v2_only(void)
{
	return access("/sys/fs/cgroup/cgroup.controllers", F_OK) == 0;
}

void cgroup_done(struct cgroup *cgroup)
{
	for (int i = 0; i < CGROUP_PLACES; i++)
		free(cgroup->of[i].path);
	*cgroup = (struct cgroup){ 0 };
}

void cgroup_remove(struct cgroup *cgroup)
{
	for (int i = 0; i < CGROUP_PLACES; i++)
		if (cgroup->of[i].path && !is_repeated(cgroup, i))
			remove_directory(cgroup->of[i].path);
	cgroup_done(cgroup);
}
