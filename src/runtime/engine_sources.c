/* SPDX-License-Identifier: GPL-2.0-or-later */
/* engine_sources.c owns what the mounts of an engine's container show, opened with the caller's rights. */
/*
 * Once the container has namespaces of its own, its root may not be allowed to reach what the caller named. So all of it is
 * copied, detached, before. Who has no right to copy mounts yet (an ordinary user) gets it with the container's user
 * namespace: then engine_mounts.c does it by name.
 */
#include "src/runtime/engine_stage.h"

#include "src/base/fd.h"
#include "src/runtime/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static bool may_wait(const struct engine_stage *stage, int r)
{
	return r == -EPERM && stage->spec->namespaces.of[NAMESPACE_USER].origin != NAMESPACE_HOST;
}

static int open_source(const struct engine_stage *stage, const struct engine_mount *m, struct err *err)
{
	unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (m->recursive ? AT_RECURSIVE : 0) | (m->source_nofollow ? AT_SYMLINK_NOFOLLOW : 0);
	cleanup_free char *path = *m->source == '/' ? str_dup(m->source) : str_fmt("%s/%s", stage->request->bundle, m->source);
	int fd = open_tree(AT_FDCWD, path, flags);
	return fd < 0 ? err_sys(err, "cannot bind %s to %s", path, m->target) : fd;
}

/* config-linux.md, "Default Devices": by the host's names, for where nodes cannot be made. */
static void open_nodes(const struct engine_stage *stage)
{
	const struct spec_engine *engine = stage->spec->engine;
	for (size_t i = 0; i < engine->node_count; i++)
		stage->node_fds[i] = open_tree(AT_FDCWD, engine->nodes[i].path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
}

int engine_sources_open(struct engine_stage *stage, struct err *err)
{
	const struct spec_engine *engine = stage->spec->engine;
	int r = mount_clone(AT_FDCWD, engine->rootfs, true, err);
	stage->rootfs_fd = r < 0 ? -1 : r;
	if (r < 0 && !may_wait(stage, r))
		return err_prefix(err, "the root file system");
	for (size_t i = 0; i < engine->mount_count; i++) {
		if (!engine->mounts[i].bind)
			continue;
		r = open_source(stage, &engine->mounts[i], err);
		stage->source_fds[i] = r < 0 ? -1 : r;
		if (r < 0 && !may_wait(stage, r))
			return r;
	}
	if (stage->inside || stage->spec->namespaces.of[NAMESPACE_USER].origin != NAMESPACE_HOST)
		open_nodes(stage);
	err_clear(err);
	return 0;
}
