/* SPDX-License-Identifier: GPL-2.0-or-later */
/* probe_store.c owns whether the store's file system can hold containers. */
#include "src/runtime/probe.h"

#include "src/base/fd.h"
#include "src/base/overlay.h"
#include "src/base/process.h"
#include "src/runtime/mount.h"
#include "src/runtime/userns.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { LITTLE_MIB = 1024, NOTHING_MIB = 16 };

struct place {
	int store_fd;
	char name[32]; /* of a directory of ours in the store's containers/ */
};

static int make(int dir_fd, const char *name, struct err *err)
{
	int fd = mkdirat(dir_fd, name, 0755) < 0 ? -1 : openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err_sys(err, "cannot make a directory in the store") : fd;
}

/*
 * What needs the most of a file system: to remove a directory of a lower layer (a whiteout, device 0:0) and make it anew
 * (an opaque directory, an extended attribute).
 */
static int use_overlay(int root_fd, struct err *err)
{
	if (unlinkat(root_fd, "directory", AT_REMOVEDIR) < 0)
		return err_sys(err, "an overlay in the store cannot hide a directory");
	if (mkdirat(root_fd, "directory", 0755) < 0)
		return err_sys(err, "an overlay in the store cannot replace a directory");
	cleanup_fd int file_fd = openat(root_fd, "file", O_CREAT | O_RDWR | O_CLOEXEC, 0644);
	if (file_fd < 0 || write(file_fd, "x", 1) != 1)
		return err_sys(err, "cannot write a file through an overlay in the store");
	return 0;
}

static int try_in(int own_fd, struct err *err)
{
	cleanup_fd int lower_fd = make(own_fd, "lower", err);
	cleanup_fd int upper_fd = lower_fd < 0 ? lower_fd : make(own_fd, "upper", err);
	cleanup_fd int work_fd = upper_fd < 0 ? upper_fd : make(own_fd, "work", err);
	cleanup_fd int directory_fd = work_fd < 0 ? work_fd : make(lower_fd, "directory", err);
	if (directory_fd < 0)
		return directory_fd;
	cleanup_fd int root_fd = overlay_create(&lower_fd, 1, upper_fd, work_fd, true, NULL, err);
	return root_fd < 0 ? root_fd : use_overlay(root_fd, err);
}

static int try_overlay(void *context, struct err *err)
{
	struct err ignored;
	const struct place *place = context;
	cleanup_fd int own_fd = make(place->store_fd, place->name, err);
	int r = own_fd < 0 ? own_fd : try_in(own_fd, err);
	fd_remove_tree(place->store_fd, place->name, &ignored);
	return r;
}

/* proc_pid_mountinfo(5): the type of the file system that is mounted with this id. */
static char *find_type(int fd)
{
	struct statx stx;
	struct statfs fs;
	cleanup_file FILE *file = fopen("/proc/self/mountinfo", "re");
	char line[2048], type[32];
	unsigned long id;
	if (statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &stx) < 0)
		return str_dup("unknown");
	while (file && fgets(line, sizeof line, file)) {
		const char *tail = strstr(line, " - ");
		if (tail && sscanf(line, "%lu", &id) == 1 && id == stx.stx_mnt_id && sscanf(tail + 3, "%31s", type) == 1)
			return str_dup(type);
	}
	return fstatfs(fd, &fs) == 0 ? str_fmt("type %#lx", (unsigned long)fs.f_type) : str_dup("unknown");
}

static void probe_overlay(const struct idmap *map, int store_fd, const char *type, struct findings *findings)
{
	struct err err = { 0 };
	struct place place = { .store_fd = store_fd };
	snprintf(place.name, sizeof place.name, ".doctor-%d", getpid());
	int r = userns_call(map, (int *[]){ &place.store_fd, NULL }, try_overlay, &place, &err);
	if (r == 0) {
		findings_add(findings, "store", "overlay", FINDING_OK, "an overlay in it works (%s)", type);
		return;
	}
	struct finding *f = findings_add(findings, "store", "overlay", FINDING_BROKEN, "%s: its file system is %s", err.text, type);
	finding_mend(f, "xrun --root DIR ... # a directory on ext4, xfs, btrfs or tmpfs");
}

