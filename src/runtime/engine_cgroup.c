/* SPDX-License-Identifier: GPL-2.0-or-later */
/* engine_cgroup.c owns the cgroups of engines' containers: every controller there is has a directory for them. */
#include "src/runtime/engine.h"

#include "src/base/fd.h"
#include "src/base/self.h"
#include "src/runtime/cgroup_devices.h"
#include "src/runtime/cgroup_limits.h"
#include "src/runtime/cgroup_place.h"
#include "src/runtime/engine_realtime.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 128 };

static int controller_of(const char *name)
{
	for (int i = 0; i < CGROUP_CONTROLLERS; i++)
		if (str_eq(cgroup_controller_name(i, false), name))
			return i;
	return -1;
}

/* The file that the setting is for, in the version that the controller is in here; NULL: nothing to do, or an error. */
static const char *file_of(const struct engine_setting *s, const struct cgroup_directory *directory, const char **ret_value, struct err *err)
{
	const char *file = directory->v2 ? s->v2_file : s->v1_file;
	*ret_value = directory->v2 ? s->v2_value : s->v1_value;
	if (!file)
		err_set(err, -ENOTSUP, "cannot set %s: cgroup v%d has no such setting", s->v1_file ? s->v1_file : s->v2_file, directory->v2 ? 2 : 1);
	return file && *file ? file : NULL;
}

static int apply_setting(const struct engine_setting *s, const struct cgroup *cgroup, struct err *err)
{
	int controller = *s->controller ? controller_of(s->controller) : CGROUP_FREEZER;
	const struct cgroup_directory *directory = controller < 0 ? NULL : &cgroup->of[controller];
	const char *value;
	if (!directory || !directory->path || (!*s->controller && !directory->v2))
		return err_set(err, -ENOTSUP, "cannot set %s: the %s is not here", s->v1_file ? s->v1_file : s->v2_file,
			*s->controller ? "controller" : "unified cgroup hierarchy");
	err_clear(err);
	const char *file = file_of(s, directory, &value, err);
	if (!file)
		return err->code;
	cleanup_free char *path = str_fmt("%s/%s", directory->path, file);
	int r = fd_write_file(AT_FDCWD, path, value, err);
	return r < 0 ? err_code(err, r, "cannot write %s to %s", value, path) : 0;
}

/* One limit may have to follow another (memory and swap, quota and period): what fails is tried again after the rest. */
static int apply_settings(const struct spec_engine *engine, const struct cgroup *cgroup, struct err *err)
{
	cleanup_free bool *failed = mem_new(engine->setting_count + 1);
	int r = 0;
	for (size_t i = 0; i < engine->setting_count; i++)
		failed[i] = apply_setting(&engine->settings[i], cgroup, err) < 0;
	for (size_t i = 0; r == 0 && i < engine->setting_count; i++)
		r = failed[i] ? apply_setting(&engine->settings[i], cgroup, err) : 0;
	if (r == 0)
		err_clear(err);
	return r;
}

/*
 * What every container has comes after the rules, as in runc: engines deny everything and count on that. v2 takes a program,
 * which is the host's root's to load; in a user namespace the kernel makes no nodes anyway.
 */
static int apply_rules(const struct spec_engine *engine, const struct cgroup_directory *devices, struct err *err)
{
	static const struct device_rule making[] = { { true, 'c', -1, -1, DEVICE_MKNOD }, { true, 'b', -1, -1, DEVICE_MKNOD } };
	const size_t making_count = sizeof making / sizeof *making, count = engine->rule_count;
	if (!devices->path || count == 0 || (devices->v2 && !self_is_host_root()))
		return 0;
	cleanup_free struct device_rule *rules = mem_new((count + making_count + CGROUP_DEVICES_USUAL) * sizeof *rules);
	memcpy(rules, engine->rules, count * sizeof *rules);
	memcpy(rules + count, making, sizeof making);
	memcpy(rules + count + making_count, cgroup_devices_usual, sizeof cgroup_devices_usual);
	return cgroup_devices_apply(devices, rules, count + making_count + CGROUP_DEVICES_USUAL, err);
}

