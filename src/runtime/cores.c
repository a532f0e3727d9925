/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cores.c owns bringing the cores that an emulator wrote to where the user wants them. */
/*
 * Theory of operation. The guest chose the current directory, so its own files and every writable volume are walked, by
 * descriptors and without following links; only regular files count. An ordinary user's container has files of subordinate
 * ids, so a child does it that is root of the id map; the names come back through a pipe.
 */
#include "src/runtime/cores.h"

#include "binfmt/arch.h"
#include "binfmt/elf.h"
#include "src/base/fd.h"
#include "src/base/self.h"
#include "src/runtime/userns.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/sendfile.h>
#include <unistd.h>

enum { DEEPEST = 64, HEAD_SIZE = 65536 };

struct collection {
	const struct spec *spec;
	int container_fd, target_fd, names_fd;
	int64_t since;
	dev_t device;
	int count;
};

/* "qemu_PROGRAM_DATE-TIME_PID.core" in its parts. */
struct name {
	char program[128], time[32], pid[16];
};

static bool parse_name(const char *text, struct name *ret_name)
{
	static const char end[] = ".core";
	size_t len = strlen(text);
	if (!str_starts(text, "qemu_") || !str_ends(text, end))
		return false;
	const char *pid = memrchr(text, '_', len);
	const char *time = memrchr(text, '_', pid - text);
	const char *program = text + strlen("qemu_");
	if (!time || time < program || pid - time > 30 || text + len - sizeof end + 1 - pid > 12)
		return false;
	snprintf(ret_name->program, sizeof ret_name->program, "%.*s", (int)(time - program), program);
	snprintf(ret_name->time, sizeof ret_name->time, "%.*s", (int)(pid - time - 1), time + 1);
	snprintf(ret_name->pid, sizeof ret_name->pid, "%.*s", (int)(text + len - sizeof end + 1 - pid - 1), pid + 1);
	return strspn(ret_name->time, "0123456789-") == strlen(ret_name->time) && strspn(ret_name->pid, "0123456789") == strlen(ret_name->pid);
}

/* A core has a type of its own, which arch_by_elf takes for no program's. */
static const struct arch *core_arch(const char *head, size_t len)
{
	enum { TYPE_AT = 16, ET_EXEC_TYPE = 2, ET_CORE_TYPE = 4 };
	uint8_t copy[ARCH_MAGIC_SIZE];
	if (len < sizeof copy)
		return NULL;
	memcpy(copy, head, sizeof copy);
	uint8_t *type = &copy[TYPE_AT + (copy[5] == 2)];
	if (*type != ET_CORE_TYPE)
		return NULL;
	*type = ET_EXEC_TYPE;
	return arch_by_elf(copy, sizeof copy);
}

/* The target's name: what the container chose has no place in it but letters that cannot harm. */
static char *target_name(const struct name *name, const char *head, size_t len)
{
	const struct arch *arch = core_arch(head, len);
	int number = elf_core_signal(head, len);
	char *text = str_fmt("%s.%s.%s.%s.%s.core", name->program, arch ? arch->name : "unknown", name->pid,
		number > 0 && sigabbrev_np(number) ? sigabbrev_np(number) : "0", name->time);
	for (char *c = text; *c; c++)
		if ((unsigned char)*c <= ' ' || *c == 0x7f || strchr("/'\"\\$`", *c))
			*c = '_';
	return text;
}

/* Holes stay holes: a file that says it is very large, and is not, must not fill the user's disk. */
static int copy(int from_fd, int to_fd)
{
	struct stat st;
	if (fstat(from_fd, &st) < 0 || ftruncate(to_fd, st.st_size) < 0)
		return -errno;
	for (off_t at = 0; at < st.st_size;) {
		at = lseek(from_fd, at, SEEK_DATA);
		off_t end = at < 0 ? at : lseek(from_fd, at, SEEK_HOLE);
		if (end < 0 || lseek(to_fd, at, SEEK_SET) < 0)
			return errno == ENXIO ? 0 : -errno;
		while (at < end)
			if (sendfile(to_fd, from_fd, &at, end - at) <= 0)
				return -EIO;
	}
	return 0;
}

