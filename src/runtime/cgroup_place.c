/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cgroup_place.c owns where a container's cgroup directories go. */
/*
 * Theory of operation. Where a controller lives is asked for each one by itself, from /proc/self/mountinfo: a v1 hierarchy
 * that carries it, or else the v2 one if its cgroup.controllers names it. So v1, the mixed layout and v2 need no case of
 * their own. Root's containers are in "xrun" at the hierarchy's root. An ordinary user's go below the cgroup that the user
 * is in, if that was delegated, that is, belongs to the user.
 *
 * In v2 a cgroup that has processes hands no controllers down. A delegated one in which there is nobody but us is left for
 * a leaf of its own (xrun-self); otherwise the next one above is taken, if the user has that, too.
 */
#include "src/runtime/cgroup_place.h"

#include "src/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct hierarchy {
	char root[256], mount[256]; /* mount shows the part of the hierarchy below root */
	bool v2;
};

const char *cgroup_controller_name(enum cgroup_controller controller, bool v2)
{
	static const char *const names[CGROUP_PLACES][2] = {
		[CGROUP_MEMORY] = { "memory", "memory" }, [CGROUP_CPU] = { "cpu", "cpu" }, [CGROUP_CPUSET] = { "cpuset", "cpuset" },
		[CGROUP_PIDS] = { "pids", "pids" }, [CGROUP_IO] = { "blkio", "io" }, [CGROUP_HUGETLB] = { "hugetlb", "hugetlb" },
		[CGROUP_DEVICES] = { "devices", NULL }, [CGROUP_CPUACCT] = { "cpuacct", "cpu" },
		[CGROUP_FREEZER] = { "freezer", NULL },
	};
	return names[controller][v2];
}

static bool has_word(const char *list, const char *word, const char *separators)
{
	size_t n = strlen(word);
	for (const char *at = list; *at;) {
		size_t m = strcspn(at, separators);
		if (m == n && memcmp(at, word, n) == 0)
			return true;
		at += m + (at[m] != 0);
	}
	return false;
}

struct buf cgroup_place_read(const char *directory, const char *file)
{
	struct err ignored;
	struct buf text = { 0 };
	cleanup_free char *path = str_fmt("%s/%s", directory, file);
	fd_read_file(AT_FDCWD, path, 1 << 20, &text, &ignored);
	buf_str(&text, "");
	return text;
}

uint64_t cgroup_place_number(const struct cgroup_directory *directory, const char *v1, const char *v2, const char *key)
{
	unsigned long long number;
	if (!directory->path || !(directory->v2 ? v2 : v1))
		return UINT64_MAX;
	cleanup_buf struct buf text = cgroup_place_read(directory->path, directory->v2 ? v2 : v1);
	char *at = text.data;
	if (key) {
		cleanup_free char *line = str_fmt("\n%s ", key);
		char *found = str_starts(at, line + 1) ? at - 1 : strstr(at, line);
		if (!found)
			return UINT64_MAX;
		at = found + strlen(line);
	}
	at[strcspn(at, " \n")] = 0;
	return str_to_u64(at, UINT64_MAX, &number) ? number : UINT64_MAX;
}

int cgroup_place_write(const char *directory, const char *file, const char *value, struct err *err)
{
	cleanup_free char *path = str_fmt("%s/%s", directory, file);
	return fd_write_file(AT_FDCWD, path, value, err);
}

static bool v2_offers(const char *mount, const char *name)
{
	cleanup_buf struct buf list = cgroup_place_read(mount, "cgroup.controllers");
	return name && has_word(list.data, name, " \n");
}

/* v2 freezes and rules devices without a controller of that name (cgroup-v2.rst, "Device controller"). */
static bool carries(const struct hierarchy *h, enum cgroup_controller controller, const char *options)
{
	if (!h->v2 || controller == CGROUP_UNIFIED)
		return controller == CGROUP_UNIFIED ? h->v2 : has_word(options, cgroup_controller_name(controller, false), ",");
	return controller == CGROUP_FREEZER || controller == CGROUP_DEVICES || v2_offers(h->mount, cgroup_controller_name(controller, true));
}

/*
 * proc_pid_mountinfo(5): "ID PARENT MAJ:MIN ROOT MOUNTPOINT OPTIONS [FIELDS] - TYPE SOURCE SUPEROPTIONS". Devices are v1's
 * where it has them, whatever comes first, since that needs no program.
 */
static bool find_hierarchy(enum cgroup_controller controller, struct hierarchy *ret_hierarchy)
{
	cleanup_file FILE *file = fopen("/proc/self/mountinfo", "re");
	char line[2048], type[32], options[512];
	struct hierarchy h;
	bool found = false;
	while (file && fgets(line, sizeof line, file)) {
		const char *tail = strstr(line, " - ");
		if (!tail || sscanf(line, "%*s %*s %*s %255s %255s", h.root, h.mount) != 2 ||
			sscanf(tail + 3, "%31s %*s %511s", type, options) != 2)
			continue;
		h.v2 = str_eq(type, "cgroup2");
		if ((!h.v2 && !str_eq(type, "cgroup")) || (found && h.v2) || !carries(&h, controller, options))
			continue;
		*ret_hierarchy = h;
		found = true;
		if (!h.v2 || controller != CGROUP_DEVICES)
			break;
	}
	return found;
}

