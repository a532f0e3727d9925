/* SPDX-License-Identifier: GPL-2.0-or-later */
/* local.c owns bringing images into the store out of files and directories of this machine. */
#include "src/cli/local.h"

#include "src/base/fd.h"
#include "src/runtime/lower.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * A layout of root's need not be readable for others, and umoci's is not: through a mount of its own the root of the id map, who reads it, is
 * its owner. -1 for others, who are that root, and where the file system has no such mounts: then the modes decide.
 */
static int open_own(const struct source *source, const struct idmap *map)
{
	struct err ignored;
	cleanup_lower struct lower lower = LOWER_NONE;
	return geteuid() == 0 && lower_open(&(struct spec){ .rootfs = source->path }, map, &lower, &ignored) == 0 ? fd_take(&lower.fd) : -1;
}

/* Opened before the user namespace is entered: there, our files may be out of reach. */
static int open_source(const struct source *source, const struct idmap *map, struct err *err)
{
	struct stat st;
	const bool wants_directory = source->kind == SOURCE_LAYOUT;
	cleanup_fd int fd = open(source->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(err, "cannot open %s", source->path);
	if (wants_directory && !S_ISDIR(st.st_mode))
		return err_set(err, -ENOTDIR, "%s is no directory; an image layout in a file is oci-archive:%s", source->path, source->path);
	if (!wants_directory && S_ISDIR(st.st_mode))
		return err_set(err, -EISDIR, "%s is a directory; an image layout in a directory is oci:%s", source->path, source->path);
	int own_fd = wants_directory ? open_own(source, map) : -1;
	return own_fd < 0 ? fd_take(&fd) : own_fd;
}

int local_load(const struct local *local, const struct idmap *map, int store_dir_fd, struct err *err)
{
	const struct source *source = local->source;
	const struct platform_text platform = platform_text(&local->platform);
	cleanup_strv struct strv argv = { 0 };
	cleanup_fd int opened_fd = local->fd < 0 ? open_source(source, map, err) : -1;
	if (local->fd < 0 && opened_fd < 0)
		return err->code;
	strv_add(&argv, "xrun-fetch");
	strv_add(&argv, "load");
	strv_add(&argv, source_form(source->kind));
	strv_add(&argv, local->all_platforms ? "all" : platform.text);
	if (source->name)
		strv_take(&argv, str_fmt("--wanted=%s", source->name));
	if (local->name)
		strv_take(&argv, str_fmt("--name=%s", local->name));
	if (local->replace)
		strv_add(&argv, "--replace");
	if (local->brief)
		strv_add(&argv, "--brief");
	if (map->single)
		strv_add(&argv, "--single-id");
	char *progress = NULL;
	int r = cli_choose_progress(&(struct fetch){ .quiet = local->quiet, .progress = local->progress }, &progress, err);
	if (r < 0)
		return r;
	strv_take(&argv, progress);
	r = cli_helper(argv.items, local->fd < 0 ? opened_fd : local->fd, map, store_dir_fd, err);
	if (r < 0)
		return source->path ? err_prefix(err, "%s", source->path) : r;
	return local->name ? cli_check_programs(local->name, local->all_platforms ? NULL : &local->platform, map, store_dir_fd, err) : 0;
}

char *local_name(const struct source *source, struct err *err)
{
	cleanup_free char *real = realpath(source->path, NULL);
	if (!real && (errno != ENOENT || *source->path != '/')) {
		err_sys(err, "cannot open %s", source->path);
		return NULL;
	}
	return source_text(source, real ? real : source->path); /* what was read may be gone, and its image not */
}

int local_fetch(const struct source *source, const struct fetch *fetch, const struct idmap *map, int store_dir_fd, struct err *err)
{
	if (source->kind == SOURCE_REGISTRY)
		return cli_fetch(fetch, map, store_dir_fd, err);
	if (source->kind == SOURCE_ROOTFS)
		return err_set(err, -EINVAL, "rootfs:%s is run where it is: xrun rootfs:%s COMMAND; an image is made of it by xrun load rootfs:%s NAME", source->path, source->path, source->path);
	cleanup_free char *name = local_name(source, err);
	struct local local = { .source = source, .fd = -1, .platform = fetch->platform, .all_platforms = fetch->all_platforms,
		.name = name, .quiet = fetch->quiet, .brief = fetch->brief, .progress = fetch->progress };
	return name ? local_load(&local, map, store_dir_fd, err) : err->code;
}
