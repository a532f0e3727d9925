/* SPDX-License-Identifier: GPL-2.0-or-later */
/* engine_mounts.c owns the mounts of an engine's container, as config.json lists them. */
/*
 * Theory of operation. Each mount is made detached, gets its attributes, and goes onto a descriptor that openat2 found below
 * the root: no name that the root's files could have prepared is resolved in a weaker way. A file system that the kernel
 * does not let the container's namespaces have (sysfs of a network that is the host's, ...) is shown as the host has it.
 */
#include "src/runtime/engine_stage.h"

#include "src/base/fd.h"
#include "src/runtime/mount.h"
#include "src/runtime/target.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

/* A locked attribute cannot be cleared in a user namespace (mount_namespaces(7)); it is stricter than what was asked for. */
static int set_attributes(int fd, uint64_t set, uint64_t clear, bool recursive, const char *target, struct err *err)
{
	struct mount_attr attr = { .attr_set = set, .attr_clr = clear };
	unsigned flags = AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0);
	if ((!set && !clear) || mount_setattr(fd, "", flags, &attr, sizeof attr) == 0)
		return 0;
	attr = (struct mount_attr){ .attr_set = set & ~(uint64_t)MOUNT_ATTR__ATIME };
	if (errno == EPERM && mount_setattr(fd, "", flags, &attr, sizeof attr) == 0)
		return 0;
	return err_sys(err, "%s: cannot set the mount's attributes", target);
}

/* procfs and sysfs at a place that a symlink chose would make other files of theirs writable (CVE-2019-16884). */
static int open_target(const struct engine_mount *m, int root_fd, bool directory, struct err *err)
{
	bool kernel = str_eq(m->type, "proc") || str_eq(m->type, "sysfs");
	cleanup_fd int fd = target_open(root_fd, m->target, directory, err);
	if (fd < 0 || !kernel)
		return fd_take(&fd);
	cleanup_free char *below = str_fmt("./%s", m->target);
	cleanup_fd int straight_fd = fd_openat2(root_fd, below, O_PATH, 0, RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS);
	if (straight_fd < 0)
		return err_set(err, straight_fd, "%s: a file system of the kernel cannot be mounted through a symlink", m->target);
	return fd_take(&fd);
}

/* Before it becomes read-only. */
static bool is_filled(const struct engine_mount *m)
{
	return !m->bind && str_eq(m->type, "tmpfs");
}

/* What is below /dev is still to come: engine_mounts_finish makes it read-only. */
static bool waits(const struct engine_mount *m)
{
	size_t len = strlen("/dev");
	return !m->bind && str_starts(m->target, "/dev") && m->target[len + strspn(m->target + len, "/")] == 0;
}

/*
 * `set` and `clear`: what this mount still lacks of its own attributes. All of them are there before it is: the kernel changes none of a mount that hangs
 * in a detached tree, which is what a container in the host's mount namespace has for a root.
 */
static int attach(const struct engine_mount *m, int mount_fd, int root_fd, bool directory, uint64_t set, uint64_t clear, struct err *err)
{
	cleanup_fd int target_fd = open_target(m, root_fd, directory, err);
	int r = target_fd < 0 ? target_fd : 0;
	if (r == 0 && m->copy_up)
		r = engine_copy_up(target_fd, mount_fd, m->target, err);
	if (r == 0)
		r = set_attributes(mount_fd, set, clear, false, m->target, err);
	if (r == 0)
		r = set_attributes(mount_fd, m->rset, m->rclear, true, m->target, err);
	if (r == 0)
		r = mount_attach(mount_fd, target_fd, m->target, err);
	for (size_t i = 0; r == 0 && i < m->propagation_count; i++)
		r = mount_set_propagation(mount_fd, m->propagation[i], m->target, err);
	return r;
}

static int attach_bind(const struct engine_stage *stage, size_t i, int root_fd, struct err *err)
{
	const struct engine_mount *m = &stage->spec->engine->mounts[i];
	struct stat st;
	cleanup_fd int fd = stage->source_fds[i] >= 0 ? dup(stage->source_fds[i]) : engine_source_open(stage, m, err);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return err_sys(err, "cannot look at %s", m->source);
	/* Private, unless something else is asked for: what the host has shared is no way out of the container. */
	int r = m->propagation_count ? 0 : mount_set_propagation(fd, MS_PRIVATE | MS_REC, m->target, err);
	return r < 0 ? r : attach(m, fd, root_fd, S_ISDIR(st.st_mode), m->set, m->clear, err);
}

