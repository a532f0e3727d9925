/* SPDX-License-Identifier: GPL-2.0-or-later */
/* jail.c owns a directory for hostile layers to be unpacked in, and noticing when one reaches out of it. */
#include "tests/fuzz/jail.h"

#include "registry/whiteout.h"
#include "src/base/fd.h"
#include "src/base/overlay.h"
#include "tests/fuzz/fuzz.h"
#include "tests/userns.h"

#include <pthread.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

enum { OUTSIDE = 5 };
static const char *const outside[OUTSIDE] = { ".", "outside", "outside/file", "outside/dir", "outside/dir/file" };

static struct {
	char path[32];
	int dir_fd, in_fd;
	pid_t owner;
	bool single_id;
	struct stat before[OUTSIDE];
} jail;

bool jail_single_id(void)
{
	return jail.single_id;
}

static void remove_jail(void)
{
	struct err err = { 0 };
	if (getpid() != jail.owner)
		return;
	cleanup_free char *proc = str_fmt("%s/proc", jail.path);
	umount2(proc, MNT_DETACH);
	fd_remove_tree(AT_FDCWD, jail.path, &err);
}

static bool make_file(const char *name)
{
	cleanup_fd int fd = openat(jail.dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	return fd >= 0 && fd_write_all(fd, "outside", 7) == 0;
}

static void look(struct stat *ret)
{
	for (int i = 0; i < OUTSIDE; i++)
		CHECK(fstatat(jail.dir_fd, outside[i], &ret[i], AT_SYMLINK_NOFOLLOW) == 0);
}

int jail_init(void)
{
	jail.single_id = geteuid() != 0;
	if (userns_enter() < 0)
		return -1;
	strcpy(jail.path, "/tmp/fuzz_jail.XXXXXX");
	if (!mkdtemp(jail.path))
		return -1;
	jail.owner = getpid();
	atexit(remove_jail);
	jail.dir_fd = open(jail.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (mkdirat(jail.dir_fd, "in", 0700) < 0 || mkdirat(jail.dir_fd, "outside", 0755) < 0 ||
		mkdirat(jail.dir_fd, "outside/dir", 0755) < 0 || !make_file("outside/file") || !make_file("outside/dir/file"))
		return -1;
	jail.in_fd = openat(jail.dir_fd, "in", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	look(jail.before);
	usleep(20000); /* a later change has a later time, which is counted in the timer's ticks */
	return jail.in_fd < 0 ? -1 : 0;
}

int jail_show_proc(void)
{
	cleanup_free char *proc = str_fmt("%s/proc", jail.path);
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0 || mkdir(proc, 0755) < 0)
		return -1;
	int r = mount("/proc", proc, NULL, MS_BIND | MS_REC, NULL);
	fd_close(&jail.dir_fd); /* they were of the other namespace's mounts */
	fd_close(&jail.in_fd);
	jail.dir_fd = open(jail.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	jail.in_fd = openat(jail.dir_fd, "in", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	look(jail.before);
	usleep(20000); /* see jail_init */
	return jail.in_fd < 0 ? -1 : r;
}

/* The time of the inode's change cannot be set, so that it tells of everything. */
static void check_outside(void)
{
	struct stat now[OUTSIDE];
	look(now);
	for (int i = 0; i < OUTSIDE; i++) {
		const struct stat *a = &jail.before[i], *b = &now[i];
		CHECK(a->st_ino == b->st_ino && a->st_nlink == b->st_nlink && a->st_size == b->st_size);
		CHECK(a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec);
	}
}

/* "root" alone. */
static void check_in(void)
{
	struct stat st;
	CHECK(fstat(jail.in_fd, &st) == 0 && st.st_nlink == 3 && st.st_uid == 0 && (st.st_mode & 07777) == 0700);
	int fd = openat(jail.in_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_dir DIR *dir = fdopendir(fd);
	CHECK(dir);
	for (struct dirent *entry; (entry = readdir(dir));)
		CHECK(str_eq(entry->d_name, ".") || str_eq(entry->d_name, "..") || str_eq(entry->d_name, "root"));
}

static void check_tree(int dir_fd, const char *name, uint64_t max_size);

static void check_entry(int dir_fd, const char *name, uint64_t max_size)
{
	struct stat st;
	CHECK(fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0);
	CHECK(!str_starts(name, ".wh.") || S_ISDIR(st.st_mode)); /* a directory that only a symlink names, see parent.c */
	CHECK(st.st_uid < 65536 && st.st_gid < 65536);
	CHECK(!S_ISBLK(st.st_mode) && !S_ISSOCK(st.st_mode));
	if (S_ISCHR(st.st_mode))
		CHECK(st.st_rdev == makedev(0, 0));
	if (S_ISREG(st.st_mode))
		CHECK((uint64_t)st.st_size <= max_size);
	if (S_ISDIR(st.st_mode))
		check_tree(dir_fd, name, max_size);
}

/* overlayfs is told of opaque directories and of nothing else; the other name is for us. */
static void check_xattrs(int fd)
{
	char names[4096];
	ssize_t len = flistxattr(fd, names, sizeof names);
	for (ssize_t at = 0; at < len; at += (ssize_t)strlen(names + at) + 1)
		CHECK(!str_starts(names + at, "user.overlay.") || str_eq(names + at, OVERLAY_OPAQUE) ||
			str_eq(names + at, OVERLAY_ROOT_UNTOLD));
}

static void check_tree(int dir_fd, const char *name, uint64_t max_size)
{
	int fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	CHECK(fd >= 0);
	check_xattrs(fd);
	cleanup_dir DIR *dir = fdopendir(fd);
	CHECK(dir);
	for (struct dirent *entry; (entry = readdir(dir));)
		if (!str_eq(entry->d_name, ".") && !str_eq(entry->d_name, ".."))
			check_entry(fd, entry->d_name, max_size);
}

struct job {
	void (*work)(int root_fd, void *context);
	void *context;
};

/* A root directory can be one thread's own, and that of the threads it starts: the fuzzer needs the real one. */
static void *run(void *context)
{
	const struct job *job = context;
	CHECK(unshare(CLONE_FS) == 0 && fchdir(jail.dir_fd) == 0 && chroot(".") == 0);
	umask(022);
	CHECK(mkdirat(jail.in_fd, "root", 0755) == 0);
	cleanup_fd int root_fd = openat(jail.in_fd, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(root_fd >= 0);
	job->work(root_fd, job->context);
	return NULL;
}

void jail_run(void (*work)(int root_fd, void *context), void *context, uint64_t max_size)
{
	struct err err = { 0 };
	struct job job = { work, context };
	pthread_t thread;
	CHECK(pthread_create(&thread, NULL, run, &job) == 0);
	CHECK(pthread_join(thread, NULL) == 0);
	check_outside();
	check_in();
	check_tree(jail.in_fd, "root", max_size);
	CHECK(fd_remove_tree(jail.in_fd, "root", &err) == 0);
}