/* v1 refuses such a limit by itself, v2 makes room by killing (config-linux.md, "checkBeforeUpdate"). */
static int check_memory(const struct spec_engine *engine, const struct cgroup_directory *memory, struct err *err)
{
	if (!engine->check_memory || !memory->path || !memory->v2)
		return 0;
	cleanup_buf struct buf used = cgroup_place_read(memory->path, "memory.current");
	for (size_t i = 0; i < engine->setting_count; i++) {
		const struct engine_setting *s = &engine->settings[i];
		if (str_eq(s->v2_file, "memory.max") && !str_eq(s->v2_value, "max") && strtoull(s->v2_value, NULL, 10) < strtoull(used.data, NULL, 10))
			return err_set(err, -EBUSY, "cannot write %s to memory.max: %.*s bytes are in use", s->v2_value,
				(int)strcspn(used.data, "\n"), used.data);
	}
	return 0;
}

int engine_cgroup_apply(const struct spec *spec, const struct cgroup *cgroup, struct err *err)
{
	int r = check_memory(spec->engine, &cgroup->of[CGROUP_MEMORY], err);
	if (r < 0)
		return r;
	if (spec->limits.blkio_weight && !cgroup->of[CGROUP_IO].path)
		return err_set(err, -ENOTSUP, "cannot set the weight of block devices: the controller is not here");
	if (spec->limits.blkio_weight)
		r = cgroup_limits_write(&spec->limits, CGROUP_IO, &cgroup->of[CGROUP_IO], err);
	if (r == 0)
		r = engine_realtime_provide(spec->engine, &cgroup->of[CGROUP_CPU], err);
	if (r == 0)
		r = apply_settings(spec->engine, cgroup, err);
	return r;
}

int engine_cgroup_configure(const struct spec *spec, const struct cgroup *cgroup, struct err *err)
{
	int r = engine_cgroup_apply(spec, cgroup, err);
	return r < 0 ? r : apply_rules(spec->engine, &cgroup->of[CGROUP_DEVICES], err);
}

static bool is_wanted(const struct spec *spec)
{
	return spec->engine->setting_count || spec->limits.blkio_weight;
}

/* "a/b/c" as the parent "a/b" and the name "c". */
static void split(const char *path, char **ret_parent, char **ret_name)
{
	cleanup_free char *copy = str_dup(path + strspn(path, "/"));
	size_t len = strlen(copy);
	while (len && copy[len - 1] == '/')
		copy[--len] = 0;
	char *slash = strrchr(copy, '/');
	*ret_parent = slash ? str_ndup(copy, slash - copy) : str_dup(".");
	*ret_name = str_dup(slash ? slash + 1 : copy);
}

static int make_all(const char *parent, const char *name, struct cgroup *cgroup, struct err *err)
{
	int r = 0;
	for (int i = 0; r == 0 && i < CGROUP_CONTROLLERS; i++) {
		bool v2, shared = false;
		cleanup_free char *path = cgroup_place_find(i, parent, name, &v2);
		for (int before = 0; path && before < i; before++)
			shared |= str_eq(cgroup->of[before].path, path);
		if (path)
			r = cgroup_place_make(i, parent, name, shared, &cgroup->of[i], err);
		if (r == -EEXIST)
			err_set(err, r, "the container's cgroup is not empty: %s has processes or cgroups in it already", path);
	}
	return r;
}

int engine_cgroup_create(const struct spec *spec, const char *id, struct cgroup *ret_cgroup, char **ret_path, struct err *err)
{
	cleanup_free char *parent = NULL, *name = NULL;
	cleanup_free char *path = spec->engine->cgroup && *spec->engine->cgroup ? str_dup(spec->engine->cgroup) : str_fmt("xrun/%s.%d", id, getpid());
	struct cgroup cgroup = { 0 };
	if (spec->engine->no_cgroup)
		return is_wanted(spec) ? err_set(err, -ENOTSUP, "linux.resources needs a cgroup, and --cgroup-manager disabled makes none") : 0;
	split(path, &parent, &name);
	if (!*name || str_eq(name, "..") || strstr(path, "../"))
		return err_set(err, -EINVAL, "cgroupsPath \"%s\" is no path below a hierarchy", path);
	int r = make_all(parent, name, &cgroup, err);
	if (r < 0 && !is_wanted(spec) && !self_is_host_root()) { /* an ordinary user without delegated ones */
		err_clear(err);
		engine_cgroup_remove(&cgroup);
		return 0;
	}
	if (r == 0)
		r = engine_cgroup_configure(spec, &cgroup, err);
	if (r < 0) {
		engine_cgroup_remove(&cgroup);
		return r;
	}
	*ret_cgroup = cgroup;
	*ret_path = str_fmt("/%s", path + strspn(path, "/"));
	return 0;
}

