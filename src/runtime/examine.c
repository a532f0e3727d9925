/* SPDX-License-Identifier: GPL-2.0-or-later */
/* examine.c owns looking at a container's program after a bad end. */
/*
 * Theory of operation. The container's mounts are gone with its processes, but its layers and its upper directory are not
 * yet. A child joins the outer user namespace, stacks them once more, read-only, and resolves names below that root, as
 * the container did; names below a volume are resolved below the volume. A start pays nothing for this.
 */
#include "src/runtime/examine.h"

#include "src/base/fd.h"
#include "src/base/overlay.h"
#include "src/base/process.h"
#include "src/base/search.h"
#include "src/base/split.h"
#include "src/runtime/lower.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <unistd.h>

enum { FILE_LIMIT = 512 << 20, LAYER_LIMIT = 500 };

struct view {
	const struct spec *spec;
	int root_fd;
	struct lower lower;
	int *volume_fds; /* one for each mount with a source, opened as ourselves */
};

static void open_volumes(struct view *view)
{
	for (size_t i = 0; i < view->spec->mount_count; i++)
		if (view->spec->mounts[i].source)
			view->volume_fds[i] = open(view->spec->mounts[i].source, O_PATH | O_CLOEXEC);
}

static int open_root(const struct view *view, int layers_fd, int container_fd, struct err *err)
{
	const struct spec *spec = view->spec;
	cleanup_free int *fds = mem_new((spec->layers.len + 2) * sizeof *fds);
	size_t count = 0;
	if (spec->layers.len > LAYER_LIMIT)
		return -E2BIG;
	if (spec->rootfs)
		fds[count++] = lower_place(&view->lower, err);
	else if (!spec->layers.len)
		fds[count++] = openat(container_fd, "empty", O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < spec->layers.len; i++) {
		fds[count++] = openat(layers_fd, spec->layers.items[i], O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	}
	fds[count++] = openat(container_fd, "upper", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return overlay_create(fds, count, -1, -1, false, NULL, err);
}

/* The mount that `path` lies in, by the longest target; the rest of the path is what follows it. */
static int find_volume(const struct view *view, const char *path, const char **ret_rest)
{
	size_t longest = 0;
	int found = -1;
	for (size_t i = 0; i < view->spec->mount_count; i++) {
		const char *target = view->spec->mounts[i].target;
		size_t len = strlen(target);
		bool inside = strncmp(path, target, len) == 0 && (!path[len] || path[len] == '/');
		if (!inside || len < longest)
			continue;
		longest = len;
		found = view->volume_fds[i];
		*ret_rest = path + len + strspn(path + len, "/");
	}
	return found;
}

/* A regular file to read, or a negative errno; -EISDIR for a directory. */
static int open_in(const struct view *view, const char *path)
{
	struct stat st;
	const char *rest = path;
	int volume_fd = find_volume(view, path, &rest);
	cleanup_fd int fd = -1;
	if (volume_fd >= 0 && !*rest) { /* the volume is the file */
		char self[64];
		snprintf(self, sizeof self, "/proc/self/fd/%d", volume_fd);
		fd = open(self, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	} else {
		fd = fd_openat2(volume_fd < 0 ? view->root_fd : volume_fd, rest, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0, RESOLVE_IN_ROOT);
	}
	if (fd < 0 || fstat(fd, &st) < 0)
		return -ENOENT;
	return S_ISREG(st.st_mode) ? fd_take(&fd) : S_ISDIR(st.st_mode) ? -EISDIR : -ENOENT;
}

static bool is_executable(int fd)
{
	struct stat st;
	return fstat(fd, &st) == 0 && (st.st_mode & 0111);
}

/* As the container's first process went about it. */
static int open_program(const struct view *view, struct program_facts *facts)
{
	const char *name = view->spec->args.items[0];
	cleanup_strv struct strv files = { 0 };
	search_files(name, strv_env_get(&view->spec->env, "PATH"), &files);
	for (size_t i = 0; i < files.len; i++) {
		const char *file = files.items[i];
		cleanup_free char *path = *file == '/' ? str_dup(file) : str_fmt("%s/%s", view->spec->cwd, file);
		cleanup_fd int fd = open_in(view, path);
		bool by_path = strchr(name, '/'), directory = by_path && fd == -EISDIR;
		if (!directory && (fd < 0 || (!by_path && !is_executable(fd))))
			continue;
		snprintf(facts->path, sizeof facts->path, "%s", path);
		if (directory)
			facts->kind = PROGRAM_DIRECTORY;
		return fd_take(&fd);
	}
	return -ENOENT;
}

/* "#! /bin/sh -e": what stands there up to a blank, as the kernel reads it (execve(2), "Interpreter scripts"). */
static void read_script(const char *text, size_t len, struct program_facts *facts)
{
	size_t at = 2;
	while (at < len && (text[at] == ' ' || text[at] == '\t'))
		at++;
	size_t n = 0;
	while (at + n < len && n + 1 < sizeof facts->interpreter && !strchr(" \t\n", text[at + n]))
		n++;
	memcpy(facts->interpreter, text + at, n);
	facts->interpreter[n] = 0;
	facts->kind = PROGRAM_SCRIPT;
}

static void read_content(const char *data, size_t len, struct program_facts *facts)
{
	if (elf_read(data, len, &facts->needs) == 0) {
		facts->kind = PROGRAM_ELF;
		memcpy(facts->interpreter, facts->needs.interpreter, sizeof facts->interpreter);
	} else if (len > 2 && data[0] == '#' && data[1] == '!') {
		read_script(data, len, facts);
	} else {
		facts->kind = PROGRAM_TEXT;
	}
}

static void read_program(const struct view *view, int fd, struct program_facts *facts)
{
	struct stat st;
	if (fstat(fd, &st) < 0 || st.st_size > FILE_LIMIT)
		return;
	facts->executable = st.st_mode & 0111;
	if (st.st_size == 0) {
		facts->kind = PROGRAM_EMPTY;
		return;
	}
	void *data = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (data == MAP_FAILED)
		return;
	read_content(data, st.st_size, facts);
	munmap(data, st.st_size);
	if (facts->interpreter[0]) {
		cleanup_fd int interpreter_fd = open_in(view, facts->interpreter);
		facts->interpreter_found = interpreter_fd >= 0;
	}
}

/* The store is opened anew as ourselves: its parents may be ours alone. */
static int enter(const struct idmap *map, int userns_fd, int *layers_fd, int *container_fd, struct err *err)
{
	if (setns(userns_fd, CLONE_NEWUSER) < 0 || unshare(CLONE_NEWNS) < 0)
		return -errno;
	int r = fd_reopen_directory(layers_fd, err);
	if (r == 0)
		r = fd_reopen_directory(container_fd, err);
	if (r == 0)
		r = idmap_become_root(map, err);
	if (r == 0 && mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		r = -errno;
	return r;
}

static void look(struct view *view, const struct idmap *map, int layers_fd, int container_fd, int userns_fd, struct program_facts *facts)
{
	struct err ignored;
	open_volumes(view);
	if (lower_open(view->spec, map, &view->lower, &ignored) < 0)
		return;
	if (enter(map, userns_fd, &layers_fd, &container_fd, &ignored) < 0)
		return;
	view->root_fd = open_root(view, layers_fd, container_fd, &ignored);
	cleanup_fd int fd = view->root_fd < 0 ? -1 : open_program(view, facts);
	if (fd >= 0)
		read_program(view, fd, facts);
}

void examine_program(const struct spec *spec, const struct idmap *map, int store_fd, int container_fd, int userns_fd,
	struct program_facts *ret_facts)
{
	struct program_facts facts = { 0 };
	struct err ignored;
	int ends[2];
	if (userns_fd < 0 || container_fd < 0 || pipe2(ends, O_CLOEXEC) < 0)
		return;
	pid_t child = fork();
	if (child == 0) {
		struct view view = { .spec = spec, .root_fd = -1, .lower = LOWER_NONE, .volume_fds = mem_new((spec->mount_count + 1) * sizeof(int)) };
		memset(view.volume_fds, -1, spec->mount_count * sizeof(int));
		look(&view, map, split_open_layers(store_fd, &ignored), fcntl(container_fd, F_DUPFD_CLOEXEC, 3), userns_fd, &facts);
		_exit(fd_write_all(ends[1], &facts, sizeof facts) < 0);
	}
	close(ends[1]);
	if (child > 0 && read(ends[0], &facts, sizeof facts) == sizeof facts)
		*ret_facts = facts;
	close(ends[0]);
	if (child > 0)
		process_wait(child);
}