static void probe_space(int store_fd, const char *type, struct findings *findings)
{
	struct statvfs fs;
	if (fstatvfs(store_fd, &fs) < 0)
		return;
	unsigned long long mib = (unsigned long long)fs.f_bavail * fs.f_frsize >> 20;
	bool no_inodes = fs.f_files > 0 && fs.f_favail < 100;
	enum finding_state state = mib < NOTHING_MIB || no_inodes ? FINDING_BROKEN : mib < LITTLE_MIB ? FINDING_LIMITED : FINDING_OK;
	struct finding *f = findings_add(findings, "store", "space", state, "%llu MiB and %llu inodes are free (%s)%s", mib,
		(unsigned long long)fs.f_favail, type, state == FINDING_LIMITED ? "; many an image needs more" : "");
	if (state != FINDING_OK)
		finding_mend(f, "xrun rmi --all # or xrun --root DIR, on a larger file system");
}


/* A process that keeps a user namespace, which it has just entered; its own end of the pipe ends it. */
static int hold_namespace(const struct idmap *map, pid_t *ret_pid, int *ret_end_fd, struct err *err)
{
	int ready[2], end[2];
	char byte;
	if (pipe2(ready, O_CLOEXEC) < 0 || pipe2(end, O_CLOEXEC) < 0)
		return err_sys(err, "cannot make a pipe");
	pid_t pid = fork();
	if (pid == 0) {
		close(end[1]);
		if (unshare(CLONE_NEWUSER) == 0 && write(ready[1], "", 1) == 1 && read(end[0], &byte, 1) >= 0)
			_exit(0);
		_exit(1);
	}
	close(ready[1]);
	close(end[0]);
	int r = read(ready[0], &byte, 1) == 1 ? idmap_write(map, pid, err) : err_set(err, -EPERM, "cannot make a user namespace");
	close(ready[0]);
	*ret_pid = pid;
	*ret_end_fd = end[1];
	return r;
}

static int try_idmapped(const struct idmap *map, int dir_fd, struct err *err)
{
	char path[64];
	pid_t pid = -1;
	cleanup_fd int end_fd = -1;
	int r = hold_namespace(map, &pid, &end_fd, err);
	snprintf(path, sizeof path, "/proc/%d/ns/user", pid);
	cleanup_fd int userns_fd = r < 0 ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	cleanup_fd int mount_fd = userns_fd < 0 ? -1 : mount_clone(dir_fd, "", true, err);
	if (mount_fd >= 0)
		r = mount_map_ids(mount_fd, userns_fd, ".", err);
	else if (r == 0)
		r = err_set(err, -EIO, "cannot bind the current directory");
	fd_close(&end_fd);
	if (pid > 0)
		process_wait(pid);
	return r;
}

/* For the host's root only: an ordinary user's volumes are plain binds. */
static void probe_idmapped(const struct idmap *map, struct findings *findings)
{
	struct err err = { 0 };
	cleanup_fd int dir_fd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0 || geteuid() != 0 || map->single)
		return;
	cleanup_free char *type = find_type(dir_fd);
	if (try_idmapped(map, dir_fd, &err) == 0)
		findings_add(findings, "store", "volumes", FINDING_OK, "files of volumes from here (%s) keep their owners (idmapped mounts)", type);
	else
		findings_add(findings, "store", "volumes", FINDING_LIMITED, "root cannot use volumes from the current directory, whose file system "
			"is %s: %s", type, err.text);
}

void probe_store(const struct idmap *map, int store_fd, struct findings *findings)
{
	cleanup_free char *type = find_type(store_fd);
	probe_overlay(map, store_fd, type, findings);
	probe_space(store_fd, type, findings);
	probe_idmapped(map, findings);
}
