/* SPDX-License-Identifier: GPL-2.0-or-later */
/* engine_init.c owns the first process of an engine's container, from its birth to exec. */
/*
 * Theory of operation. It waits for its id map, puts its root together, lets hooks run while the host's root is still
 * there, enters its own, looks for the program, says that it is ready, and waits on the socket for `start`. That connection
 * closes on exec: so `start` knows that the program runs; what fails before is sent through it.
 */
#include "src/runtime/engine_stage.h"

#include "src/base/fd.h"
#include "src/runtime/cpuinfo.h"
#include "src/runtime/engine_devices.h"
#include "src/runtime/interface.h"
#include "src/runtime/mount.h"
#include "src/runtime/program.h"
#include "src/runtime/target.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static int become_root(const struct engine_stage *stage, struct err *err)
{
	if (stage->inside && (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0))
		return err_sys(err, "cannot become root of the user namespace: does the id map have a 0?");
	if (stage->inside)
		setgroups(0, NULL); /* not allowed with a single id */
	prctl(PR_SET_DUMPABLE, 0);
	umask(0);
	return 0;
}

static int set_names(const struct spec *spec, struct err *err)
{
	const char *domain = spec->engine->domainname;
	if (spec->hostname && *spec->hostname && sethostname(spec->hostname, strlen(spec->hostname)) < 0)
		return err_sys(err, "cannot set the hostname to %s", spec->hostname);
	if (domain && *domain && setdomainname(domain, strlen(domain)) < 0)
		return err_sys(err, "cannot set the domain name to %s", domain);
	return 0;
}

static int await_birth(const struct engine_stage *stage, int go_fd, struct err *err)
{
	char go;
	if (read(go_fd, &go, 1) != 1)
		return err_set(err, -EPIPE, "the container's id map was not written");
	close(go_fd);
	int r = become_root(stage, err);
	if (r == 0 && stage->spec->namespaces.of[NAMESPACE_NETWORK].origin == NAMESPACE_NEW)
		r = interface_raise_loopback(err);
	return r < 0 ? r : set_names(stage->spec, err);
}

static int open_terminal(const struct engine_stage *stage, int root_fd, int *ret_master_fd, struct err *err)
{
	const struct spec_engine *engine = stage->spec->engine;
	struct winsize size = { .ws_row = engine->rows, .ws_col = engine->columns };
	if (!stage->spec->terminal)
		return setsid() < 0 ? err_sys(err, "cannot start a session") : 0;
	int r = program_open_terminal(root_fd, ret_master_fd, err);
	if (r == 0 && engine->has_console_size)
		ioctl(0, TIOCSWINSZ, &size);
	return r < 0 ? r : program_bind_console(root_fd, err);
}

/* To who keeps it: the engine's socket gets it with a name beside it, as its readers expect (runc, docs/terminals.md). */
static int hand_over_terminal(const struct engine_stage *stage, int master_fd, struct err *err)
{
	static const char name[] = "/dev/ptmx";
	if (master_fd < 0 || stage->console_fd < 0)
		return 0;
	int r = fd_send(stage->console_fd, name, sizeof name - 1, &master_fd, 1);
	return r < 0 ? err_code(err, r, "cannot send the terminal to --console-socket") : 0;
}

/* Of what is done by `create`. */
static bool waits_for_create(const struct spec_engine *engine)
{
	return engine->link_count || engine->hooks[HOOK_PRESTART].count || engine->hooks[HOOK_CREATE_RUNTIME].count;
}

static int run_own_hooks(const struct engine_stage *stage, enum hook_kind kind, const char *name, const struct engine_hook_place *place, struct err *err)
{
	const struct spec_engine *engine = stage->spec->engine;
	if (engine->hooks[kind].count == 0)
		return 0;
	stage->state->pid = getpid();
	json_t *state = engine_state_json(stage->state, ENGINE_CREATED, &engine->annotations, false);
	int r = engine_hooks_run(&engine->hooks[kind], name, place, state, err);
	json_decref(state);
	return r;
}

/* config.md, "POSIX-platform Hooks": all of this before the root is changed, so that hooks' paths are the host's. */
static int run_hooks(const struct engine_stage *stage, struct err *err)
{
	if (waits_for_create(stage->spec->engine)) {
		if (engine_stage_send(stage->socket_fd, ENGINE_HOOKS, 0, -1) < 0)
			return err_set(err, -EPIPE, "xrun-oci is gone");
		int r = engine_stage_await_go(stage->socket_fd, err);
		if (r < 0)
			return r;
	}
	const struct engine_hook_place place = { .dir = stage->request->bundle };
	return run_own_hooks(stage, HOOK_CREATE_CONTAINER, "createContainer", &place, err);
}

