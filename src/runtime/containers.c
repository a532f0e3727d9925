/* SPDX-License-Identifier: GPL-2.0-or-later */
/* containers.c owns <store>/containers. */
/*
 * Theory of operation. Two kinds of locks. That of containers/ itself (flock) is held for the moment in which a directory comes
 * into being, shared, or a name is given or taken away, exclusively. A container's own (F_OFD_SETLK, which can be asked for
 * without being taken: F_OFD_GETLK) says that its supervisor lives; the kernel lets it go whatever happens. So a directory
 * whose lock is free, seen while nobody makes one, has no supervisor. Who changes something then holds another byte's lock:
 * nobody may take him for a supervisor.
 */
#include "src/runtime/containers.h"

#include "src/base/fd.h"
#include "src/base/process.h"
#include "src/runtime/cgroup.h"
#include "src/runtime/state.h"
#include "src/runtime/userns.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { NAME_LIMIT = 256 };

int containers_open(int store_fd, const struct idmap *map, struct err *err)
{
	if (mkdirat(store_fd, "containers", 0700) < 0 && errno != EEXIST)
		return err_sys(err, "cannot make the store's directory containers");
	cleanup_fd int fd = openat(store_fd, "containers", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, "cannot open the store's directory containers");
	if (fchown(fd, map->uids.root_outside, map->gids.root_outside) < 0)
		return err_sys(err, "cannot give the store's directory containers to the containers' root");
	fd_spread_directories(fd);
	return fd_take(&fd);
}

