/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ask.c owns the ladder: natively, private instance, the host's handler, refusal. */
#include "binfmt/binfmt.h"
#include "src/base/fd.h"
#include "src/base/process.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <unistd.h>

enum probe { PROBE_YES, PROBE_NO_NAMESPACE, PROBE_NO_INSTANCE };

/* By doing it, in a child: versions lie (backports), and user namespaces can be forbidden in many ways. */
static pid_t start_probe(void)
{
	struct err ignored;
	pid_t child = fork();
	if (child != 0)
		return child;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
		_exit(PROBE_NO_NAMESPACE);
	_exit(binfmt_instance_open(&ignored) < 0 ? PROBE_NO_INSTANCE : PROBE_YES);
}

static enum probe finish_probe(pid_t child)
{
	int status = child < 0 ? -1 : process_wait(child);
	return status < 0 || status > PROBE_NO_INSTANCE ? PROBE_NO_INSTANCE : (enum probe)status;
}

static void refuse(const struct arch *arch, enum probe probe, const struct host_handler *other, const char *wanted, struct binfmt_answer *answer)
{
	struct utsname uts = { 0 };
	uname(&uts);
	answer->way = BINFMT_NONE;
	if (probe == PROBE_NO_NAMESPACE)
		err_set(&answer->why_not, -EPERM, "user namespaces are not allowed here, so %s programs cannot be emulated: see "
						  "/proc/sys/user/max_user_namespaces", arch->name);
	else if (other->registered && other->enabled)
		err_set(&answer->why_not, -ENOEXEC, "this kernel (%s) has no private binfmt_misc (Linux 6.7 or newer), and the host's "
						    "handler for %s is %s, not %s",
			uts.release, arch->name, other->interpreter, wanted);
	else
		err_set(&answer->why_not, -ENOEXEC, "this kernel (%s) has no private binfmt_misc (Linux 6.7 or newer), and the host has "
						    "no handler for %s; this helps: sudo xrun binfmt install %s",
			uts.release, arch->name, arch->name);
}

void binfmt_answer_done(struct binfmt_answer *answer)
{
	free(answer->emulator);
	free(answer->where);
	answer->emulator = answer->where = NULL;
}

void binfmt_ask_start(const struct arch *arch, const char *override, struct binfmt_question *ret_question)
{
	*ret_question = (struct binfmt_question){ .arch = arch, .override = override, .child = -1 };
	ret_question->native = !override && binfmt_is_native(arch);
	if (ret_question->native)
		return;
	cleanup_fd int emulator_fd = emulator_open(arch, override, &ret_question->emulator, &ret_question->where, &ret_question->no_emulator);
	if (emulator_fd >= 0)
		ret_question->child = start_probe();
}

static bool is_same_file(const char *a, const char *b)
{
	struct stat its, others;
	return stat(a, &its) == 0 && stat(b, &others) == 0 && its.st_dev == others.st_dev && its.st_ino == others.st_ino;
}

/* Where an emulator was asked for, by the option or a file, the host's handler will do if it is that one. */
static bool host_serves(const struct binfmt_question *question, const struct host_handler *handler)
{
	bool any = !question->override && !question->where;
	return handler->registered && handler->enabled && (any || (question->emulator && is_same_file(handler->interpreter, question->emulator)));
}

static int finish_foreign(struct binfmt_question *question, struct binfmt_answer *answer, struct err *err)
{
	struct host_handler handler;
	enum probe probe = question->emulator ? finish_probe(question->child) : PROBE_NO_INSTANCE;
	if (question->emulator && probe == PROBE_YES) {
		answer->way = BINFMT_PRIVATE;
		answer->emulator = str_dup(question->emulator);
		return 0;
	}
	int r = binfmt_host_find(question->arch, &handler, err);
	if (r < 0)
		return r;
	if (host_serves(question, &handler)) {
		answer->emulator = str_dup(handler.interpreter);
		answer->way = BINFMT_HOST;
		return 0;
	}
	refuse(question->arch, probe, &handler, question->emulator, answer);
	if (!question->emulator)
		answer->why_not = question->no_emulator;
	return 0;
}

int binfmt_ask_finish(struct binfmt_question *question, struct binfmt_answer *ret_answer, struct err *err)
{
	struct binfmt_answer answer = { .way = BINFMT_NATIVE };
	int r = question->native ? 0 : finish_foreign(question, &answer, err);
	if (r == 0) {
		answer.where = question->where;
		question->where = NULL;
		*ret_answer = answer;
	}
	free(question->emulator);
	free(question->where);
	question->emulator = question->where = NULL;
	return r;
}

int binfmt_ask(const struct arch *arch, const char *override, struct binfmt_answer *ret_answer, struct err *err)
{
	struct binfmt_question question;
	binfmt_ask_start(arch, override, &question);
	return binfmt_ask_finish(&question, ret_answer, err);
}