static void list_in(int dir_fd, struct strv *ret_pids)
{
	struct err ignored;
	cleanup_buf struct buf text = { 0 };
	cleanup_dir DIR *dir = fdopendir(dup(dir_fd));
	fd_read_file(dir_fd, "cgroup.procs", 16 << 20, &text, &ignored);
	for (char *rest = text.data, *line; rest && (line = strsep(&rest, "\n"));)
		if (*line && atoi(line) > 0)
			strv_add(ret_pids, line);
	for (struct dirent *entry; dir && (entry = readdir(dir));) {
		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		cleanup_fd int below_fd = openat(dir_fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (below_fd >= 0)
			list_in(below_fd, ret_pids);
	}
}

int engine_cgroup_list(const struct cgroup *cgroup, struct strv *ret_pids)
{
	for (int i = 0; i < CGROUP_CONTROLLERS; i++) {
		cleanup_fd int dir_fd = cgroup->of[i].path ? open(cgroup->of[i].path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
		if (dir_fd < 0)
			continue;
		list_in(dir_fd, ret_pids);
		return 0;
	}
	return -ENOENT;
}

/* Those that are still listed when we have a hold of them: a number may have become another process'. One of a namespace that we do not see is 0. */
static void kill_some(const struct cgroup *cgroup, char *const *pids, size_t count, int signal_number)
{
	int fds[BATCH];
	cleanup_strv struct strv now = { 0 };
	for (size_t i = 0; i < count; i++)
		fds[i] = atoi(pids[i]) > 0 ? (int)syscall(SYS_pidfd_open, atoi(pids[i]), 0) : -1;
	engine_cgroup_list(cgroup, &now);
	for (size_t i = 0; i < count; i++) {
		if (fds[i] >= 0 && strv_has(&now, pids[i]))
			syscall(SYS_pidfd_send_signal, fds[i], signal_number, NULL, 0);
		fd_close(&fds[i]);
	}
}

int engine_cgroup_kill(const struct cgroup *cgroup, int signal_number)
{
	cleanup_strv struct strv pids = { 0 };
	int r = engine_cgroup_list(cgroup, &pids);
	for (size_t at = 0; at < pids.len; at += BATCH)
		kill_some(cgroup, pids.items + at, pids.len - at < BATCH ? pids.len - at : BATCH, signal_number);
	return r;
}

/* The container may have made others below its own. A process that was just killed is a member until it has ended. */
static void remove_directory(const char *path)
{
	cleanup_dir DIR *dir = opendir(path);
	for (struct dirent *entry; dir && (entry = readdir(dir));) {
		cleanup_free char *below = str_fmt("%s/%s", path, entry->d_name);
		if (entry->d_type == DT_DIR && !str_eq(entry->d_name, ".") && !str_eq(entry->d_name, ".."))
			remove_directory(below);
	}
	for (int tries = 0; rmdir(path) < 0 && errno == EBUSY && tries < 200; tries++)
		nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
}

void engine_cgroup_remove(struct cgroup *cgroup)
{
	if (cgroup->of[CGROUP_CPU].path && !cgroup->of[CGROUP_CPU].v2)
		engine_realtime_release(cgroup->of[CGROUP_CPU].path);
	for (int i = 0; i < CGROUP_CONTROLLERS; i++)
		if (cgroup->of[i].path)
			remove_directory(cgroup->of[i].path);
	cgroup_done(cgroup);
}
