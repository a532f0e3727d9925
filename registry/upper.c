/* SPDX-License-Identifier: GPL-2.0-or-later */
/* upper.c owns telling an overlay's upper directory as a layer's entries. */
#include "registry/upper.h"
#include "registry/tree.h"

#include "src/base/fd.h"
#include "src/base/mark.h"
#include "src/base/overlay.h"

#include <fcntl.h>
#include <string.h>

static bool has_ours_only(int dir_fd, const char *name)
{
	cleanup_fd int fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd >= 0 && mark_has_ours_only(fd);
}

/* What is ours is left out; what overlayfs notes of a deleted file is told as a whiteout. */
static int tell_entry(struct tree *tree, int dir_fd, const char *name, const char *path, const struct stat *st, struct err *err)
{
	if (mark_is_ours(dir_fd, name) || (S_ISDIR(st->st_mode) && has_ours_only(dir_fd, name)))
		return 1;
	if (!overlay_is_whiteout(st))
		return 0;
	cleanup_free char *dir = str_ndup(path, strlen(path) - strlen(name));
	int r = tree_write_whiteout(tree, dir, ".wh.", name, err);
	return r < 0 ? r : 1;
}

static bool is_skipped(const struct strv *skips, const char *path)
{
	for (size_t i = 0; i < skips->len; i++) {
		const char *skip = skips->items[i] + strspn(skips->items[i], "/");
		if (str_starts(path, skip) && str_eq(path + strlen(skip), "/"))
			return true;
	}
	return false;
}

static int tell_inside(struct tree *tree, int fd, const char *path, struct err *err)
{
	int r = overlay_is_opaque(fd) ? tree_write_whiteout(tree, path, ".wh..wh..opq", "", err) : 0;
	return r < 0 ? r : is_skipped(tree->context, path);
}

int upper_write(int upper_fd, const struct strv *skip, struct tar_writer *writer, size_t *ret_entries, struct err *err)
{
	static const struct tree_rules rules = { tell_entry, tell_inside };
	struct tree tree = { .writer = writer, .rules = &rules, .context = (struct strv *)skip };
	int r = tree_write(&tree, upper_fd, err);
	*ret_entries = tree.entries;
	tree_done(&tree);
	return r;
}
