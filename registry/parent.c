/* SPDX-License-Identifier: GPL-2.0-or-later */
/* parent.c owns finding the directory that an entry of a layer belongs into. */
#include "registry/parent.h"
#include "registry/whiteout.h"
#include "src/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

void parent_forget(struct parent *parent)
{
	fd_close(&parent->fd);
	free(parent->path);
	parent->path = NULL;
}

bool parent_is_absent(int code)
{
	return code == -ENOENT || code == -ENOTDIR || code == -ELOOP;
}

int parent_open_directory(int dir_fd, const char *name)
{
	int fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int find(int root_fd, const char *path, enum parent_rule rule)
{
	uint64_t resolve = rule == PARENT_STRICT ? RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS
		: RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
	return fd_openat2(root_fd, *path ? path : ".", O_RDONLY | O_DIRECTORY, 0, resolve);
}

/*
 * Where `rest` lies, seen through a symlink that leads to nothing: `above_len` bytes of path lead to its directory.
 * As text alone, which is good enough to make directories by; finding them again is the kernel's.
 */
static int redirect(int above_fd, char *path, size_t above_len, const char *link, const char *rest)
{
	char target[ENTRY_PATH_MAX];
	struct err ignored;
	ssize_t n = readlinkat(above_fd, link, target, sizeof target - 1);
	if (n < 0)
		return -ENOENT;
	target[n] = 0;
	cleanup_free char *whole = *target == '/' ? str_fmt("%s/%s", target, rest)
		: str_fmt("%.*s/%s/%s", (int)above_len, path, target, rest);
	return entry_path(whole, path, &ignored) < 0 ? -ENOENT : 0;
}

/* A directory that has just been made may have got a group and ACLs from the one above. Closes it on failure. */
static int disown(int fd)
{
	fremovexattr(fd, "system.posix_acl_access"); /* mostly absent */
	fremovexattr(fd, "system.posix_acl_default");
	if (fchown(fd, 0, 0) == 0 && fchmod(fd, 0755) == 0)
		return fd;
	int code = -errno;
	fd_close(&fd);
	return code;
}

static int make(int dir_fd, const char *name)
{
	int fd = mkdirat(dir_fd, name, 0755) < 0 ? -errno : parent_open_directory(dir_fd, name);
	return fd < 0 ? fd : disown(fd);
}

/*
 * The last component of `prefix`, below the directory that the ones before it led to. Only for a symlink is the way from the root gone
 * again, of which a path may have forty: a path of two thousand components would cost two million steps otherwise.
 */
static int descend(int root_fd, int above_fd, const char *prefix, const char *name)
{
	int fd = parent_open_directory(above_fd, name);
	return fd == -ENOTDIR || fd == -ELOOP ? find(root_fd, prefix, PARENT_IN_ROOT) : fd;
}

/*
 * Makes what is missing of `path`, a component at a time, each below the directory that the ones before led to. 0, or
 * 1 if a symlink to nothing was met: `path` is now what it means, to be begun anew.
 */
static int create_through(int root_fd, char *path, uint64_t *room)
{
	char prefix[ENTRY_PATH_MAX];
	bool fresh = false; /* the directory above is new, so nothing can be in it */
	cleanup_fd int above_fd = find(root_fd, "", PARENT_IN_ROOT);
	for (const char *end = path; above_fd >= 0 && *end;) {
		const char *component = end + strspn(end, "/");
		end = component + strcspn(component, "/");
		memcpy(prefix, path, end - path);
		prefix[end - path] = 0;
		const char *name = prefix + (component - path);
		int fd = fresh ? -ENOENT : descend(root_fd, above_fd, prefix, name);
		if (fd == -ENOENT) {
			fd = *room ? make(above_fd, name) : -EFBIG;
			fresh = fd >= 0;
			*room -= fresh;
		}
		if (fd == -EEXIST) {
			int r = redirect(above_fd, path, component - path, name, end);
			return r < 0 ? r : 1;
		}
		fd_close(&above_fd);
		above_fd = fd;
	}
	return above_fd < 0 ? above_fd : 0;
}

static int create(int root_fd, const char *path, uint64_t *room)
{
	enum { MAX_SYMLINKS = 40 }; /* the kernel's own bound */
	char changing[ENTRY_PATH_MAX];
	memcpy(changing, path, strlen(path) + 1);
	for (int symlinks = 0; symlinks <= MAX_SYMLINKS; symlinks++) {
		int r = create_through(root_fd, changing, room);
		if (r <= 0)
			return r < 0 ? r : find(root_fd, path, PARENT_IN_ROOT);
	}
	return -ELOOP;
}

int parent_open(struct parent *parent, int root_fd, const char *path, enum parent_rule rule)
{
	const char *base = entry_base(path);
	size_t len = base == path ? 0 : base - path - 1;
	if (parent->path && strncmp(parent->path, path, len) == 0 && !parent->path[len])
		return parent->fd;
	parent_forget(parent);
	cleanup_free char *above = str_ndup(path, len);
	int fd = find(root_fd, above, rule);
	if (fd == -ENOENT && rule == PARENT_CREATE)
		fd = create(root_fd, above, &parent->room);
	if (fd < 0)
		return fd;
	parent->fd = fd;
	parent->path = above;
	above = NULL;
	return fd;
}