static int take(struct collection *c, int dir_fd, const char *file, struct err *err)
{
	char head[HEAD_SIZE];
	struct stat st;
	struct name name;
	cleanup_fd int fd = openat(dir_fd, file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_mtime < c->since || !parse_name(file, &name))
		return 0;
	ssize_t n = pread(fd, head, sizeof head, 0);
	if (n < ARCH_MAGIC_SIZE || !core_arch(head, n))
		return 0;
	cleanup_free char *target = target_name(&name, head, n);
	cleanup_fd int target_fd = openat(c->target_fd, target, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	int r = target_fd < 0 ? -errno : copy(fd, target_fd);
	if (r < 0)
		return err_code(err, r, "--core-dir: cannot write %s", target);
	unlinkat(dir_fd, file, 0);
	c->count++;
	cleanup_free char *line = str_fmt("%s\n", target);
	return fd_write_all(c->names_fd, line, strlen(line));
}

/*
 * qemu 7.2 does not always keep the kernel from writing the emulator's own core after the guest's (core(5): "core" or
 * "core.PID"). It says nothing of the guest.
 */
static void drop_emulators_own(const struct collection *c, int dir_fd, const char *file)
{
	char head[ARCH_MAGIC_SIZE];
	struct stat st;
	const char *rest = file + strlen("core");
	if (*rest && (*rest != '.' || strspn(rest + 1, "0123456789") != strlen(rest + 1)))
		return;
	cleanup_fd int fd = openat(dir_fd, file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_mtime < c->since)
		return;
	if (pread(fd, head, sizeof head, 0) == sizeof head && core_arch(head, sizeof head) == arch_host())
		unlinkat(dir_fd, file, 0);
}

static int walk(struct collection *c, int dir_fd, int depth, struct err *err)
{
	int r = 0, duplicate = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_dir DIR *dir = duplicate < 0 ? NULL : fdopendir(duplicate);
	for (struct dirent *entry; r == 0 && dir && c->count < CORES_MAX && (entry = readdir(dir));) {
		struct stat st;
		if (str_eq(entry->d_name, ".") || str_eq(entry->d_name, ".."))
			continue;
		if (entry->d_type == DT_REG && str_starts(entry->d_name, "qemu_"))
			r = take(c, dir_fd, entry->d_name, err);
		if (entry->d_type == DT_REG && str_starts(entry->d_name, "core"))
			drop_emulators_own(c, dir_fd, entry->d_name);
		if (entry->d_type != DT_DIR || depth == DEEPEST)
			continue;
		cleanup_fd int fd = openat(dir_fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd >= 0 && fstat(fd, &st) == 0 && st.st_dev == c->device)
			r = walk(c, fd, depth + 1, err);
	}
	return r;
}

static int walk_from(struct collection *c, int dir_fd, const char *path, struct err *err)
{
	struct stat st;
	cleanup_fd int fd = openat(dir_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return 0; /* a file is shown, or nothing was written */
	c->device = st.st_dev;
	return walk(c, fd, 0, err);
}

static int collect(void *context, struct err *err)
{
	struct collection *c = context;
	int r = walk_from(c, c->container_fd, "upper", err);
	for (size_t i = 0; r == 0 && i < c->spec->mount_count; i++) {
		const struct spec_mount *m = &c->spec->mounts[i];
		if (m->source && !m->read_only)
			r = walk_from(c, AT_FDCWD, m->source, err);
	}
	return r;
}

static void take_names(int fd, struct strv *ret_names)
{
	cleanup_buf struct buf text = { 0 };
	fd_read_all(fd, 1 << 20, &text);
	char *rest = text.len ? text.data : NULL;
	for (char *line; rest && (line = strsep(&rest, "\n"));)
		if (*line)
			strv_add(ret_names, line);
}

int cores_collect(const struct spec *spec, const struct idmap *map, int container_fd, int64_t since, struct strv *ret_names,
	struct err *err)
{
	int ends[2];
	cleanup_fd int target_fd = open(spec->core_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (target_fd < 0)
		return err_sys(err, "--core-dir %s", spec->core_dir);
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(err, "cannot make a pipe");
	cleanup_fd int read_fd = ends[0];
	struct collection c = { .spec = spec, .container_fd = container_fd, .target_fd = target_fd, .names_fd = ends[1], .since = since };
	int r = self_is_host_root() ? collect(&c, err) : userns_call(map, NULL, collect, &c, err);
	close(ends[1]);
	take_names(read_fd, ret_names);
	return r;
}
