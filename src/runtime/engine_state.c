/* SPDX-License-Identifier: GPL-2.0-or-later */
/* engine_state.c owns the directories of engines' containers, and what they tell. */
#include "src/runtime/engine.h"

#include "src/base/fd.h"
#include "src/base/self.h"
#include "src/plan/oci_read.h"
#include "src/runtime/cgroup_place.h"
#include "src/runtime/state.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/version.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

enum { CONFIG_LIMIT = 32 << 20 };

void engine_state_done(struct engine_state *state)
{
	free(state->id);
	free(state->bundle);
	free(state->rootfs);
	free(state->created);
	free(state->cgroup_path);
	cgroup_done(&state->cgroup);
	*state = (struct engine_state){ 0 };
}

int engine_root_open(const char *root, struct err *err)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	bool own = !self_is_host_root() && runtime && *runtime == '/';
	cleanup_free char *path = root ? str_dup(root) : str_fmt("%s/xrun-oci", own ? runtime : "/run");
	int r = fd_mkdir_path(path, 0700, err);
	if (r < 0)
		return r;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err_sys(err, "cannot open %s", path) : fd;
}

static int check_id(const char *id, struct err *err)
{
	size_t len = strlen(id), good = strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-.");
	if (good < len)
		return err_set(err, -EINVAL, "invalid character `%c` in the container ID \"%s\": letters, digits and _+-. make one", id[good], id);
	if (len == 0 || len > ENGINE_ID_MAX || *id == '.')
		return err_set(err, -EINVAL, "invalid container ID \"%s\": it has 1 to %d characters, the first no point", id, ENGINE_ID_MAX);
	return 0;
}