/* proc_pid_cgroup(5): "NUMBER:CONTROLLERS:PATH"; v2's line is "0::PATH". */
static char *path_of(const struct hierarchy *h, enum cgroup_controller controller, const char *pid)
{
	cleanup_free char *name = str_fmt("/proc/%s/cgroup", pid);
	cleanup_file FILE *file = fopen(name, "re");
	char line[1024];
	while (file && fgets(line, sizeof line, file)) {
		char *list = strchr(line, ':'), *path = list ? strchr(list + 1, ':') : NULL;
		if (!path)
			continue;
		*path++ = 0;
		path[strcspn(path, "\n")] = 0;
		if (h->v2 ? !str_starts(line, "0:") : !has_word(list + 1, cgroup_controller_name(controller, false), ","))
			continue;
		size_t root = str_eq(h->root, "/") ? 0 : strlen(h->root);
		return strncmp(path, h->root, root) != 0 || str_starts(path, "/..") ? NULL : str_fmt("%s%s", h->mount, path + root);
	}
	return NULL;
}

char *cgroup_place_of(enum cgroup_controller controller, pid_t pid, bool *ret_v2)
{
	struct hierarchy h;
	char number[16];
	snprintf(number, sizeof number, "%d", pid);
	if (!find_hierarchy(controller, &h))
		return NULL;
	*ret_v2 = h.v2;
	return path_of(&h, controller, number);
}

static bool is_ours_alone(const char *directory)
{
	cleanup_buf struct buf pids = cgroup_place_read(directory, "cgroup.procs");
	return atoi(pids.data) == getpid() && strchr(pids.data, '\n') == pids.data + pids.len - 1;
}

/* Out of the way, so that the cgroup we were in can hand controllers down. */
static bool step_aside(const char *directory)
{
	struct err ignored;
	cleanup_free char *leaf = str_fmt("%s/" CGROUP_PLACE_LEAF, directory);
	if (!is_ours_alone(directory))
		return false;
	return (mkdir(leaf, 0755) == 0 || errno == EEXIST) && cgroup_place_write(leaf, "cgroup.procs", "0", &ignored) == 0;
}

/* With processes in it it may hand down some controllers, too, but then takes no more groups of processes below it. */
static bool make_room(const char *directory, bool own)
{
	cleanup_buf struct buf pids = cgroup_place_read(directory, "cgroup.procs");
	return !pids.len || (own && step_aside(directory));
}

static bool hands_down(const char *directory, const char *controller)
{
	struct err ignored;
	cleanup_free char *enable = str_fmt("+%s", controller);
	cleanup_buf struct buf enabled = cgroup_place_read(directory, "cgroup.subtree_control");
	return has_word(enabled.data, controller, " \n") ||
	       cgroup_place_write(directory, "cgroup.subtree_control", enable, &ignored) == 0;
}

/* The lowest cgroup at or above the user's own that belongs to the user and can have limited ones below it. */
static char *find_delegated(const struct hierarchy *h, enum cgroup_controller controller)
{
	const char *name = cgroup_controller_name(controller, h->v2), *handed = name ? name : "memory"; /* where the others are */
	cleanup_free char *at = path_of(h, controller, "self");
	bool own = true;
	while (at && strlen(at) >= strlen(h->mount) && access(at, W_OK) == 0) {
		char *slash = strrchr(at, '/');
		bool leaf = str_eq(slash, "/" CGROUP_PLACE_LEAF);
		if (!leaf && (!h->v2 || (make_room(at, own) && (controller == CGROUP_UNIFIED || hands_down(at, handed)))))
			return str_dup(at);
		own = leaf;
		*slash = 0;
	}
	return NULL;
}

/* Without the container's name. */
static char *find_parent(const struct hierarchy *h, enum cgroup_controller controller, const char *parent)
{
	if (geteuid() == 0)
		return str_fmt("%s/%s", h->mount, parent ? parent : "xrun");
	cleanup_free char *delegated = find_delegated(h, controller);
	return delegated ? str_fmt("%s/%s", delegated, parent ? parent : "xrun") : NULL;
}

char *cgroup_place_find(enum cgroup_controller controller, const char *parent, const char *id, bool *ret_v2)
{
	struct hierarchy h;
	if (!find_hierarchy(controller, &h))
		return NULL;
	cleanup_free char *above = find_parent(&h, controller, parent);
	*ret_v2 = h.v2;
	return above ? str_fmt("%s/%s", above, id) : NULL;
}

