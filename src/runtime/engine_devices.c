/* SPDX-License-Identifier: GPL-2.0-or-later */
/* engine_devices.c owns /dev of an engine's container. */
#include "src/runtime/engine_devices.h"

#include "src/base/fd.h"
#include "src/runtime/mount.h"
#include "src/runtime/target.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* config-linux.md, "Default Devices". */
static const struct engine_node usual[] = {
	{ "/dev/null", 'c', 1, 3, 0666, 0, 0 }, { "/dev/zero", 'c', 1, 5, 0666, 0, 0 }, { "/dev/full", 'c', 1, 7, 0666, 0, 0 },
	{ "/dev/random", 'c', 1, 8, 0666, 0, 0 }, { "/dev/urandom", 'c', 1, 9, 0666, 0, 0 }, { "/dev/tty", 'c', 5, 0, 0666, 0, 0 },
};

static int bind_node(const struct engine_node *node, int node_fd, int root_fd, struct err *err)
{
	cleanup_fd int fd = node_fd >= 0 ? dup(node_fd) : mount_clone(AT_FDCWD, node->path, false, err);
	if (fd < 0)
		return err_prefix(err, "the device %s", node->path);
	cleanup_fd int target_fd = target_open(root_fd, node->path, false, err);
	return target_fd < 0 ? target_fd : mount_attach(fd, target_fd, node->path, err);
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
	mode_t kind = node->type == 'b' ? S_IFBLK : node->type == 'p' ? S_IFIFO : S_IFCHR;
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
	int r = mknodat(parent_fd, name, kind | node->mode, number);
	if (r < 0 && errno == EPERM)
		return bind_node(node, node_fd, root_fd, err);
	if (r < 0 || fchmodat(parent_fd, name, node->mode, 0) < 0 || fchownat(parent_fd, name, node->uid, node->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(err, "cannot make the device %s", node->path);
	return 0;
}

static int make_links(int dev_fd, struct err *err)
{
	static const char *const links[][2] = { { "/proc/self/fd", "fd" }, { "/proc/self/fd/0", "stdin" }, { "/proc/self/fd/1", "stdout" },
		{ "/proc/self/fd/2", "stderr" }, { "/proc/kcore", "core" }, { "pts/ptmx", "ptmx" } };
	for (size_t i = 0; i < sizeof links / sizeof *links; i++)
		if (symlinkat(links[i][0], dev_fd, links[i][1]) < 0 && errno != EEXIST)
			return err_sys(err, "cannot make /dev/%s", links[i][1]);
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

int engine_devices_make(const struct engine_stage *stage, int root_fd, struct err *err)
{
	const struct spec_engine *engine = stage->spec->engine;
	int r = 0;
	for (size_t i = 0; r == 0 && i < engine->node_count; i++)
		r = make_node(&engine->nodes[i], stage->node_fds[i], root_fd, stage->inside, err);
	if (r < 0 || is_bound(engine))
		return r;
	for (size_t i = 0; r == 0 && i < sizeof usual / sizeof *usual; i++)
		if (!is_listed(engine, usual[i].path))
			r = make_node(&usual[i], -1, root_fd, stage->inside, err);
	cleanup_fd int dev_fd = r < 0 ? r : fd_openat2(root_fd, "dev", O_RDONLY | O_DIRECTORY, 0, RESOLVE_IN_ROOT);
	return dev_fd < 0 ? err_code(err, dev_fd, "cannot open /dev") : make_links(dev_fd, err);
}