/* What the host has at that place, for a file system that cannot be made anew. */
static int attach_hosts(const struct engine_mount *m, const char *path, int root_fd, struct err *err)
{
	cleanup_fd int fd = mount_clone(AT_FDCWD, path, true, err);
	int r = fd < 0 ? fd : mount_set_propagation(fd, MS_SLAVE | MS_REC, m->target, err);
	if (r == 0)
		r = set_attributes(fd, m->set & ~(uint64_t)MOUNT_ATTR__ATIME, 0, true, m->target, err);
	return r < 0 ? r : attach(m, fd, root_fd, true, 0, 0, err);
}

static void split_options(const struct engine_mount *m, bool group, struct strv *words, struct mount_option *ret_options)
{
	size_t count = 0;
	if (m->source && *m->source)
		ret_options[count++] = (struct mount_option){ "source", m->source };
	for (size_t i = 0; i < words->len; i++) {
		char *value = strchr(words->items[i], '=');
		if (value)
			*value++ = 0;
		if (group || !str_eq(words->items[i], "gid"))
			ret_options[count++] = (struct mount_option){ words->items[i], value };
	}
	ret_options[count] = (struct mount_option){ NULL, NULL };
}

static int make_new(const struct engine_mount *m, const char *type, bool group, struct err *err)
{
	cleanup_strv struct strv words = { 0 };
	strv_extend(&words, &m->data);
	cleanup_free struct mount_option *options = mem_new((words.len + 2) * sizeof *options);
	split_options(m, group, &words, options);
	int fd = mount_new(type, options, is_filled(m) || waits(m) ? m->set & ~(uint64_t)MOUNT_ATTR_RDONLY : m->set, err);
	return fd < 0 ? err_prefix(err, "%s", m->target) : fd;
}

int engine_mount_make(const struct engine_mount *m, const char *type, struct err *err)
{
	int fd = make_new(m, type, true, err);
	if (fd == -EINVAL && str_eq(type, "devpts")) /* a group that the id map lacks */
		fd = make_new(m, type, false, err);
	return fd;
}

static const char *place_on_host(const char *type)
{
	static const char *const places[][2] = { { "proc", "/proc" }, { "sysfs", "/sys" }, { "mqueue", "/dev/mqueue" },
		{ "cgroup", "/sys/fs/cgroup" }, { "cgroup2", "/sys/fs/cgroup" } };
	for (size_t i = 0; i < sizeof places / sizeof *places; i++)
		if (str_eq(places[i][0], type))
			return places[i][1];
	return NULL;
}

/* A tmpfs is as open as the directory that it covers, if nothing else was said. */
static char *covered_mode(const struct engine_mount *m, int root_fd)
{
	struct stat st;
	for (size_t i = 0; i < m->data.len; i++)
		if (str_starts(m->data.items[i], "mode="))
			return NULL;
	cleanup_fd int fd = fd_openat2(root_fd, m->target, O_PATH, 0, RESOLVE_IN_ROOT);
	return fd >= 0 && fstat(fd, &st) == 0 ? str_fmt("mode=%o", st.st_mode & 07777) : NULL;
}

static int make_for(const struct engine_mount *m, const char *type, int root_fd, struct err *err)
{
	struct engine_mount covering = *m;
	char *mode = is_filled(m) ? covered_mode(m, root_fd) : NULL;
	if (!mode)
		return engine_mount_make(m, type, err);
	covering.data = (struct strv){ 0 };
	strv_extend(&covering.data, &m->data);
	strv_take(&covering.data, mode);
	int fd = engine_mount_make(&covering, type, err);
	strv_done(&covering.data);
	return fd;
}

static int attach_new(const struct engine_mount *m, int source_fd, const char *type, int root_fd, struct err *err)
{
	cleanup_fd int fd = source_fd >= 0 ? dup(source_fd) : make_for(m, type, root_fd, err);
	const char *place = place_on_host(type);
	if ((fd == -EPERM || fd == -EBUSY || fd == -EACCES) && place)
		return attach_hosts(m, place, root_fd, err);
	return fd < 0 ? fd : attach(m, fd, root_fd, true, is_filled(m) && !waits(m) ? m->set & MOUNT_ATTR_RDONLY : 0, 0, err);
}