static int enter_root(const struct engine_stage *stage, int *ret_master_fd, struct err *err)
{
	cleanup_fd int root_fd = engine_root_begin(stage, err);
	if (root_fd < 0)
		return root_fd;
	int r = engine_mounts_attach(stage, root_fd, err);
	if (r == -EINVAL && stage->spec->namespaces.of[NAMESPACE_MOUNT].origin == NAMESPACE_HOST)
		return err_prefix(err, "in the host's mount namespace, for which Linux 6.15 is needed");
	if (r == 0)
		r = engine_devices_make(stage, root_fd, err);
	if (r == 0)
		r = cpuinfo_mount(stage->spec, root_fd, err);
	if (r == 0)
		r = run_hooks(stage, err);
	if (r == 0)
		r = open_terminal(stage, root_fd, ret_master_fd, err);
	return r < 0 ? r : engine_root_finish(stage, root_fd, err);
}

static int await_start(int start_fd, int *ret_connection_fd, struct err *err)
{
	char go;
	cleanup_fd int fd = accept4(start_fd, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0)
		return err_sys(err, "cannot wait to be started");
	if (recv(fd, &go, 1, 0) != 1)
		return await_start(start_fd, ret_connection_fd, err); /* who came has gone again */
	*ret_connection_fd = fd_take(&fd);
	return 0;
}

static void end(int signal_number)
{
	_exit(128 + signal_number);
}

/* The first process of a pid namespace has only those signals that it handles: who is asked to end before its start does. exec(2) undoes it. */
static void heed_signals(void)
{
	static const int asking[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT };
	struct sigaction before, heed = { .sa_handler = end };
	for (size_t i = 0; i < sizeof asking / sizeof *asking; i++)
		if (sigaction(asking[i], NULL, &before) == 0 && before.sa_handler == SIG_DFL)
			sigaction(asking[i], &heed, NULL);
}

static int prepare(struct engine_stage *stage, char **ret_path, struct err *err)
{
	int master_fd = -1;
	const int keep[] = { stage->socket_fd, stage->start_fd };
	int r = enter_root(stage, &master_fd, err);
	if (r == 0)
		r = hand_over_terminal(stage, master_fd, err);
	if (r == 0)
		umask(stage->spec->engine->user.has_umask ? stage->spec->engine->user.umask : 022);
	bool here = stage->request->terminal_here && master_fd >= 0;
	int kept_fd = here ? fcntl(master_fd, F_DUPFD_CLOEXEC, 3) : -1;
	const int with_master[] = { keep[0], keep[1], kept_fd };
	if (r == 0)
		r = engine_close_descriptors(&stage->request->preserved, with_master, 3, err);
	if (r == 0 && stage->spec->args.len)
		r = engine_process_prepare(stage->spec, ret_path, err);
	if (r == 0) /* before create says that it is done */
		heed_signals();
	if (r == 0 && engine_stage_send(stage->socket_fd, ENGINE_READY, 0, kept_fd) < 0)
		r = err_set(err, -EPIPE, "xrun-oci is gone");
	fd_close(&kept_fd);
	return r;
}

static void start(struct engine_stage *stage, const char *path)
{
	static char *no_env[] = { NULL };
	struct engine_message failed = { .kind = ENGINE_FAILED };
	int connection_fd = -1;
	int r = await_start(stage->start_fd, &connection_fd, &failed.err);
	close(stage->start_fd);
	if (r == 0 && !path) /* runtime.md, "Start" */
		r = err_set(&failed.err, -EINVAL, "config.json: process is missing: there is nothing to start");
	environ = stage->spec->env.items ? stage->spec->env.items : no_env; /* a hook is the container's program: not the engine's */
	const struct engine_hook_user its = { stage->spec, connection_fd };
	const struct engine_hook_place place = { .as = &its };
	if (r == 0)
		r = run_own_hooks(stage, HOOK_START_CONTAINER, "startContainer", &place, &failed.err);
	if (r == 0)
		engine_process_become(stage->spec, path, &stage->request->preserved, connection_fd, &failed.err);
	if (connection_fd >= 0)
		fd_send(connection_fd, &failed, sizeof failed, NULL, 0);
	_exit(failed.err.status ? failed.err.status : 1);
}

void engine_init(struct engine_stage *stage, int go_fd)
{
	struct engine_message failed = { .kind = ENGINE_FAILED };
	char *path = NULL;
	int r = await_birth(stage, go_fd, &failed.err);
	if (r == 0)
		r = prepare(stage, &path, &failed.err);
	if (r == 0) {
		close(stage->socket_fd);
		start(stage, path);
	}
	fd_send(stage->socket_fd, &failed, sizeof failed, NULL, 0);
	_exit(1);
}
