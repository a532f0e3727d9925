/* SPDX-License-Identifier: GPL-2.0-or-later */
/* engine_shortage.c owns hearing of an engine's container that has too little memory. */
#include "src/runtime/engine_stats.h"

#include "src/base/fd.h"
#include "src/runtime/cgroup_place.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

static uint64_t count_events(const struct cgroup_directory *memory)
{
	uint64_t count = cgroup_place_number(memory, NULL, "memory.events", "oom_kill");
	return count == UINT64_MAX ? 0 : count;
}

/* memcg_test.rst: "EVENTFD FD" to cgroup.event_control. The end of the cgroup is told in the same way. */
static int open_v1(const struct cgroup_directory *memory, struct err *err)
{
	cleanup_free char *path = str_fmt("%s/memory.oom_control", memory->path);
	cleanup_fd int control_fd = open(path, O_RDONLY | O_CLOEXEC), fd = control_fd < 0 ? -1 : eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (fd < 0)
		return err_sys(err, "cannot watch %s", path);
	cleanup_free char *line = str_fmt("%d %d", fd, control_fd);
	int r = cgroup_place_write(memory->path, "cgroup.event_control", line, err);
	return r < 0 ? r : fd_take(&fd);
}

/* cgroup-v2.rst: a change of memory.events is a modification of the file. */
static int open_v2(const struct cgroup_directory *memory, struct err *err)
{
	cleanup_free char *path = str_fmt("%s/memory.events", memory->path);
	cleanup_fd int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (fd < 0 || inotify_add_watch(fd, path, IN_MODIFY) < 0)
		return err_sys(err, "cannot watch %s", path);
	return fd_take(&fd);
}

int engine_shortage_open(const struct cgroup *cgroup, struct engine_shortage *ret_shortage, struct err *err)
{
	const struct cgroup_directory *memory = &cgroup->of[CGROUP_MEMORY];
	*ret_shortage = (struct engine_shortage){ memory, -1, 0 };
	if (!memory->path)
		return 0;
	ret_shortage->count = memory->v2 ? count_events(memory) : 0;
	ret_shortage->fd = memory->v2 ? open_v2(memory, err) : open_v1(memory, err);
	return ret_shortage->fd < 0 ? ret_shortage->fd : 0;
}

bool engine_shortage_take(struct engine_shortage *shortage)
{
	char events[sizeof(struct inotify_event) + NAME_MAX + 1];
	if (read(shortage->fd, events, sizeof events) < 0)
		return false;
	if (!shortage->memory->v2)
		return access(shortage->memory->path, F_OK) == 0;
	uint64_t before = shortage->count;
	shortage->count = count_events(shortage->memory);
	return shortage->count > before;
}

void engine_shortage_close(struct engine_shortage *shortage)
{
	fd_close(&shortage->fd);
}