/* The name of the hierarchy's directory: what is behind /sys/fs/cgroup/ in the path of the container's. */
static char *hierarchy_name(const char *path)
{
	static const char prefix[] = "/sys/fs/cgroup/";
	if (!str_starts(path, prefix))
		return NULL;
	const char *name = path + strlen(prefix);
	return str_ndup(name, strcspn(name, "/"));
}

static int attach_controller(const struct engine_mount *m, const char *path, const char *name, int tmpfs_fd, struct err *err)
{
	cleanup_fd int fd = mount_clone(AT_FDCWD, path, false, err);
	cleanup_fd int place_fd = fd < 0 ? fd : openat(tmpfs_fd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (place_fd < 0)
		return fd < 0 ? fd : err_sys(err, "cannot open %s/%s", m->target, name);
	int r = set_attributes(fd, m->set & ~(uint64_t)MOUNT_ATTR__ATIME, 0, false, m->target, err);
	return r < 0 ? r : mount_attach(fd, place_fd, path, err);
}

/* A directory for each hierarchy, in ret_names the caller's: two controllers may share one. */
static int make_places(const struct engine_mount *m, const struct cgroup *cgroup, int tmpfs_fd, char **ret_names, struct err *err)
{
	for (int i = 0; i < CGROUP_CONTROLLERS; i++) {
		cleanup_free char *name = cgroup->of[i].path ? hierarchy_name(cgroup->of[i].path) : NULL;
		if (!name || !*name)
			continue;
		if (mkdirat(tmpfs_fd, name, 0755) == 0) {
			ret_names[i] = name;
			name = NULL;
		} else if (errno != EEXIST) {
			return err_sys(err, "cannot make %s/%s", m->target, name);
		}
	}
	return 0;
}

/* v1: a directory for each hierarchy in which the container has one, and that is what it sees there. */
static int attach_cgroups(const struct engine_stage *stage, const struct engine_mount *m, int root_fd, struct err *err)
{
	static const struct mount_option options[] = { { "mode", "0755" }, { "size", "64k" }, { NULL, NULL } };
	const struct cgroup *cgroup = &stage->state->cgroup;
	char *names[CGROUP_CONTROLLERS] = { NULL };
	cleanup_fd int fd = mount_new("tmpfs", options, m->set & ~(uint64_t)MOUNT_ATTR_RDONLY, err);
	int r = fd < 0 ? fd : make_places(m, cgroup, fd, names, err);
	if (r == 0)
		r = attach(m, fd, root_fd, true, m->set & MOUNT_ATTR_RDONLY, 0, err);
	for (int i = 0; i < CGROUP_CONTROLLERS; i++) {
		if (r == 0 && names[i])
			r = attach_controller(m, cgroup->of[i].path, names[i], fd, err);
		free(names[i]);
	}
	return r;
}

static int attach_one(const struct engine_stage *stage, size_t i, int root_fd, struct err *err)
{
	const struct engine_mount *m = &stage->spec->engine->mounts[i];
	if (m->bind)
		return attach_bind(stage, i, root_fd, err);
	if (str_eq(m->type, "cgroup") && !cgroup_is_v2_only())
		return attach_cgroups(stage, m, root_fd, err);
	return attach_new(m, stage->source_fds[i], str_eq(m->type, "cgroup") ? "cgroup2" : m->type, root_fd, err);
}

int engine_mounts_finish(const struct engine_stage *stage, int root_fd, struct err *err)
{
	const struct spec_engine *engine = stage->spec->engine;
	int r = 0;
	for (size_t i = 0; r == 0 && i < engine->mount_count; i++) {
		const struct engine_mount *m = &engine->mounts[i];
		if (!waits(m) || !(m->set & MOUNT_ATTR_RDONLY))
			continue;
		cleanup_fd int fd = fd_openat2(root_fd, m->target, O_PATH | O_DIRECTORY, 0, RESOLVE_IN_ROOT);
		r = fd < 0 ? err_code(err, fd, "cannot open %s", m->target) : set_attributes(fd, MOUNT_ATTR_RDONLY, 0, false, m->target, err);
	}
	return r;
}

int engine_mounts_attach(const struct engine_stage *stage, int root_fd, struct err *err)
{
	int r = 0;
	for (size_t i = 0; r == 0 && i < stage->spec->engine->mount_count; i++)
		r = attach_one(stage, i, root_fd, err);
	return r;
}
