/* SPDX-License-Identifier: GPL-2.0-or-later */
/* engine_devices.c owns /dev of an engine's container. */
#include "src/runtime/engine_devices.h"

#include "src/base/fd.h"
#include "src/runtime/devices.h"
#include "src/runtime/mount.h"
#include "src/runtime/target.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static const struct engine_node usual[ENGINE_DEVICES_USUAL] = {
	{ "/dev/null", 'c', 1, 3, 0666, 0, 0 }, { "/dev/zero", 'c', 1, 5, 0666, 0, 0 }, { "/dev/full", 'c', 1, 7, 0666, 0, 0 },
	{ "/dev/random", 'c', 1, 8, 0666, 0, 0 }, { "/dev/urandom", 'c', 1, 9, 0666, 0, 0 }, { "/dev/tty", 'c', 5, 0, 0666, 0, 0 },
};

static mode_t kind_of(const struct engine_node *node)
{
	return node->type == 'b' ? S_IFBLK : node->type == 'p' ? S_IFIFO : S_IFCHR;
}

static uint32_t outside(const struct engine_range *ranges, size_t count, uint32_t id)
{
	for (size_t i = 0; i < count; i++)
		if (id >= ranges[i].inside && id - ranges[i].inside < ranges[i].count)
			return ranges[i].outside + (id - ranges[i].inside);
	return count ? ranges[0].outside : id;
}

/* -1 where that is not allowed. */
static int make_outside(const struct engine_stage *stage, const struct engine_node *node, int dir_fd)
{
	const struct engine_map *map = &stage->spec->engine->map;
	char name[16];
	snprintf(name, sizeof name, "%c%u.%u", node->type, node->major, node->minor);
	unlinkat(dir_fd, name, 0);
	if (mknodat(dir_fd, name, kind_of(node) | node->mode, makedev(node->major, node->minor)) < 0 || fchmodat(dir_fd, name, node->mode, 0) < 0 ||
		fchownat(dir_fd, name, outside(map->uids, map->uid_count, node->uid), outside(map->gids, map->gid_count, node->gid), 0) < 0)
		return -1;
	return open_tree(dir_fd, name, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
}

static const struct engine_node *node_at(const struct spec_engine *engine, size_t i)
{
	return i < engine->node_count ? &engine->nodes[i] : &usual[i - engine->node_count];
}

void engine_devices_open(const struct engine_stage *stage)
{
	static const struct mount_option options[] = { { "mode", "0700" }, { "size", "64k" }, { NULL, NULL } };
	struct err ignored;
	const struct spec_engine *engine = stage->spec->engine;
	bool known = stage->spec->namespaces.of[NAMESPACE_USER].origin != NAMESPACE_JOINED; /* whose ids are whose */
	cleanup_fd int dir_fd = known ? mount_new("tmpfs", options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, &ignored) : -1;
	for (size_t i = 0; i < engine->node_count + ENGINE_DEVICES_USUAL; i++) {
		const struct engine_node *node = node_at(engine, i);
		int fd = dir_fd >= 0 && node->type != 'p' ? make_outside(stage, node, dir_fd) : -1;
		stage->node_fds[i] = fd >= 0 ? fd : open_tree(AT_FDCWD, node->path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	}
}

/* The host may execute and trust what is in its /dev; there is nothing of that kind in the container's. */
static int bind_node(const struct engine_node *node, int node_fd, int root_fd, struct err *err)
{
	cleanup_fd int fd = node_fd >= 0 ? dup(node_fd) : mount_clone(AT_FDCWD, node->path, false, err);
	if (fd < 0)
		return err_prefix(err, "the device %s", node->path);
	cleanup_fd int target_fd = target_open(root_fd, node->path, false, err);
	int r = target_fd < 0 ? target_fd : mount_set(fd, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, false, err);
	return r < 0 ? r : mount_attach(fd, target_fd, node->path, err);
}

static int open_parent(const char *path, int root_fd, const char **ret_name, struct err *err)
{
	const char *slash = strrchr(path, '/');
	cleanup_free char *parent = str_ndup(path, slash > path ? slash - path : 1);
	*ret_name = slash + 1;
	return target_open(root_fd, parent, true, err);
}

/* What is there already stays if it is the same. */
static int make_node(const struct engine_node *node, int node_fd, int root_fd, bool inside, struct err *err)
{
	mode_t kind = kind_of(node);
	dev_t number = node->type == 'p' ? 0 : makedev(node->major, node->minor);
	struct stat st;
	const char *name;
	cleanup_fd int parent_fd = open_parent(node->path, root_fd, &name, err);
	if (parent_fd < 0)
		return parent_fd;
	if (fstatat(parent_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && (st.st_mode & S_IFMT) == kind && st.st_rdev == number)
		return 0;
	if (inside && kind != S_IFIFO)
		return bind_node(node, node_fd, root_fd, err);
	mode_t mask = umask(0); /* rather than chmod(2), which follows a link: another container of the same root may put one there */
	int r = mknodat(parent_fd, name, kind | node->mode, number);
	umask(mask);
	if (r < 0 && errno == EPERM)
		return bind_node(node, node_fd, root_fd, err);
	if (r < 0 || fchownat(parent_fd, name, node->uid, node->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(err, "cannot make the device %s", node->path);
	return 0;
}

static bool is_bound(const struct spec_engine *engine)
{
	for (size_t i = 0; i < engine->mount_count; i++)
		if (engine->mounts[i].bind && (str_eq(engine->mounts[i].target, "/dev") || str_eq(engine->mounts[i].target, "/dev/")))
			return true;
	return false;
}

static bool is_listed(const struct spec_engine *engine, const char *path)
{
	for (size_t i = 0; i < engine->node_count; i++)
		if (str_eq(engine->nodes[i].path, path))
			return true;
	return false;
}

/* Devices at a place that the root's files chose would be none of the container's. */
static int check_place(int root_fd, struct err *err)
{
	struct stat st;
	if (fstatat(root_fd, "dev", &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode))
		return err_set(err, -ELOOP, "/dev is a symlink in the root file system: it must be a directory");
	return 0;
}

int engine_devices_make(const struct engine_stage *stage, int root_fd, struct err *err)
{
	const struct spec_engine *engine = stage->spec->engine;
	int r = check_place(root_fd, err);
	for (size_t i = 0; r == 0 && i < engine->node_count; i++)
		r = make_node(&engine->nodes[i], stage->node_fds[i], root_fd, stage->inside, err);
	if (r < 0 || is_bound(engine))
		return r;
	for (size_t i = 0; r == 0 && i < ENGINE_DEVICES_USUAL; i++)
		if (!is_listed(engine, usual[i].path))
			r = make_node(&usual[i], stage->node_fds[engine->node_count + i], root_fd, stage->inside, err);
	cleanup_fd int dev_fd = r < 0 ? r : fd_openat2(root_fd, "dev", O_RDONLY | O_DIRECTORY, 0, RESOLVE_IN_ROOT);
	return dev_fd < 0 ? err_code(err, dev_fd, "cannot open /dev") : devices_link(dev_fd, err);
}
