/* SPDX-License-Identifier: GPL-2.0-or-later */
/* engine.h owns containers that an engine makes by config.json: created, started, and looked up by xrun-oci. */
#ifndef XRUN_RUNTIME_ENGINE_H
#define XRUN_RUNTIME_ENGINE_H

#include "src/base/err.h"
#include "src/base/inherit.h"
#include "src/plan/engine.h"
#include "src/plan/spec.h"
#include "src/runtime/cgroup.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * <root>/ID/state.json   what is below, a version with it; replaced as a whole
 * <root>/ID/config.json  as the engine wrote it
 * <root>/ID/notify       where it is to tell that it is ready: engine_ready.h
 * <root>/ID/start        a socket on which the container's first process waits; it goes when `start` has been here
 * Whether it runs is never written down but asked: of the process' number and start time, of the socket, of its cgroups.
 */
enum { ENGINE_STATE_VERSION = 1, ENGINE_ID_MAX = 1024 };
enum engine_status { ENGINE_CREATING, ENGINE_CREATED, ENGINE_RUNNING, ENGINE_PAUSED, ENGINE_STOPPED };

struct engine_state {
	char *id, *bundle, *rootfs, *created; /* created: RFC 3339 */
	unsigned owner;                       /* who made it, a uid */
	pid_t pid;
	uint64_t pid_start;                   /* state_pid_start */
	struct cgroup cgroup;                 /* its own directories */
	char *cgroup_path;                    /* below a hierarchy, as in config.json */
	bool emulated;                        /* a private instance came with it, and a user namespace */
};
void engine_state_done(struct engine_state *state);
#define cleanup_engine_state __attribute__((cleanup(engine_state_done)))

/* --root, made if need be: a descriptor. NULL: /run/xrun-oci, or $XDG_RUNTIME_DIR/xrun-oci for who is not root. */
int engine_root_open(const char *root, struct err *err);

/* The container's directory. -ENOENT with err where there is none, -EINVAL where id cannot be a container's. */
int engine_open(int root_fd, const char *id, struct err *err);

/* state.json. -ENOENT with err where the container is being created, or its creation was broken off. */
int engine_state_read(int dir_fd, const char *id, struct engine_state *ret_state, struct err *err);
int engine_state_write(int dir_fd, const struct engine_state *state, struct err *err);

/* How it is now, asked of the kernel; never CREATING. One that has ended and was not waited for yet has stopped. */
enum engine_status engine_status(int dir_fd, const struct engine_state *state);
const char *engine_status_text(enum engine_status status);

/* The specification's state (runtime.md), the caller's; with `extended` what engines are told beyond that. */
json_t *engine_state_json(const struct engine_state *state, enum engine_status status, const struct strv *annotations, bool extended);

/* The spec that it was created with, from its copy of config.json. */
int engine_read_spec(int dir_fd, const struct engine_state *state, struct spec *ret_spec, struct err *err);
/* The same from any file of config.json's; `bundle` is absolute. */
int engine_load_spec(int dir_fd, const char *path, const char *bundle, bool new_keyring, struct spec *ret_spec, struct buf *ret_text,
	struct err *err);

/* Where an engine wants to know a process: a file for its number, a listening stream socket for a pidfd of it (pidfd_open(2)); or NULL. */
struct engine_tell {
	const char *pid_file, *pidfd_socket;
};
/* The caller has not waited for the process yet. The file appears under its name when it is whole. */
int engine_tell(const struct engine_tell *tell, pid_t pid, struct err *err);

struct engine_request {
	const char *id, *bundle;       /* bundle: absolute */
	const struct spec *spec;
	const struct buf *config;      /* the text of config.json */
	int root_fd;
	int cache_fd;                  /* where emulators are (emulators.h), or -1 where there are none to register */
	const char *console_socket;
	struct engine_tell tell;
	struct inherit preserved;      /* the caller's descriptors that the program keeps */
	bool tells_ready;              /* to a service manager: engine_ready.h */
	bool terminal_here;            /* the terminal's master comes back, instead of going to console_socket */
};