/* cpusets.rst: a new v1 cpuset is empty, and takes no process before it has processors and memory. */
static int fill_cpuset(const char *directory, struct err *err)
{
	static const char *const files[] = { "cpuset.cpus", "cpuset.mems" };
	cleanup_free char *above = str_ndup(directory, strrchr(directory, '/') - directory);
	for (int i = 0; i < 2; i++) {
		cleanup_buf struct buf own = cgroup_place_read(directory, files[i]), theirs = cgroup_place_read(above, files[i]);
		int r = own.len > 1 ? 0 : cgroup_place_write(directory, files[i], theirs.data, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int make_directory(const struct hierarchy *h, enum cgroup_controller controller, const char *path, struct err *err)
{
	bool made = mkdir(path, 0755) == 0;
	if (made || errno == EEXIST)
		return controller == CGROUP_CPUSET && !h->v2 ? fill_cpuset(path, err) : 0;
	err_sys(err, "cannot make the cgroup %s", path);
	return errno == EACCES || errno == EPERM || errno == EROFS ?
		       err_append(err, "; limits need root, or a cgroup delegated to this user") :
		       err->code;
}

/* One that is there was left behind, and goes; or there are processes in it, whose limits are not ours to change. */
static int make_own_directory(const struct hierarchy *h, enum cgroup_controller controller, const char *path, struct err *err)
{
	rmdir(path);
	if (access(path, F_OK) == 0)
		return err_set(err, -EEXIST, "the cgroup %s is in use: a container of that name is running from another store", path);
	return make_directory(h, controller, path, err);
}

/* v2: a controller must be handed down by every directory on the way (cgroup-v2.rst, "Enabling and Disabling"). */
static int hand_down(const char *directory, const char *controller, struct err *err)
{
	cleanup_free char *enable = str_fmt("+%s", controller);
	if (hands_down(directory, controller))
		return 0;
	int r = cgroup_place_write(directory, "cgroup.subtree_control", enable, err);
	return r < 0 ? err_prefix(err, "the cgroup %s does not hand down the controller %s", directory, controller) : 0;
}

static int refuse_place(const struct hierarchy *h, enum cgroup_controller controller, struct err *err)
{
	const char *name = cgroup_controller_name(controller, h->v2);
	if (controller == CGROUP_UNIFIED)
		return err_set(err, -EPERM, "it needs a cgroup that it may change, and none is delegated to this user; where the machine has systemd, run "
			"xrun by `systemd-run --user --scope -p Delegate=yes xrun ...`; --systemd=false does without");
	return err_set(err, -EPERM, "the controller %s is root's here: no cgroup that hands it down is delegated to this user%s",
		name ? name : cgroup_controller_name(controller, false),
		h->v2 ? "; with systemd, run xrun by `systemd-run --user --scope -p Delegate=yes xrun ...`" : " (cgroup v1)");
}

int cgroup_place_make(enum cgroup_controller controller, const char *parent, const char *id, bool shared,
	struct cgroup_directory *ret_directory, struct err *err)
{
	struct hierarchy h;
	const char *name = cgroup_controller_name(controller, false);
	if (!find_hierarchy(controller, &h) && controller == CGROUP_UNIFIED)
		return err_set(err, -ENOTSUP, "it needs cgroup v2, which is not mounted here; --systemd=false does without");
	if (!find_hierarchy(controller, &h))
		return err_set(err, -ENOTSUP, "no cgroup hierarchy here has the controller %s: the limit cannot be enforced",
			controller == CGROUP_IO ? "blkio or io" : name);
	name = cgroup_controller_name(controller, h.v2);
	cleanup_free char *above = find_parent(&h, controller, parent);
	if (!above)
		return refuse_place(&h, controller, err);
	cleanup_free char *path = str_fmt("%s/%s", above, id);
	int r = 0;
	for (size_t at = strlen(h.mount); r == 0 && path[at]; at += 1 + strcspn(path + at + 1, "/")) {
		path[at] = 0;
		if (strlen(path) > strlen(h.mount))
			r = make_directory(&h, controller, path, err);
		if (r == 0 && h.v2 && name && (geteuid() == 0 || access(path, W_OK) == 0))
			r = hand_down(path, name, err);
		path[at] = '/';
	}
	if (r == 0 && !shared)
		r = make_own_directory(&h, controller, path, err);
	if (r == 0)
		*ret_directory = (struct cgroup_directory){ str_dup(path), h.v2 };
	return r;
}

void cgroup_place_offer(const char *directory)
{
	cleanup_free char *path = str_dup(directory);
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = 0;
		for (int i = 0; i < CGROUP_CONTROLLERS; i++) {
			const char *name = cgroup_controller_name(i, true);
			if (name && v2_offers(path, name))
				hands_down(path, name);
		}
		*slash = '/';
	}
}

int cgroup_place_divide(const char *directory, const char *name, pid_t pid, struct cgroup *ret_cgroup, struct err *err)
{
	char number[16];
	cleanup_free char *path = str_fmt("%s/%s", directory, name);
	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		return err_sys(err, "cannot make the cgroup %s", path);
	snprintf(number, sizeof number, "%d", pid);
	int r = cgroup_place_write(path, "cgroup.procs", number, err);
	for (int i = 0; r == 0 && i < CGROUP_CONTROLLERS; i++) {
		const char *controller = cgroup_controller_name(i, true);
		if (controller && !v2_offers(directory, controller))
			continue;
		r = controller ? hand_down(directory, controller, err) : 0;
		ret_cgroup->of[i] = (struct cgroup_directory){ str_dup(path), true };
	}
	return r;
}
