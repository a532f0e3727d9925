/* SPDX-License-Identifier: GPL-2.0-or-later */
/* inner.c owns the container's first process, from its birth to exec. */
/*
 * Theory of operation. The inner stage makes its namespaces, the network's above all, while the outer stage writes its id map
 * and makes the parts of its root. It assembles and enters that, finds out
 * who it is to be, gives up everything else, and executes the program. Whatever fails is sent to the supervisor with
 * the exit status that it asks for; the socket closes on exec, which is how the supervisor learns of success.
 */
#include "src/runtime/stage.h"

#include "src/base/fd.h"
#include "src/runtime/interface.h"
#include "src/runtime/namespaces.h"
#include "src/runtime/parts.h"
#include "src/runtime/program.h"
#include "src/runtime/rootfs.h"
#include "src/runtime/shortage.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* By it the container's processes are known where the pid namespace is not its own. Nobody else may open it: share_enter. */
static int hand_over_mounts(const struct stage *stage, struct err *err)
{
	struct stage_message message = { .kind = STAGE_MOUNTS };
	if (stage->spec->namespaces.of[NAMESPACE_PID].origin == NAMESPACE_NEW)
		return 0;
	cleanup_fd int mount_fd = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	if (mount_fd < 0)
		return err_sys(err, "cannot open the container's mount namespace");
	int r = stage_send(stage->socket_fd, &message, &mount_fd, 1);
	return r < 0 ? err_code(err, r, "cannot hand over the container's mount namespace") : 0;
}

/* As soon as it exists: the supervisor has it connected while the container is put together. */
static int hand_over_network(const struct stage *stage, struct err *err)
{
	struct stage_message message = { .kind = STAGE_NETWORK };
	cleanup_fd int netns_fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (netns_fd < 0)
		return err_sys(err, "cannot open the container's network namespace");
	int r = stage_send(stage->socket_fd, &message, &netns_fd, 1);
	return r < 0 ? err_code(err, r, "cannot hand over the container's network namespace") : 0;
}

/* They belong to our user namespace, which has no id map yet: what needs one comes later. */
static int make_namespaces(const struct stage *stage, bool own_network, struct err *err)
{
	const struct spec *spec = stage->spec;
	uint64_t flags = namespaces_new(spec) & (CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP);
	flags |= own_network ? CLONE_NEWNET : 0;
	if (unshare((int)flags) < 0)
		return shortage_of_namespaces("cannot make the container's namespaces", err);
	return spec->network.mode == NETWORK_PRIVATE ? hand_over_network(stage, err) : 0;
}

/* One byte of the outer stage; false when that has ended, and has told the supervisor why. */
static bool hear(int outer_fd)
{
	char byte;
	return recv(outer_fd, &byte, 1, 0) == 1;
}

static int await_map(const struct stage *stage, int outer_fd, struct err *err)
{
	if (!hear(outer_fd))
		return err_set(err, -EPIPE, "the container's id map was not written");
	int r = idmap_become_root(stage->map, err);
	if (r < 0)
		return r;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	umask(022);
	prctl(PR_SET_DUMPABLE, 0); /* what --init leaves running has our caller's environment in its memory */
	bool own_name = stage->spec->namespaces.of[NAMESPACE_UTS].origin == NAMESPACE_NEW;
	if (own_name && sethostname(stage->spec->hostname, strlen(stage->spec->hostname)) < 0)
		return err_sys(err, "cannot set the hostname to %s", stage->spec->hostname);
	return 0;
}

static int become_program(const struct stage *stage, struct err *err)
{
	struct spec *spec = (struct spec *)stage->spec; /* this process' own copy, after fork */
	const struct program program = { .spec = spec, .args = &spec->args, .env = &spec->env, .cwd = spec->cwd, .user = spec->user,
		.terminal = spec->terminal, .interactive = spec->interactive, .init = spec->init, .make_cwd = true,
		.single = stage->map->single, .socket_fd = stage->socket_fd };
	return program_become(&program, err);
}

static int build(struct stage *stage, int outer_fd, struct err *err)
{
	int terminal_fd = -1;
	bool own_network = stage->spec->network.mode == NETWORK_NONE || stage->spec->network.mode == NETWORK_PRIVATE;
	int r = hand_over_mounts(stage, err);
	if (r == 0)
		r = make_namespaces(stage, own_network, err);
	if (r == 0)
		r = await_map(stage, outer_fd, err);
	if (r == 0 && own_network)
		r = interface_raise_loopback(err);
	if (r == 0)
		r = parts_receive(stage, outer_fd, err);
	if (r == 0)
		r = rootfs_enter(stage, &terminal_fd, err);
	if (r == 0 && stage->spec->network.mode == NETWORK_PRIVATE)
		r = interface_configure(&stage->spec->network, err);
	if (r < 0)
		return r;
	if (terminal_fd >= 0) {
		struct stage_message message = { .kind = STAGE_TERMINAL };
		r = stage_send(stage->socket_fd, &message, &terminal_fd, 1);
		close(terminal_fd);
		if (r < 0)
			return err_code(err, r, "cannot hand over the terminal");
	} else if (setsid() < 0) {
		return err_sys(err, "cannot start a session");
	}
	if (stage->spec->emulator_count && !hear(outer_fd))
		return err_set(err, -EPIPE, "the container's emulators were not registered");
	r = program_close_descriptors(stage->socket_fd, err);
	return r < 0 ? r : become_program(stage, err);
}

void inner_stage(struct stage *stage, int outer_fd)
{
	struct stage_message failed = { .kind = STAGE_FAILED };
	build(stage, outer_fd, &failed.err);
	stage_send(stage->socket_fd, &failed, NULL, 0);
	_exit(STATUS_FAILED);
}
