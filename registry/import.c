/* SPDX-License-Identifier: GPL-2.0-or-later */
/* import.c owns making an image of a directory tree. */
#include "registry/import.h"
#include "registry/build.h"
#include "registry/load.h"
#include "registry/tree.h"

#include "src/base/fd.h"
#include "src/base/overlay.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { NOBODY = 65534 }; /* what the kernel calls ids that a user namespace does not have (user_namespaces(7)) */

struct import {
	int fd;
	bool single_id;
	size_t strange_groups, sockets;
};

/* Ids. */

/*
 * Whether the owner is nobody for want of another number, and not by that one. The kernel tells: of a file whose owner it has a namespace's root
 * may leave the access time alone (open(2), O_NOATIME). Of symlinks and the like it does not, which lie in directories.
 */
static bool has_strange_owner(const struct import *import, int dir_fd, const char *name, const struct stat *st)
{
	char self[64];
	if (st->st_uid != NOBODY || import->single_id || (!S_ISREG(st->st_mode) && !S_ISDIR(st->st_mode)))
		return st->st_uid == NOBODY && import->single_id;
	cleanup_fd int path_fd = openat(dir_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	snprintf(self, sizeof self, "/proc/self/fd/%d", path_fd);
	cleanup_fd int fd = path_fd < 0 ? -1 : open(self, O_RDONLY | O_NOATIME | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return fd < 0 && (errno == EPERM || errno == EACCES);
}

static int check_owner(struct import *import, int dir_fd, const char *name, const char *path, const struct stat *st, struct err *err)
{
	if (has_strange_owner(import, dir_fd, name, st))
		return err_set(err, -EOVERFLOW, "%s%s belongs to a user whom the container does not have: make the tree as the one who loads it, or load it "
			"as root", *path ? "/" : "it", path);
	import->strange_groups += st->st_gid == NOBODY && st->st_uid != NOBODY;
	return 0;
}

/* The tree. */

static bool is_mounted(int dir_fd, const char *name)
{
	struct statx stx;
	return statx(dir_fd, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH, 0, &stx) == 0 &&
		stx.stx_attributes & STATX_ATTR_MOUNT_ROOT;
}

static int check_entry(struct tree *tree, int dir_fd, const char *name, const char *path, const struct stat *st, struct err *err)
{
	if (overlay_is_whiteout(st))
		return err_set(err, -EINVAL, "/%s is overlayfs' mark of a removed file: this is one layer of a tree; mount the overlay, and load what it shows", path);
	if (!S_ISDIR(st->st_mode) && is_mounted(dir_fd, name))
		return err_set(err, -EBUSY, "something is mounted on /%s: unmount it, or load the tree as root, who sees what is beneath", path);
	return check_owner(tree->context, dir_fd, name, path, st, err);
}

/* A place for a mount is a directory like any other; what was mounted there is not of this tree. */
static int check_inside(struct tree *tree, int fd, const char *path, struct err *err)
{
	(void)tree;
	(void)path;
	(void)err;
	return is_mounted(fd, "");
}

static int tell(void *context, struct tar_writer *writer, size_t *ret_entries, struct err *err)
{
	static const struct tree_rules rules = { check_entry, check_inside };
	struct import *import = context;
	struct tree tree = { .writer = writer, .rules = &rules, .context = import };
	struct stat st;
	cleanup_fd int fd = openat(import->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(err, "cannot open the directory");
	int r = check_owner(import, fd, ".", "", &st, err);
	if (r == 0)
		r = tree_write_top(&tree, fd, err);
	if (r == 0)
		r = tree_write(&tree, fd, err);
	*ret_entries = tree.entries;
	import->sockets = tree.sockets;
	tree_done(&tree);
	return r;
}

/* Documents. */

static int begin_config(const struct import_options *options, struct derive *ret_derive, struct err *err)
{
	const struct platform *platform = &options->platform;
	json_t *config = json_pack("{s:s, s:s}", "architecture", platform->arch, "os", platform->os);
	if (*platform->variant)
		json_object_set_new(config, "variant", json_string(platform->variant));
	cleanup_free char *text = json_dumps(config, 0);
	json_decref(config);
	int r = derive_read(text, strlen(text), ret_derive, err);
	for (size_t i = 0; r == 0 && i < options->changes.len; i++)
		r = derive_change(ret_derive, options->changes.items[i], err);
	return r;
}

static void note_losses(const struct import *import, struct strv *notes)
{
	if (import->sockets)
		strv_take(notes, str_fmt("note: %zu sockets were left out: a layer cannot hold them", import->sockets));
	if (import->strange_groups)
		strv_take(notes, str_fmt("note: %zu files have the group nogroup in the image: theirs is one that the container does not have", import->strange_groups));
}

static int import_image(const struct store *store, const struct import_options *options, struct derive *derive, struct strv *notes,
	struct err *err)
{
	struct import import = { options->fd, options->single_id, 0, 0 };
	struct manifest manifest = { .media_type = MEDIA_MANIFEST, .config = { .media_type = MEDIA_CONFIG } };
	struct descriptor layer = { 0 };
	struct digest diff_id, id;
	int r = build_layer(store, tell, &import, &layer, &diff_id, err);
	note_losses(&import, notes);
	struct build build = { .name = options->name, .manifest = &manifest, .derive = derive, .layer = &layer, .single_id = options->single_id,
		.progress = options->progress, .notes = notes,
		.step = { .created = time(NULL), .created_by = "xrun load", .comment = "the files of a directory", .diff_id = &diff_id } };
	if (r == 0)
		r = build_image(store, &build, &id, err);
	manifest_done(&manifest);
	return r;
}

int import_tree(const struct store *store, const struct import_options *options, struct err *err)
{
	struct derive derive = { 0 };
	cleanup_strv struct strv notes = { 0 };
	int r = load_check_name(store, options->name, &options->platform, NULL, options->replace, err);
	if (r == 0)
		r = store_reclaim_staging(store, err);
	if (r == 0)
		r = begin_config(options, &derive, err);
	if (r == 0)
		r = import_image(store, options, &derive, &notes, err);
	if (r == 0)
		printf("Loaded image: %s\n", options->name);
	derive_done(&derive);
	return r;
}
