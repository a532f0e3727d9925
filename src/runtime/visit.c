/* SPDX-License-Identifier: GPL-2.0-or-later */
/* visit.c owns doing something among a container's files. */
#include "src/runtime/visit.h"

#include "src/base/fd.h"
#include "src/base/process.h"
#include "src/base/split.h"
#include "src/runtime/containers.h"
#include "src/runtime/join.h"
#include "src/runtime/mount.h"
#include "src/runtime/program.h"
#include "src/runtime/shortage.h"
#include "src/runtime/stage.h"
#include "src/runtime/userns.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

struct errand {
	struct visit *visit;
	int (*call)(void *context, struct err *err);
	void *context;
};

/* In a mount namespace of our own: what was put together becomes our root. */
static int enter_files(const struct visit *visit, struct err *err)
{
	const struct idmap map = idmap_keep(visit->map, visit->spec->kept_uid, visit->spec->kept_gid);
	struct stage stage = { .spec = visit->spec, .map = &map, .store_fd = visit->store_fd, .layers_fd = visit->layers_fd, .lower = visit->lower };
	cleanup_fd int root_fd = stage_make_rootfs(&stage, err);
	cleanup_fd int place_fd = root_fd < 0 ? -1 : open("/tmp", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root_fd < 0)
		return root_fd;
	if (place_fd < 0)
		return err_sys(err, "cannot open /tmp");
	int r = mount_attach(root_fd, place_fd, "the container's files", err);
	if (r == 0 && (fchdir(root_fd) < 0 || chroot(".") < 0))
		r = err_sys(err, "cannot enter the container's files");
	return r;
}

static int visit_stopped(void *context, struct err *err)
{
	struct errand *errand = context;
	int r = enter_files(errand->visit, err);
	return r < 0 ? r : errand->call(errand->context, err);
}

/*
 * Where the container sees the host's processes (--pid host, or a volume of /proc) a symlink of its may lead to /proc/self/fd/N: no directory of
 * the host's is to be there. `list` was opened before we entered.
 */
static int close_directories(DIR *list, struct err *err)
{
	struct stat st;
	for (struct dirent *entry; (entry = readdir(list));) {
		int fd = atoi(entry->d_name);
		if (fd > 2 && fd != dirfd(list) && fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
			close(fd);
	}
	return program_check_standard(err);
}

static int visit_running(struct errand *errand, struct err *err)
{
	const struct visit *visit = errand->visit;
	cleanup_dir DIR *list = opendir("/proc/self/fd");
	if (!list)
		return err_sys(err, "cannot list what is open");
	int r = join_enter(visit->state, visit->spec, visit->map, err);
	if (r == 0)
		r = close_directories(list, err);
	dir_close(&list);
	if (r == 0 && chdir("/") < 0)
		r = err_sys(err, "cannot enter the container's root");
	return r < 0 ? r : errand->call(errand->context, err);
}

static void run_child(struct errand *errand, int report_fd)
{
	struct visit *visit = errand->visit;
	struct err answer = { 0 };
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_IGN);
	fd_close(&visit->unused_fd);
	const struct idmap map = idmap_keep(visit->map, visit->spec->kept_uid, visit->spec->kept_gid);
	int r = visit->change_fd < 0 ? visit_running(errand, &answer) : lower_open(visit->spec, &map, &visit->lower, &answer);
	if (r >= 0 && visit->change_fd >= 0)
		r = visit->layers_fd = split_open_layers(visit->store_fd, &answer);
	if (r >= 0 && visit->change_fd >= 0)
		r = userns_call(&map, (int *[]){ &visit->store_fd, &visit->layers_fd, NULL }, visit_stopped, errand, &answer);
	answer.code = r < 0 ? r : 0;
	_exit(fd_write_all(report_fd, &answer, sizeof answer) < 0);
}

static int lock_stopped(struct visit *visit, struct err *err)
{
	visit->change_fd = -1;
	if (visit->state->status != STATE_CREATED && visit->state->status != STATE_EXITED)
		return 0;
	visit->change_fd = containers_lock(visit->dir_fd, LOCK_CHANGE, true, err);
	if (visit->change_fd < 0)
		return visit->change_fd;
	return containers_is_alive(visit->dir_fd) ? err_set(err, -EAGAIN, "container %s was just started; try again", visit->state->name) : 0;
}

int visit_start(struct visit *visit, int (*call)(void *context, struct err *err), void *context, struct err *err)
{
	int ends[2], r = lock_stopped(visit, err);
	if (r < 0 || pipe2(ends, O_CLOEXEC) < 0) {
		fd_close(&visit->change_fd);
		return r < 0 ? r : err_sys(err, "cannot make a pipe");
	}
	struct errand errand = { visit, call, context };
	visit->report_fd = ends[0];
	visit->pid = fork();
	if (visit->pid == 0) {
		close(ends[0]);
		run_child(&errand, ends[1]);
	}
	close(ends[1]);
	if (visit->pid > 0)
		return 0;
	fd_close(&visit->report_fd);
	fd_close(&visit->change_fd);
	return shortage_of_processes(err);
}

int visit_finish(struct visit *visit, struct err *err)
{
	struct err answer;
	cleanup_buf struct buf text = { 0 };
	int r = fd_read_all(visit->report_fd, sizeof answer, &text);
	process_wait(visit->pid);
	fd_close(&visit->report_fd);
	fd_close(&visit->change_fd);
	if (r < 0 || text.len != sizeof answer)
		return err_set(err, -EIO, "the process among the container's files ended early");
	memcpy(&answer, text.data, sizeof answer);
	return answer.code == 0 ? 0 : err_take(err, &answer, "the process among the container's files failed");
}