int engine_open(int root_fd, const char *id, struct err *err)
{
	int r = check_id(id, err);
	if (r < 0)
		return r;
	int fd = openat(root_fd, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return err_set(err, -ENOENT, "container %s does not exist", id);
	return fd < 0 ? err_sys(err, "cannot open the container %s", id) : fd;
}

static json_t *describe_cgroup(const struct cgroup *cgroup)
{
	json_t *object = json_object();
	for (int i = 0; i < CGROUP_CONTROLLERS; i++)
		if (cgroup->of[i].path)
			json_object_set_new(object, cgroup_controller_name(i, false), json_pack("{s:s, s:b}", "path", cgroup->of[i].path,
				"v2", cgroup->of[i].v2));
	return object;
}

int engine_state_write(int dir_fd, const struct engine_state *state, struct err *err)
{
	json_t *object = json_pack("{s:i, s:s, s:s, s:s, s:s, s:i, s:i, s:I, s:o, s:s*, s:b}", "version", ENGINE_STATE_VERSION, "id",
		state->id, "bundle", state->bundle, "rootfs", state->rootfs, "created", state->created, "owner", state->owner, "pid",
		state->pid, "pidStart", (json_int_t)state->pid_start, "cgroups", describe_cgroup(&state->cgroup), "cgroupPath",
		state->cgroup_path, "emulated", state->emulated);
	cleanup_free char *text = json_dumps(object, JSON_INDENT(2));
	json_decref(object);
	if (!text)
		return err_set(err, -EINVAL, "cannot write the state of container %s: its paths are not UTF-8", state->id);
	unlinkat(dir_fd, "state.new", 0);
	cleanup_fd int fd = openat(dir_fd, "state.new", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int r = fd < 0 ? -errno : fd_write_all(fd, text, strlen(text));
	if (r == 0 && renameat(dir_fd, "state.new", dir_fd, "state.json") < 0)
		r = -errno;
	return r < 0 ? err_code(err, r, "cannot write the state of container %s", state->id) : 0;
}

static void read_cgroup(json_t *object, struct cgroup *ret_cgroup)
{
	for (int i = 0; i < CGROUP_CONTROLLERS; i++) {
		const json_t *one = json_object_get(object, cgroup_controller_name(i, false));
		const char *path = json_string_value(json_object_get(one, "path"));
		if (path)
			ret_cgroup->of[i] = (struct cgroup_directory){ str_dup(path), json_is_true(json_object_get(one, "v2")) };
	}
}

int engine_state_read(int dir_fd, const char *id, struct engine_state *ret_state, struct err *err)
{
	cleanup_buf struct buf text = { 0 };
	int r = fd_read_file(dir_fd, "state.json", CONFIG_LIMIT, &text, err);
	if (r == -ENOENT)
		return err_set(err, r, "container %s does not exist: it is being created, or its creation was broken off", id);
	if (r < 0)
		return r;
	json_t *object = json_loadb(text.data, text.len, JSON_REJECT_DUPLICATES, NULL);
	const char *bundle = json_string_value(json_object_get(object, "bundle")), *rootfs = json_string_value(json_object_get(object, "rootfs"));
	const char *created = json_string_value(json_object_get(object, "created"));
	json_int_t version = json_integer_value(json_object_get(object, "version"));
	if (version != ENGINE_STATE_VERSION || !bundle || !rootfs || !created) {
		json_decref(object);
		return err_set(err, -EBADMSG, "the state.json of container %s is damaged, or another version's", id);
	}
	*ret_state = (struct engine_state){ .id = str_dup(id), .bundle = str_dup(bundle), .rootfs = str_dup(rootfs),
		.created = str_dup(created), .owner = json_integer_value(json_object_get(object, "owner")),
		.pid = json_integer_value(json_object_get(object, "pid")),
		.pid_start = json_integer_value(json_object_get(object, "pidStart")),
		.cgroup_path = str_dup(json_string_value(json_object_get(object, "cgroupPath"))),
		.emulated = json_is_true(json_object_get(object, "emulated")) };
	read_cgroup(json_object_get(object, "cgroups"), &ret_state->cgroup);
	json_decref(object);
	return 0;
}

/* proc_pid_stat(5), field 3: one that has ended and that its parent has not asked for yet does not run. */
static bool has_ended(pid_t pid)
{
	struct err ignored;
	cleanup_buf struct buf text = { 0 };
	cleanup_free char *path = str_fmt("/proc/%d/stat", pid);
	if (fd_read_file(AT_FDCWD, path, 4096, &text, &ignored) < 0)
		return true;
	const char *end = text.len ? strrchr(text.data, ')') : NULL;
	return !end || end[1] != ' ' || end[2] == 'Z' || end[2] == 'X';
}

enum engine_status engine_status(int dir_fd, const struct engine_state *state)
{
	if (state->pid <= 0 || state_pid_start(state->pid) != state->pid_start || has_ended(state->pid))
		return ENGINE_STOPPED;
	if (faccessat(dir_fd, "start", F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return ENGINE_CREATED;
	return cgroup_is_frozen(&state->cgroup) ? ENGINE_PAUSED : ENGINE_RUNNING;
}

const char *engine_status_text(enum engine_status status)
{
	static const char *const texts[] = { "creating", "created", "running", "paused", "stopped" };
	return texts[status];
}

json_t *engine_state_json(const struct engine_state *state, enum engine_status status, const struct strv *annotations, bool extended)
{
	json_t *object = json_pack("{s:s, s:s, s:i, s:s, s:s}", "ociVersion", "1.2.0", "id", state->id, "pid", status == ENGINE_STOPPED ? 0 : state->pid,
		"status", engine_status_text(status), "bundle", state->bundle); /* in the order that who reads lines expects */
	if (extended) {
		json_object_set_new(object, "rootfs", json_string(state->rootfs));
		json_object_set_new(object, "created", json_string(state->created));
		cleanup_free char *owner = str_fmt("%u", state->owner);
		json_object_set_new(object, "owner", json_string(owner));
	}
	json_t *notes = annotations->len ? json_object() : NULL;
	for (size_t i = 0; i < annotations->len; i++) {
		size_t len = strcspn(annotations->items[i], "=");
		cleanup_free char *key = str_ndup(annotations->items[i], len);
		json_object_set_new(notes, key, json_string(annotations->items[i] + len + 1));
	}
	if (notes)
		json_object_set_new(object, "annotations", notes);
	return object;
}

static uint32_t kernel_version(void)
{
	struct utsname name;
	unsigned major = 0, minor = 0;
	uname(&name);
	sscanf(name.release, "%u.%u", &major, &minor);
	return KERNEL_VERSION(major, minor, 0);
}

int engine_load_spec(int dir_fd, const char *path, const char *bundle, bool new_keyring, struct spec *ret_spec, struct buf *ret_text,
	struct err *err)
{
	const struct oci_setting setting = { .bundle = bundle, .kernel = kernel_version(), .new_keyring = new_keyring };
	int r = fd_read_file(dir_fd, path, CONFIG_LIMIT, ret_text, err);
	return r < 0 ? r : oci_read(ret_text->data ? ret_text->data : "", ret_text->len, &setting, ret_spec, err);
}

int engine_read_spec(int dir_fd, const struct engine_state *state, struct spec *ret_spec, struct err *err)
{
	cleanup_buf struct buf text = { 0 };
	int r = engine_load_spec(dir_fd, "config.json", state->bundle, true, ret_spec, &text, err);
	return r < 0 ? r : 0;
}