/* All up to the program itself. What fails leaves nothing. *ret_terminal_fd: the master, or -1. */
int engine_create(const struct engine_request *request, struct engine_state *ret_state, int *ret_terminal_fd, struct err *err);

/* Lets the program be executed, and waits until it has been. */
int engine_start(int dir_fd, const struct engine_state *state, const struct spec *spec, struct err *err);
/* The hooks that come then. Where one fails the container is to be deleted, with force: runtime.md, "Lifecycle". */
int engine_poststart(const struct engine_state *state, const struct spec *spec, struct err *err);

/* A pidfd of the first process. -ESRCH with err where it has ended. */
int engine_process_open(const struct engine_state *state, struct err *err);

/* Sends a signal to the first process, or to all. -ESRCH with err where it does not run. */
int engine_kill(int dir_fd, const struct engine_state *state, int signal_number, bool all, struct err *err);

/* Removes what is left of one that has ended, or was never started, which ends it; with `force` ends any first. */
int engine_delete(int root_fd, int dir_fd, struct engine_state *state, bool force, struct err *err);

/*
 * Where hooks run and as whom: `as` NULL is with our rights, which is for hooks that are programs of the host's. Those of the container
 * (startContainer) are as little trusted as its process, and have its user, capabilities, labels, limits and filter. They are executed
 * with these; the caller keeps its own. socket_fd: whom a filter's listener goes through, engine_listener.h.
 */
struct engine_hook_user {
	const struct spec *spec;
	int socket_fd;
};
struct engine_hook_place {
	const char *dir; /* NULL: where we are */
	const struct engine_hook_user *as;
};

/*
 * Runs the hooks of a kind with the state on their standard input. A hook that fails is an error that names it, and the last one that runs;
 * with _all the others run as well, and the first is told of.
 */
int engine_hooks_run(const struct engine_hooks *hooks, const char *name, const struct engine_hook_place *place, json_t *state, struct err *err);
int engine_hooks_run_all(const struct engine_hooks *hooks, const char *name, const struct engine_hook_place *place, json_t *state, struct err *err);

/* cgroup directories at the spec's cgroupsPath, or xrun/ID.PID (another --root may have the id, too), with the spec's resources. */
int engine_cgroup_create(const struct spec *spec, const char *id, struct cgroup *ret_cgroup, char **ret_path, struct err *err);
/*
 * The same below a scope that systemd makes, at the slice and by the name that cgroupsPath says; `pid` is in it then. The
 * machine's service manager for the host's root, otherwise the user's.
 */
int engine_scope_create(const struct spec *spec, const char *id, pid_t pid, struct cgroup *ret_cgroup, char **ret_path, struct err *err);
/* Writes the resources of spec->engine to directories that are there; at first its rules for devices as well. */
int engine_cgroup_configure(const struct spec *spec, const struct cgroup *cgroup, struct err *err);
int engine_cgroup_apply(const struct spec *spec, const struct cgroup *cgroup, struct err *err);
/* Signals every process in it and below. 0, or -ENOENT where it has no directory. */
int engine_cgroup_kill(const struct cgroup *cgroup, int signal_number);
/* The numbers of all its processes and of those below. 0, or -ENOENT where it has no directory. */
int engine_cgroup_list(const struct cgroup *cgroup, struct strv *ret_pids);
void engine_cgroup_remove(struct cgroup *cgroup);

/*
 * The last steps of each process in the container, its first one and those of exec: to be called with its root, namespaces
 * and standard streams in place. `prepare` says early what cannot work, and finds the program (the caller's).
 * socket_fd: whom the seccomp filter's listener goes through, engine_listener.h.
 */
int engine_process_prepare(struct spec *spec, char **ret_path, struct err *err);
int engine_process_become(const struct spec *spec, const char *path, const struct inherit *preserved, int socket_fd, struct err *err);

/* Closes all from 3 on but `preserved` and the descriptors of `keep`, which may be -1. */
int engine_close_descriptors(const struct inherit *preserved, const int *keep, size_t count, struct err *err);

#endif
