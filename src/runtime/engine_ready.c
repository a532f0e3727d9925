/* SPDX-License-Identifier: GPL-2.0-or-later */
/* engine_ready.c owns what a container may tell a service manager: that it is ready. */
/*
 * Theory of operation. The manager believes whoever is in the service's cgroup, and obeys: it takes descriptors, and kills what
 * MAINPID says. So the container does not get the manager's socket but one of its own, and of all that it sends there one line counts,
 * READY=1, once. The manager is told so in our words. Descriptors are never received: the kernel closes them.
 */
#include "src/runtime/engine_ready.h"

#include "src/base/fd.h"
#include "src/base/now.h"
#include "src/base/unix.h"
#include "src/runtime/selinux.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { MESSAGE_MAX = 4096, AT_ONCE = 16, BARRIER_MS = 5000, NAME_MAX_LEN = sizeof ((struct sockaddr_un *)0)->sun_path - 1 };
static const char directory[] = "notify", socket_name[] = "notify", usual_place[] = "/run/notify";

static bool is_wanted(const char *manager)
{
	return manager && *manager;
}

static bool is_mounted_upon(const struct spec_engine *engine, const char *place)
{
	for (size_t i = 0; i < engine->mount_count; i++)
		if (str_eq(engine->mounts[i].target, place))
			return true;
	return false;
}

/* As with crun, a directory where the host has the manager's socket; where there can be none, runc's place. */
static const char *choose_place(const struct spec_engine *engine, const char *manager)
{
	bool fits = *manager == '/' && strlen(manager) + 1 + strlen(socket_name) <= NAME_MAX_LEN;
	return fits && !is_mounted_upon(engine, manager) ? manager : usual_place;
}

/* Read-only: what shows the host's directory is no place to write to. A socket can be written to all the same. */
static int add_mount(struct spec_engine *engine, int root_fd, const char *id, const char *place, struct err *err)
{
	cleanup_free char *self = str_fmt("/proc/self/fd/%d", root_fd), *root = realpath(self, NULL);
	if (!root)
		return err_sys(err, "cannot find the path of --root");
	engine->mounts = mem_grow(engine->mounts, engine->mount_count + 1, sizeof *engine->mounts);
	engine->mounts[engine->mount_count++] = (struct engine_mount){ .type = str_dup("bind"), .source = str_fmt("%s/%s/%s", root, id, directory),
		.target = str_dup(place), .bind = true, .set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC };
	return 0;
}

int engine_ready_plan(struct spec *spec, int root_fd, const char *id, const char *manager, struct err *err)
{
	if (!is_wanted(manager))
		return 0;
	if ((*manager != '/' && *manager != '@') || strlen(manager) > NAME_MAX_LEN)
		return err_set(err, -EINVAL, "NOTIFY_SOCKET is %s: neither the path of a socket nor an abstract one (@NAME), of at most %d "
			"characters; unset it where no service manager waits for the container", manager, NAME_MAX_LEN);
	const char *place = choose_place(spec->engine, manager);
	cleanup_free char *assignment = str_fmt("NOTIFY_SOCKET=%s/%s", place, socket_name);
	strv_env_set(&spec->env, assignment);
	int r = add_mount(spec->engine, root_fd, id, place, err);
	return r < 0 ? r : 1;
}

/* A hint: without it the container cannot tell, where SELinux keeps it from what is the host's. */
static void label(const struct spec *spec, int dir_fd, const char *name)
{
	const char *text = spec->isolation.file_label;
	cleanup_free char *path = unix_below(dir_fd, name);
	if (text && selinux_is_there() && lsetxattr(path, "security.selinux", text, strlen(text), 0) < 0)
		return;
}

int engine_ready_make(int dir_fd, const struct spec *spec, struct err *err)
{
	if (mkdirat(dir_fd, directory, 0755) < 0 || fchmodat(dir_fd, directory, 0755, 0) < 0) /* whatever the umask is */
		return err_sys(err, "cannot make the directory for NOTIFY_SOCKET");
	label(spec, dir_fd, directory);
	return 0;
}

/* Any user of the container may tell: who gets there is in it. */
static int make_socket(int notify_fd)
{
	cleanup_free char *path = unix_below(notify_fd, socket_name);
	unlinkat(notify_fd, socket_name, 0);
	mode_t mask = umask(0);
	int fd = unix_bind(path, SOCK_DGRAM | SOCK_NONBLOCK);
	umask(mask);
	return fd;
}

