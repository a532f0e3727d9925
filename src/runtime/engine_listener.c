/* SPDX-License-Identifier: GPL-2.0-or-later */
/* engine_listener.c owns handing the listener of a seccomp filter to the engine's agent. */
/*
 * Theory of operation. The listener comes into being with the filter, as a descriptor of the very process that from then on
 * may make no call without being asked about: to send it takes a call, and nobody would answer. So a second thread sends it. It
 * is there before the filter, which is the calling thread's alone, and shares the descriptors. They speak through memory,
 * without any call; the first thread waits in a loop, for as long as xrun-oci takes to reach the agent. exec ends the second one.
 */
#include "src/runtime/engine_listener.h"

#include "src/base/fd.h"
#include "src/base/unix.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { NOT_YET = -1, FAILED = -2, STACK_SIZE = 256 << 10 };

struct handing {
	int socket_fd;
	atomic_int listener_fd; /* or NOT_YET, or FAILED: the filter was not loaded */
	atomic_bool done;
};

static void *hand(void *data)
{
	struct handing *handing = data;
	struct err ignored;
	int fd;
	while ((fd = atomic_load(&handing->listener_fd)) == NOT_YET)
		nanosleep(&(struct timespec){ .tv_nsec = 100000 }, NULL);
	if (fd >= 0 && (engine_stage_send(handing->socket_fd, ENGINE_LISTENER, 0, fd) < 0 || engine_stage_await_go(handing->socket_fd, &ignored) < 0))
		_exit(1); /* why is told by who failed */
	fd_close(&fd);
	atomic_store(&handing->done, true);
	return NULL;
}

int engine_listener_load(const struct sock_fprog *program, uint64_t flags, int socket_fd, struct err *err)
{
	pthread_t thread;
	pthread_attr_t attributes;
	struct handing handing = { .socket_fd = socket_fd, .listener_fd = NOT_YET };
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_SIZE);
	int r = pthread_create(&thread, &attributes, hand, &handing);
	pthread_attr_destroy(&attributes);
	if (r != 0)
		return err_code(err, -r, "cannot start the thread that hands over the seccomp filter's listener");
	int fd = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags | SECCOMP_FILTER_FLAG_NEW_LISTENER, program);
	atomic_store(&handing.listener_fd, fd < 0 ? FAILED : fd);
	if (fd < 0) {
		int error = errno;
		pthread_join(thread, NULL);
		return err_code(err, -error, "cannot load the seccomp filter");
	}
	while (!atomic_load(&handing.done))
		;
	return 0;
}

static char *describe(const struct engine_listener *whose)
{
	json_t *state = engine_state_json(whose->state, whose->status, &whose->engine->annotations, false);
	json_t *object = json_pack("{s:O, s:[s], s:i, s:s*, s:o}", "ociVersion", json_object_get(state, "ociVersion"), "fds", "seccompFd", "pid",
		whose->pid, "metadata", whose->engine->listener_metadata, "state", state);
	char *text = json_dumps(object, JSON_COMPACT);
	json_decref(object);
	return text;
}

int engine_listener_hand_over(const struct engine_listener *whose, int listener_fd, int socket_fd, struct err *err)
{
	const struct spec_engine *engine = whose->engine;
	cleanup_free char *text = describe(whose);
	cleanup_fd int agent_fd = unix_connect(engine->listener, SOCK_STREAM);
	if (agent_fd < 0)
		return err_code(err, agent_fd, "linux.seccomp.listenerPath %s: failed to connect with seccomp agent", engine->listener);
	if (!text)
		return err_set(err, -EINVAL, "linux.seccomp.listenerPath %s: the container's state is not UTF-8", engine->listener);
	/* In one piece, which a stream that blocks takes: agents look for all of it beside the descriptor. */
	int r = fd_send(agent_fd, text, strlen(text), &listener_fd, 1);
	if (r < 0)
		return err_code(err, r, "linux.seccomp.listenerPath %s: cannot send the listener", engine->listener);
	return engine_stage_send(socket_fd, ENGINE_GO, 0, -1) < 0 ? err_set(err, -EPIPE, "the container's process is gone") : 0;
}
