/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ask.c owns the ladder: natively, private instance, the host's handler, refusal. */
#include "binfmt/binfmt.h"
#include "src/base/fd.h"
#include "src/base/process.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <sys/utsname.h>
#include <unistd.h>

enum probe { PROBE_YES, PROBE_NO_NAMESPACE, PROBE_NO_INSTANCE };

/* By doing it, in a child: versions lie (backports), and user namespaces can be forbidden in many ways. */
static enum probe probe_private(void)
{
	pid_t child = fork();
	if (child == 0) {
		struct err ignored;
		if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
			_exit(PROBE_NO_NAMESPACE);
		_exit(binfmt_instance_open(&ignored) < 0 ? PROBE_NO_INSTANCE : PROBE_YES);
	}
	int status = child < 0 ? -1 : process_wait(child);
	return status < 0 || status > PROBE_NO_INSTANCE ? PROBE_NO_INSTANCE : (enum probe)status;
}

static void refuse(const struct arch *arch, enum probe probe, struct binfmt_answer *answer)
{
	struct utsname uts = { 0 };
	uname(&uts);
	answer->way = BINFMT_NONE;
	if (probe == PROBE_NO_NAMESPACE)
		err_set(&answer->why_not, -EPERM, "user namespaces are not allowed here, so %s programs cannot be emulated: see "
						  "/proc/sys/user/max_user_namespaces", arch->name);
	else
		err_set(&answer->why_not, -ENOEXEC, "this kernel (%s) has no private binfmt_misc (Linux 6.7 or newer), and the host has "
						    "no handler for %s; this helps: sudo xrun binfmt install %s",
			uts.release, arch->name, arch->name);
}

static int ask_foreign(const struct arch *arch, const char *override, struct binfmt_answer *answer, struct err *err)
{
	struct host_handler handler;
	struct err no_emulator = { 0 };
	cleanup_fd int emulator_fd = emulator_open(arch, override, &answer->emulator, &no_emulator);
	enum probe probe = emulator_fd < 0 ? PROBE_NO_INSTANCE : probe_private();
	if (emulator_fd >= 0 && probe == PROBE_YES) {
		answer->way = BINFMT_PRIVATE;
		return 0;
	}
	int r = override ? 0 : binfmt_host_find(arch, &handler, err);
	if (r < 0)
		return r;
	if (!override && handler.registered && handler.enabled) {
		free(answer->emulator);
		answer->emulator = str_dup(handler.interpreter);
		answer->way = BINFMT_HOST;
		return 0;
	}
	free(answer->emulator);
	answer->emulator = NULL;
	refuse(arch, probe, answer);
	if (emulator_fd < 0)
		answer->why_not = no_emulator;
	return 0;
}

int binfmt_ask(const struct arch *arch, const char *override, struct binfmt_answer *ret_answer, struct err *err)
{
	struct binfmt_answer answer = { .way = BINFMT_NATIVE };
	if (override || !binfmt_is_native(arch)) {
		int r = ask_foreign(arch, override, &answer, err);
		if (r < 0) {
			free(answer.emulator);
			return r;
		}
	}
	*ret_answer = answer;
	return 0;
}