int engine_ready_open(int dir_fd, const struct spec *spec, const char *manager, struct engine_ready *ret_ready, struct err *err)
{
	*ret_ready = (struct engine_ready){ .manager = manager, .socket_fd = -1, .manager_fd = -1 };
	if (!is_wanted(manager))
		return 0;
	cleanup_fd int notify_fd = openat(dir_fd, directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (notify_fd < 0 && errno == ENOENT)
		return 0;
	int fd = notify_fd < 0 ? -errno : make_socket(notify_fd);
	if (fd < 0)
		return err_code(err, fd, "cannot make the container's socket for NOTIFY_SOCKET");
	label(spec, notify_fd, socket_name);
	ret_ready->socket_fd = fd;
	return 0;
}

void engine_ready_close(struct engine_ready *ready)
{
	fd_close(&ready->socket_fd);
	fd_close(&ready->manager_fd);
}

static bool says_ready(const char *text, size_t len)
{
	static const char line[] = "READY=1";
	for (const char *end = text + len; text < end;) {
		const char *newline = memchr(text, '\n', end - text);
		size_t length = (newline ? newline : end) - text;
		if (length == strlen(line) && memcmp(text, line, length) == 0)
			return true;
		text += length + 1;
	}
	return false;
}

static void give_up(struct engine_ready *ready, int error)
{
	ready->told = true;
	err_code(&ready->failure, -error, "cannot tell the service manager at %s (NOTIFY_SOCKET) that the container is ready", ready->manager);
}

/* The manager may have no room now: then poll says when. */
static void tell(struct engine_ready *ready)
{
	char text[64];
	int len = snprintf(text, sizeof text, "READY=1\nMAINPID=%d", ready->main_pid);
	if (ready->manager_fd < 0)
		ready->manager_fd = unix_connect_named(ready->manager, SOCK_DGRAM | SOCK_NONBLOCK);
	if (ready->manager_fd < 0)
		give_up(ready, -ready->manager_fd);
	else if (send(ready->manager_fd, text, len, MSG_NOSIGNAL) == len)
		ready->told = true;
	else if (errno != EAGAIN && errno != EINTR)
		give_up(ready, errno);
}

struct pollfd engine_ready_poll(const struct engine_ready *ready)
{
	if (!ready)
		return (struct pollfd){ .fd = -1 };
	if (ready->seen && !ready->told)
		return (struct pollfd){ .fd = ready->manager_fd, .events = POLLOUT };
	return (struct pollfd){ .fd = ready->socket_fd, .events = POLLIN };
}

/* What comes later is received, too: a program that tells would wait for ever once there is no room. */
void engine_ready_take(struct engine_ready *ready)
{
	char text[MESSAGE_MAX];
	for (int i = 0; ready && ready->socket_fd >= 0 && i < AT_ONCE; i++) {
		ssize_t len = recv(ready->socket_fd, text, sizeof text, MSG_TRUNC); /* its whole length */
		if (len < 0)
			break;
		ready->seen = ready->seen || (len <= MESSAGE_MAX && says_ready(text, len));
	}
	if (ready && ready->seen && !ready->told)
		tell(ready);
}

/*
 * The manager looks up who sent a message by the sender's number, which says nothing any more once we have ended (sd_notify_barrier(3)). It
 * closes what comes with this one when it has read all before.
 */
static void await_manager(const struct engine_ready *ready)
{
	static const char text[] = "BARRIER=1";
	int ends[2];
	if (ready->failure.code < 0 || pipe2(ends, O_CLOEXEC) < 0)
		return;
	int64_t deadline = now_ms() + BARRIER_MS;
	struct pollfd room = { .fd = ready->manager_fd, .events = POLLOUT }, closed = { .fd = ends[0] };
	int sent = poll(&room, 1, BARRIER_MS) > 0 ? fd_send(ready->manager_fd, text, strlen(text), &ends[1], 1) : -EAGAIN;
	int64_t left = deadline - now_ms();
	close(ends[1]);
	if (sent == 0 && left > 0)
		poll(&closed, 1, (int)left);
	close(ends[0]);
}

void engine_ready_await(struct engine_ready *ready, const struct engine_state *state)
{
	struct err ignored;
	if (ready->socket_fd < 0)
		return;
	cleanup_fd int process_fd = engine_process_open(state, &ignored);
	bool ended = process_fd < 0;
	engine_ready_take(ready);
	while (!ready->told && !ended) {
		struct pollfd polls[] = { engine_ready_poll(ready), { .fd = process_fd, .events = POLLIN } };
		poll(polls, 2, -1);
		ended = polls[1].revents != 0;
		engine_ready_take(ready);
	}
	if (ready->told)
		await_manager(ready);
}
