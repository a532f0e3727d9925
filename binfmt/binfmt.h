/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * binfmt.h owns the question "can this kernel run programs of that architecture, and how?" and its answers.
 * The ladder: natively; through a private instance of binfmt_misc (Linux 6.7); through a handler the host already
 * has; not at all, with the one command that helps. The host's table changes only through binfmt_host_*.
 */
#ifndef XRUN_BINFMT_BINFMT_H
#define XRUN_BINFMT_BINFMT_H

#include "binfmt/arch.h"
#include "src/base/err.h"
#include "src/base/finding.h"

#include <stdbool.h>
#include <sys/types.h>

/* Whether the CPU and kernel run it without help (i386 on x86_64, 32-bit arm on arm64): asked by running a tiny ELF. */
bool binfmt_is_native(const struct arch *arch);

/*
 * The emulator for arch: `override` if not NULL, else the one that emulators.conf names (binfmt/choice.h), else the first of those
 * that binfmt/kinds.h lists that can serve, in the directories of PATH when run as an ordinary user, /usr/bin, /usr/local/bin,
 * /usr/libexec/qemu-binfmt. Returns an O_PATH descriptor and its path (the caller's), or -ENOENT with a message that names the
 * Debian package. A dynamically linked emulator (it has PT_INTERP), one that cannot be executed, and one for another machine are
 * refused with the reason. *ret_where is the file and line that decided, on a failure, too; NULL if none did. The caller's.
 */
int emulator_open(const struct arch *arch, const char *override, char **ret_path, char **ret_where, struct err *err);

/* Registration line, pure: ":xrun-aarch64:M:0:\x7fELF...:\xff...:INTERPRETER:FLAGS" (binfmt-misc.rst). */
struct buf;
void binfmt_rule(struct buf *ret_rule, const struct arch *arch, const char *interpreter, const char *flags);

/*
 * A private instance. To be called in a fresh user namespace with its own mount namespace, by a process with
 * CAP_SYS_ADMIN there. Returns the detached mount's descriptor: handlers live as long as it (or a copy) is open.
 * -EOPNOTSUPP: this kernel has none (older than 6.7, or binfmt_misc is absent).
 */
int binfmt_instance_open(struct err *err);

/* Registers arch with the emulator behind emulator_fd, through a read-only detached clone of it; flags OCF, and P. */
int binfmt_instance_register(int instance_fd, const struct arch *arch, int emulator_fd, bool keeps_argv0, struct err *err);

/* How a foreign architecture would run here. */
enum binfmt_way { BINFMT_NATIVE, BINFMT_PRIVATE, BINFMT_HOST, BINFMT_NONE };
struct binfmt_answer {
	enum binfmt_way way;
	char *emulator;      /* path; NULL when native or none */
	char *where;         /* the file and line that names it; NULL if none does */
	struct err why_not;  /* for BINFMT_NONE: the reason and the next step */
};
void binfmt_answer_done(struct binfmt_answer *answer);
/* Asks without changing anything; private instances are probed in a child. */
int binfmt_ask(const struct arch *arch, const char *override, struct binfmt_answer *ret_answer, struct err *err);

/*
 * The same in two steps: what the caller does between them goes on while the kernel is asked. After the first, `emulator` is what
 * a private instance would run it by, or NULL; it lives until the second, which must follow.
 */
struct binfmt_question {
	const struct arch *arch;
	const char *override; /* borrowed */
	char *emulator, *where;
	struct err no_emulator;
	bool native;
	pid_t child;
};
void binfmt_ask_start(const struct arch *arch, const char *override, struct binfmt_question *ret_question);
int binfmt_ask_finish(struct binfmt_question *question, struct binfmt_answer *ret_answer, struct err *err);

/* The host-wide table, /proc/sys/fs/binfmt_misc. */
struct host_handler {
	bool registered, enabled;
	char name[128];          /* of the handler that would run arch: ours or another's */
	char interpreter[512];
	char flags[16];
};
int binfmt_host_find(const struct arch *arch, struct host_handler *ret_handler, struct err *err);
/*
 * Needs root; mounts binfmt_misc if need be. Flags are F, and C only with credentials. A handler that is not ours is left
 * alone, nothing is written beside it, and *ret_other tells of it (else it is not registered). Refused: what runs
 * natively, and an emulator that anybody but root can change or replace, seen from its real path.
 */
int binfmt_host_install(const struct arch *arch, const char *emulator, bool credentials, bool persistent,
	struct host_handler *ret_other, struct err *err);
/* Removes our handler, what --persistent wrote, and with the last handler the mount, if it is install's (table.h); nothing else. */
int binfmt_host_remove(const struct arch *arch, struct err *err);

/* Adds how each architecture would run here, and by which version of which emulator. */
void binfmt_probe(struct findings *findings);

#endif
