/* SPDX-License-Identifier: GPL-2.0-or-later */
/* engine_emulation.c owns the user namespace that an engine's container of another architecture is in. */
/*
 * A private binfmt_misc belongs to a user namespace. The engine's config.json may ask for none; then the container gets one
 * in which ids are what they are outside. It is the same for who looks at files and processes; what needs rights over the
 * host itself (device nodes, the host's network) is no longer had. An ordinary user is its root, and its only id: only a
 * root may register.
 */
#include "src/runtime/engine_stage.h"

#include "src/base/fd.h"
#include "src/runtime/emulators.h"
#include "src/runtime/shortage.h"
#include "src/runtime/stage.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <unistd.h>

static int write_identity(const char *own, uint32_t only, pid_t pid, const char *name, struct err *err)
{
	cleanup_buf struct buf text = { 0 };
	cleanup_file FILE *file = geteuid() == 0 ? fopen(own, "re") : NULL;
	cleanup_free char *path = str_fmt("/proc/%d/%s", pid, name);
	char line[128];
	unsigned long long inside, outside, count;
	while (file && fgets(line, sizeof line, file))
		if (sscanf(line, "%llu %llu %llu", &inside, &outside, &count) == 3)
			buf_fmt(&text, "%llu %llu %llu\n", inside, inside, count);
	if (!file)
		buf_fmt(&text, "0 %u 1\n", only);
	return fd_write_file(AT_FDCWD, path, text.data, err);
}

int engine_emulation_map(pid_t outer, struct err *err)
{
	cleanup_free char *path = str_fmt("/proc/%d/setgroups", outer);
	int r = geteuid() == 0 ? 0 : fd_write_file(AT_FDCWD, path, "deny", err);
	if (r == 0)
		r = write_identity("/proc/self/uid_map", geteuid(), outer, "uid_map", err);
	return r < 0 ? r : write_identity("/proc/self/gid_map", getegid(), outer, "gid_map", err);
}

int engine_emulation_enter(struct engine_stage *stage, struct err *err)
{
	struct stage registering = { .spec = stage->spec, .store_fd = stage->request->cache_fd, .emulator_names = stage->emulator_names };
	if (stage->spec->emulator_count == 0)
		return 0;
	stage->alone = geteuid() != 0;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
		return shortage_of_namespaces("cannot make a user namespace for the emulators", err);
	prctl(PR_SET_DUMPABLE, 1);
	if (engine_stage_send(stage->socket_fd, ENGINE_WANT_MAP, 0, -1) < 0)
		return err_set(err, -EPIPE, "xrun-oci is gone");
	int r = engine_stage_await_go(stage->socket_fd, err);
	if (r == 0 && mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		r = err_sys(err, "cannot separate the container's mounts from the host's");
	if (r == 0)
		r = fd_reopen_directory(&registering.store_fd, err);
	if (r < 0)
		return r;
	stage->inside = true;
	stage->instance_fd = emulators_register(&registering, err);
	return stage->instance_fd < 0 ? err->code : 0;
}
