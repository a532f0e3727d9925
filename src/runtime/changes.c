/* SPDX-License-Identifier: GPL-2.0-or-later */
/* changes.c owns what a container has changed of its image's files. */
#include "src/runtime/changes.h"

#include "src/base/fd.h"
#include "src/base/links.h"
#include "src/base/mark.h"
#include "src/base/overlay.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { MAX_DEPTH = 2000 };

struct changes {
	const int *layer_fds;
	size_t layer_count;
	void (*say)(void *context, enum change change, const char *path);
	void *context;
};

/* What one layer says of a path: 1 it has it, 0 nothing, so that lower ones are asked, -1 it hides it. */
static int ask_layer(int layer_fd, const char *path)
{
	cleanup_free char *copy = str_dup(path);
	struct stat st;
	int otherwise = 0;
	for (char *slash = copy; slash;) {
		slash = strchr(slash, '/');
		if (slash)
			*slash = 0;
		cleanup_fd int fd = fd_openat2(layer_fd, copy, O_PATH | O_NOFOLLOW, 0, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
		if (fd < 0 || fstat(fd, &st) < 0)
			return otherwise;
		if (overlay_is_whiteout(&st))
			return -1;
		if (!slash)
			return 1;
		if (!S_ISDIR(st.st_mode))
			return -1;
		cleanup_fd int read_fd = fd_openat2(layer_fd, copy, O_RDONLY | O_DIRECTORY, 0, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
		if (overlay_is_opaque(read_fd)) /* what is not in it is hidden below */
			otherwise = -1;
		*slash++ = '/';
	}
	return otherwise;
}

static bool in_image(const struct changes *changes, const char *path)
{
	int answer = 0;
	for (size_t i = changes->layer_count; i-- > 0 && answer == 0;)
		answer = ask_layer(changes->layer_fds[i], path);
	return answer > 0;
}

static int list_directory(const struct changes *changes, int dir_fd, const char *path, int depth, struct err *err);

static int list_entry(const struct changes *changes, int dir_fd, const char *name, const char *path, int depth, struct err *err)
{
	struct stat st;
	if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : err_sys(err, "cannot look at /%s", path);
	if (mark_is_ours(dir_fd, name))
		return 0;
	cleanup_fd int fd = S_ISDIR(st.st_mode) ? openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
	if (fd >= 0 && mark_has_ours_only(fd))
		return 0;
	cleanup_free char *shown = str_fmt("/%s", path);
	bool known = in_image(changes, path);
	if (overlay_is_whiteout(&st)) {
		if (known)
			changes->say(changes->context, CHANGE_DELETED, shown);
		return 0;
	}
	changes->say(changes->context, known ? CHANGE_CHANGED : CHANGE_ADDED, shown);
	if (!S_ISDIR(st.st_mode))
		return 0;
	return fd < 0 ? err_sys(err, "cannot open /%s", path) : list_directory(changes, fd, path, depth + 1, err);
}

static int list_directory(const struct changes *changes, int dir_fd, const char *path, int depth, struct err *err)
{
	cleanup_strv struct strv names = { 0 };
	cleanup_free char *shown = str_fmt("/%s", path), *dir = str_fmt("%s%s", path, *path ? "/" : "");
	if (depth > MAX_DEPTH)
		return err_set(err, -ELOOP, "directories lie more than %d deep", MAX_DEPTH);
	int r = fd_list(dir_fd, shown, &names, err);
	for (size_t i = 0; r == 0 && i < names.len; i++) {
		cleanup_free char *below = fd_path_below(dir, names.items[i], err);
		r = below ? list_entry(changes, dir_fd, names.items[i], below, depth, err) : err->code;
	}
	return r;
}

int changes_list(int upper_fd, const int *layer_fds, size_t layer_count, void (*say)(void *context, enum change change, const char *path),
	void *context, struct err *err)
{
	const struct changes changes = { layer_fds, layer_count, say, context };
	return list_directory(&changes, upper_fd, "", 0, err);
}

struct sum {
	uint64_t bytes;
	struct links links;
};

static int add_directory(struct sum *sum, int dir_fd, int depth, struct err *err)
{
	cleanup_strv struct strv names = { 0 };
	struct stat st;
	if (depth > MAX_DEPTH)
		return err_set(err, -ELOOP, "directories lie more than %d deep", MAX_DEPTH);
	int r = fd_list(dir_fd, "a directory of the container's", &names, err);
	for (size_t i = 0; r == 0 && i < names.len; i++) {
		const char *name = names.items[i];
		if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || mark_is_ours(dir_fd, name))
			continue; /* deleted meanwhile, or not the container's doing */
		const char *first = NULL;
		if (S_ISREG(st.st_mode))
			r = links_first(&sum->links, st.st_dev, st.st_ino, st.st_nlink, name, &first, err);
		if (S_ISREG(st.st_mode) && !first)
			sum->bytes += (uint64_t)st.st_size;
		cleanup_fd int fd = S_ISDIR(st.st_mode) ? openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
		if (fd >= 0)
			r = add_directory(sum, fd, depth + 1, err);
		else if (S_ISDIR(st.st_mode) && errno != ENOENT)
			r = err_sys(err, "cannot open a directory of the container's");
	}
	return r;
}

int changes_size(int upper_fd, uint64_t *ret_bytes, struct err *err)
{
	struct sum sum = { 0 };
	int r = add_directory(&sum, upper_fd, 0, err);
	links_done(&sum.links);
	*ret_bytes = sum.bytes;
	return r;
}
