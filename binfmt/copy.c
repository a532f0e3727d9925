/* SPDX-License-Identifier: GPL-2.0-or-later */
/* copy.c owns copies of emulators that start with options, and the directory that they are kept in. */
#include "binfmt/emulator.h"

#include "binfmt/patch.h"
#include "src/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* So many copies of one emulator are kept; more are of somebody who tries one CPU model after another. */
enum { COPIES_KEPT = 16 };

int emulator_cache_open(int store_dir_fd, struct err *err)
{
	int made = mkdirat(store_dir_fd, "emulators", 0755);
	if (made < 0 && errno != EEXIST)
		return err_sys(err, "cannot make the store's directory emulators");
	if (made == 0 && fchmodat(store_dir_fd, "emulators", 0755, 0) < 0) /* whatever the umask: containers' root must get in */
		return err_sys(err, "cannot open the store's directory emulators to all");
	int fd = openat(store_dir_fd, "emulators", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? err_sys(err, "cannot open the store's directory emulators") : fd;
}

static uint64_t hash_text(uint64_t hash, const char *text)
{
	do
		hash = (hash ^ (uint8_t)*text) * 0x100000001b3; /* FNV-1a */
	while (*text++);
	return hash;
}

/* What the names of everything about the emulator at this path begin with. */
static char *prefix_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	return str_fmt("%.64s.%016llx", slash ? slash + 1 : path, (unsigned long long)hash_text(0xcbf29ce484222325, path));
}

int emulator_identity(const char *path, char **ret_text, struct err *err)
{
	struct stat st;
	if (stat(path, &st) < 0)
		return err_sys(err, "cannot look at the emulator %s", path);
	cleanup_free char *prefix = prefix_of(path);
	*ret_text = str_fmt("%s.%llx.%llx.%llx.%llx.%lx", prefix, (unsigned long long)st.st_dev,
		(unsigned long long)st.st_ino, (unsigned long long)st.st_size, (unsigned long long)st.st_ctim.tv_sec,
		(unsigned long)st.st_ctim.tv_nsec);
	return 0;
}

uint64_t emulator_hash(const struct strv *words)
{
	uint64_t hash = patch_version();
	for (size_t i = 0; i < words->len; i++)
		hash = hash_text(hash, words->items[i]);
	return hash;
}

static int copy_content(int from_fd, int to_fd, uint64_t size, struct err *err)
{
	if (ioctl(to_fd, FICLONE, from_fd) == 0)
		return 0;
	while (size) {
		ssize_t n = sendfile(to_fd, from_fd, NULL, size);
		if (n <= 0)
			return err_code(err, n < 0 ? -errno : -EIO, "cannot copy it");
		size -= n;
	}
	return 0;
}

static int write_patched(int from_fd, int to_fd, const struct strv *options, struct err *err)
{
	struct stat st;
	char head[PATCH_HEAD_SIZE];
	struct patch patch = { 0 };
	cleanup_strv struct strv words = { 0 };
	strv_extend(&words, options);
	strv_add(&words, "--");
	ssize_t n = fstat(from_fd, &st) < 0 ? -1 : pread(from_fd, head, sizeof head, 0);
	int r = n < 0 ? err_sys(err, "cannot read it") : patch_plan(head, n, st.st_size, &words, &patch, err);
	if (r == 0)
		r = copy_content(from_fd, to_fd, st.st_size, err);
	if (r == 0 && (pwrite(to_fd, patch.head.data, patch.head.len, 0) != (ssize_t)patch.head.len ||
			      pwrite(to_fd, patch.tail.data, patch.tail.len, patch.tail_offset) != (ssize_t)patch.tail.len ||
			      fchmod(to_fd, 0755) < 0 || fsync(to_fd) < 0))
		r = err_sys(err, "cannot write the copy");
	patch_done(&patch);
	return r;
}

/* A file that is open for writing cannot be executed: it gets its name when only we have it open, for reading. */
static int publish(int cache_fd, int *written_fd, const char *name, struct err *err)
{
	cleanup_free char *path = str_fmt("/proc/self/fd/%d", *written_fd);
	cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	fd_close(written_fd);
	if (fd < 0)
		return err_sys(err, "cannot open the copy");
	int r = fd_link(fd, cache_fd, name);
	return r < 0 && r != -EEXIST ? err_code(err, r, "cannot name the copy") : 0;
}

static int make_copy(int cache_fd, const char *path, const struct strv *words, const char *name, struct err *err)
{
	struct statvfs fs;
	if (fstatvfs(cache_fd, &fs) == 0 && (fs.f_flag & ST_NOEXEC))
		return err_set(err, -EACCES, "the store is on a file system that forbids executing (noexec)");
	cleanup_fd int from_fd = open(path, O_RDONLY | O_CLOEXEC);
	if (from_fd < 0)
		return err_sys(err, "cannot open it");
	cleanup_fd int to_fd = openat(cache_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0755);
	if (to_fd < 0)
		return err_sys(err, "cannot make a file in the store");
	int r = write_patched(from_fd, to_fd, words, err);
	return r < 0 ? r : publish(cache_fd, &to_fd, name, err);
}

int emulator_spare(const char *path, struct err *err)
{
	const char mark = PATCH_MARK;
	struct stat st;
	cleanup_fd int from_fd = open(path, O_RDONLY | O_CLOEXEC), to_fd = memfd_create("xrun-helper", MFD_CLOEXEC);
	if (from_fd < 0 || to_fd < 0 || fstat(from_fd, &st) < 0)
		return err_sys(err, "cannot copy %s", path);
	int r = copy_content(from_fd, to_fd, st.st_size, err);
	if (r < 0)
		return err_prefix(err, "%s", path);
	return pwrite(to_fd, &mark, 1, PATCH_MARK_AT) == 1 ? fd_take(&to_fd) : err_sys(err, "cannot copy %s", path);
}

/* Those of a file that was at the same path before, and when there are too many, all. Who uses one has it open. */
static void remove_old(int cache_fd, const char *path, const char *identity)
{
	cleanup_free char *prefix = prefix_of(path);
	int copy = openat(cache_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), kept = 0;
	cleanup_dir DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	for (struct dirent *entry; dir && (entry = readdir(dir));) {
		if (!str_starts(entry->d_name, prefix))
			continue;
		if (!str_starts(entry->d_name, identity) || (entry->d_type == DT_REG && ++kept >= COPIES_KEPT))
			unlinkat(cache_fd, entry->d_name, 0);
	}
}

static char *copy_name(const char *identity, const struct strv *words)
{
	return str_fmt("%s-%016llx", identity, (unsigned long long)emulator_hash(words));
}

bool emulator_has_copy(int cache_fd, const char *path, const struct strv *words)
{
	struct err ignored;
	cleanup_free char *identity = NULL;
	if (emulator_identity(path, &identity, &ignored) < 0)
		return false;
	cleanup_free char *name = copy_name(identity, words);
	return faccessat(cache_fd, name, X_OK, 0) == 0;
}

int emulator_copy(int cache_fd, const char *path, const struct strv *words, char **ret_name, struct err *err)
{
	cleanup_free char *identity = NULL;
	int r = emulator_identity(path, &identity, err);
	if (r < 0)
		return r;
	char *name = copy_name(identity, words);
	if (faccessat(cache_fd, name, X_OK, 0) < 0) {
		remove_old(cache_fd, path, identity);
		r = make_copy(cache_fd, path, words, name, err);
	}
	if (r < 0) {
		free(name);
		return err_prefix(err, "cannot give the emulator %s options", path);
	}
	*ret_name = name;
	return 0;
}