int containers_open_one(int containers_fd, const char *id, struct err *err)
{
	int fd = openat(containers_fd, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? err_sys(err, "cannot open the container's directory %s", id) : fd;
}

static int open_lock(int dir_fd)
{
	return openat(dir_fd, "lock", O_RDWR | O_NOFOLLOW | O_CLOEXEC);
}

static struct flock one_byte(enum containers_lock what)
{
	return (struct flock){ .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = what, .l_len = 1 };
}

static bool is_alive(int lock_fd)
{
	struct flock lock = one_byte(LOCK_LIFE);
	return lock_fd >= 0 && fcntl(lock_fd, F_OFD_GETLK, &lock) == 0 && lock.l_type == F_WRLCK;
}

bool containers_is_alive(int dir_fd)
{
	cleanup_fd int fd = open_lock(dir_fd);
	return is_alive(fd);
}

int containers_lock(int dir_fd, enum containers_lock what, bool wait, struct err *err)
{
	struct flock lock = one_byte(what);
	cleanup_fd int fd = open_lock(dir_fd);
	int r = fd < 0 ? -1 : fcntl(fd, wait ? F_OFD_SETLKW : F_OFD_SETLK, &lock);
	if (r < 0 && (errno == EAGAIN || errno == EACCES))
		return err_set(err, -EAGAIN, "the container is running");
	return r < 0 ? err_sys(err, "cannot lock the container's directory") : fd_take(&fd);
}

int containers_await_end(int dir_fd, struct err *err)
{
	struct flock lock = one_byte(LOCK_LIFE);
	cleanup_fd int fd = open_lock(dir_fd);
	int r;
	lock.l_type = F_RDLCK; /* a writer's would look like a supervisor's */
	do
		r = fd < 0 ? -1 : fcntl(fd, F_OFD_SETLKW, &lock);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return err_sys(err, "cannot wait for the container");
	lock.l_type = F_UNLCK;
	fcntl(fd, F_OFD_SETLK, &lock);
	return fd_take(&fd);
}

int containers_write_file(int dir_fd, const char *file, const void *data, size_t len, struct err *err)
{
	cleanup_free char *fresh = str_fmt("%s.new", file);
	cleanup_fd int fd = openat(dir_fd, fresh, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	struct stat st;
	int r = fd < 0 || fstat(dir_fd, &st) < 0 || fchown(fd, st.st_uid, st.st_gid) < 0 ? -errno : fd_write_all(fd, data, len);
	if (r == 0 && renameat(dir_fd, fresh, dir_fd, file) < 0)
		r = -errno;
	return r < 0 ? err_code(err, r, "cannot write the container's %s", file) : 0;
}

char *containers_name(int dir_fd, const char *id)
{
	struct err ignored;
	struct stat st;
	cleanup_buf struct buf name = { 0 };
	if (fstatat(dir_fd, "name", &st, AT_SYMLINK_NOFOLLOW) < 0 || fd_read_file(dir_fd, "name", NAME_LIMIT, &name, &ignored) < 0 || !name.len)
		return str_ndup(id, STATE_SHORT_ID_LENGTH);
	return buf_take(&name);
}

void containers_note(int lock_fd, int exit_code)
{
	cleanup_free char *text = exit_code < 0 ? str_dup("running") : str_fmt("exited %d\n", exit_code);
	if (pwrite(lock_fd, text, strlen(text), 0) < 0) /* on a full disk who waits learns it from state.json */
		return;
}

int containers_noted_exit(int lock_fd)
{
	char text[32] = "";
	int exit_code = -1;
	if (pread(lock_fd, text, sizeof text - 1, 0) < 0 || sscanf(text, "exited %d", &exit_code) != 1)
		return -1;
	return exit_code;
}

static bool exists(int dir_fd, const char *name)
{
	return faccessat(dir_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

char *containers_find_name(int containers_fd, const char *name)
{
	char id[STATE_ID_LENGTH + 1] = "";
	cleanup_free char *link = str_fmt(".names/%s", name);
	if (strchr(name, '/') || readlinkat(containers_fd, link, id, sizeof id - 1) != STATE_ID_LENGTH || !exists(containers_fd, id))
		return NULL;
	return str_dup(id);
}

/* Under the exclusive lock of containers/. A link that leads nowhere is one of a container that is gone. */
static int take_name(int containers_fd, const char *id, const char *name, struct err *err)
{
	cleanup_free char *link = str_fmt(".names/%s", name);
	cleanup_free char *other = containers_find_name(containers_fd, name);
	if (other) {
		cleanup_fd int other_fd = containers_open_one(containers_fd, other, err);
		bool running = other_fd >= 0 && containers_is_alive(other_fd);
		return err_set(err, -EEXIST, running ? "a container named %s is running" :
						       "there is a container named %s already; `xrun rm` removes it", name);
	}
	if (mkdirat(containers_fd, ".names", 0700) < 0 && errno != EEXIST)
		return err_sys(err, "cannot make the store's directory of containers' names");
	unlinkat(containers_fd, link, 0);
	return symlinkat(id, containers_fd, link) < 0 ? err_sys(err, "cannot give the name %s", name) : 0;
}

static int make_locked(int containers_fd, const char *id, int *ret_dir_fd, int *ret_lock_fd, struct err *err)
{
	struct flock lock = one_byte(LOCK_LIFE);
	if (mkdirat(containers_fd, id, 0700) < 0)
		return err_sys(err, "cannot make the container's directory %s", id);
	cleanup_fd int dir_fd = containers_open_one(containers_fd, id, err);
	if (dir_fd < 0)
		return dir_fd;
	cleanup_fd int lock_fd = openat(dir_fd, "lock", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (lock_fd < 0 || fcntl(lock_fd, F_OFD_SETLK, &lock) < 0)
		return err_sys(err, "cannot lock the container's directory %s", id);
	*ret_dir_fd = fd_take(&dir_fd);
	*ret_lock_fd = fd_take(&lock_fd);
	return 0;
}

int containers_make(int containers_fd, const struct idmap *map, const char *id, const char *name, int *ret_dir_fd,
	int *ret_lock_fd, struct err *err)
{
	cleanup_free char *owner = name ? containers_find_name(containers_fd, name) : NULL;
	if (owner) /* a container that was killed, perhaps */
		containers_sweep(containers_fd, map);
	if (flock(containers_fd, name ? LOCK_EX : LOCK_SH) < 0)
		return err_sys(err, "cannot lock the store's directory containers");
	int r = name ? take_name(containers_fd, id, name, err) : 0;
	if (r == 0)
		r = make_locked(containers_fd, id, ret_dir_fd, ret_lock_fd, err);
	flock(containers_fd, LOCK_UN);
	if (r == 0 && name)
		r = containers_write_file(*ret_dir_fd, "name", name, strlen(name), err);
	if (r == 0 && fchown(*ret_dir_fd, map->uids.root_outside, map->gids.root_outside) < 0)
		r = err_sys(err, "cannot give the container's directory %s to its root", id);
	return r;
}

/* Under the exclusive lock of containers/. */
static void drop_name(int containers_fd, const char *name, const char *id)
{
	cleanup_free char *link = str_fmt(".names/%s", name);
	cleanup_free char *owner = containers_find_name(containers_fd, name);
	if (str_eq(owner, id))
		unlinkat(containers_fd, link, 0);
}

int containers_rename(int containers_fd, const char *id, const char *name, struct err *err)
{
	cleanup_fd int dir_fd = containers_open_one(containers_fd, id, err);
	if (dir_fd < 0)
		return dir_fd;
	if (flock(containers_fd, LOCK_EX) < 0)
		return err_sys(err, "cannot lock the store's directory containers");
	cleanup_free char *old = containers_name(dir_fd, id);
	int r = take_name(containers_fd, id, name, err);
	if (r == 0)
		r = containers_write_file(dir_fd, "name", name, strlen(name), err);
	if (r == 0)
		drop_name(containers_fd, old, id);
	flock(containers_fd, LOCK_UN);
	return r;
}

/* What a child is told that removes a container as root of the id map: files of subordinate ids are not ours to remove. */
struct removal {
	int containers_fd, userns_fd;
	const struct idmap *map;
	const char *id;
};

static int remove_as_root(void *context, struct err *err)
{
	const struct removal *removal = context;
	return fd_remove_tree(removal->containers_fd, removal->id, err);
}

/* Joining the user namespace that there is costs less than making another. */
static int remove_joined(struct removal *removal)
{
	struct err err;
	pid_t child = fork();
	if (child == 0) {
		int r = setns(removal->userns_fd, CLONE_NEWUSER) < 0 ? -1 : idmap_become_root(removal->map, &err);
		_exit(r < 0 || remove_as_root(removal, &err) < 0);
	}
	return child < 0 ? -errno : process_wait(child);
}

struct removal_part {
	int dir_fd;
	const char *name;
};

static void *remove_part(void *context)
{
	const struct removal_part *part = context;
	struct err ignored;
	fd_remove_tree(part->dir_fd, part->name, &ignored);
	return NULL;
}

/*
 * Its two directories at the same time: a file system may wait for the disk at each directory that goes (ext4 with discard).
 * What cannot be removed here is left for who removes the rest, and says why.
 */
static void remove_parts(int dir_fd)
{
	pthread_t thread;
	struct removal_part parts[] = { { dir_fd, "work" }, { dir_fd, "upper" } };
	bool started = pthread_create(&thread, NULL, remove_part, &parts[0]) == 0;
	remove_part(&parts[1]);
	if (started)
		pthread_join(thread, NULL);
}

int containers_remove(int containers_fd, const struct idmap *map, int userns_fd, const char *id, struct err *err)
{
	struct removal removal = { containers_fd, userns_fd, map, id };
	cleanup_fd int dir_fd = containers_open_one(containers_fd, id, err);
	if (dir_fd < 0)
		return dir_fd;
	unlinkat(dir_fd, "kept", 0); /* should we be killed from here on, the next one goes on */
	if (exists(dir_fd, "name") && flock(containers_fd, LOCK_EX) == 0) {
		cleanup_free char *name = containers_name(dir_fd, id);
		drop_name(containers_fd, name, id);
		flock(containers_fd, LOCK_UN);
	}
	remove_parts(dir_fd);
	int r = fd_remove_tree(containers_fd, id, err);
	if (r < 0 && userns_fd >= 0)
		r = remove_joined(&removal) == 0 ? 0 : r;
	else if (r < 0)
		r = userns_call(map, NULL, remove_as_root, &removal, err);
	if (r < 0)
		return err_prefix(err, "cannot remove container %s", id);
	err_clear(err);
	return 0;
}

int containers_each(int containers_fd, int (*call)(void *context, const char *id), void *context)
{
	int copy = openat(containers_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_dir DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	int r = 0;
	for (struct dirent *entry; r == 0 && dir && (entry = readdir(dir));)
		if (entry->d_name[0] != '.')
			r = call(context, entry->d_name);
	return r;
}

/* A directory without a lock file, now that nobody makes one, is one whose maker, or remover, was killed. */
static bool take_abandoned(int containers_fd, int dir_fd, int *ret_lock_fd)
{
	struct flock lock = one_byte(LOCK_CHANGE);
	flock(containers_fd, LOCK_EX);
	cleanup_fd int fd = open_lock(dir_fd);
	bool taken = fd < 0 ? errno == ENOENT : fcntl(fd, F_OFD_SETLK, &lock) == 0 && !is_alive(fd);
	flock(containers_fd, LOCK_UN);
	*ret_lock_fd = taken ? fd_take(&fd) : -1;
	return taken;
}

/* Its first process dies with the supervisor, unless it has changed its ids since (prctl(2), PR_SET_PDEATHSIG). */
static void end_lost(int dir_fd, const char *id)
{
	struct err ignored;
	cleanup_state struct state state = { 0 };
	struct spec spec = { 0 };
	state_read_spec(dir_fd, &spec, &ignored);
	cgroup_remove_stale(id, spec.limits.cgroup_parent);
	spec_done(&spec);
	if (state_read(dir_fd, &state, &ignored) < 0 || !state.lost)
		return;
	cleanup_fd int pid_fd = state_open_process(&state, &ignored);
	if (pid_fd >= 0)
		syscall(SYS_pidfd_send_signal, pid_fd, SIGKILL, NULL, 0);
	state.pid = state.supervisor = 0;
	state_write(dir_fd, &state, &ignored);
}

struct sweep {
	int containers_fd;
	const struct idmap *map;
};

/* Whether it is one that has ended as it should, and stays. */
static bool is_in_order(int dir_fd)
{
	char text[8] = "";
	cleanup_fd int fd = exists(dir_fd, "kept") ? open_lock(dir_fd) : -1;
	return fd >= 0 && pread(fd, text, sizeof text - 1, 0) >= 0 && !str_eq(text, "running");
}

static int sweep_one(void *context, const char *id)
{
	const struct sweep *sweep = context;
	struct err ignored;
	cleanup_fd int dir_fd = containers_open_one(sweep->containers_fd, id, &ignored);
	cleanup_fd int lock_fd = -1;
	if (dir_fd < 0 || containers_is_alive(dir_fd) || is_in_order(dir_fd))
		return 0;
	if (!take_abandoned(sweep->containers_fd, dir_fd, &lock_fd) || is_in_order(dir_fd))
		return 0;
	end_lost(dir_fd, id);
	if (!exists(dir_fd, "kept"))
		containers_remove(sweep->containers_fd, sweep->map, -1, id, &ignored);
	else
		containers_note(lock_fd, 128 + SIGKILL);
	return 0;
}

void containers_sweep(int containers_fd, const struct idmap *map)
{
	struct sweep sweep = { containers_fd, map };
	containers_each(containers_fd, sweep_one, &sweep);
}

static int add_id(void *context, const char *id)
{
	strv_add(context, id);
	return 0;
}

void containers_sweep_some(int containers_fd, const struct idmap *map, const char *own_id)
{
	enum { SOME = 16 };
	struct sweep sweep = { containers_fd, map };
	cleanup_strv struct strv ids = { 0 };
	containers_each(containers_fd, add_id, &ids);
	char beginning[9];
	snprintf(beginning, sizeof beginning, "%s", own_id); /* of random digits */
	size_t first = strtoul(beginning, NULL, 16);
	for (size_t i = 0; i < ids.len && i < SOME; i++)
		sweep_one(&sweep, ids.items[(first + i) % ids.len]);
}
