/* SPDX-License-Identifier: GPL-2.0-or-later */
/* compile.h owns turning a profile into the program that the kernel runs before each system call (seccomp(2)). Pure. */
#ifndef XRUN_SECCOMP_COMPILE_H
#define XRUN_SECCOMP_COMPILE_H

#include "src/base/err.h"
#include "src/seccomp/profile.h"

#include <linux/filter.h>
#include <stdbool.h>

struct seccomp_call {
	const char *name;
	uint32_t number;
};

/* One architecture's system calls, by name. x86-64 and x32 share an audit architecture (AUDIT_ARCH_*, <linux/audit.h>). */
struct seccomp_table {
	const char *name;         /* SCMP_ARCH_* */
	const char *docker_name;  /* as in a condition */
	uint32_t audit;
	bool wide;                /* arguments of 64 bits */
	const struct seccomp_call *calls; /* sorted by name (strcmp) */
	size_t count;
};

/* A machine: its own table first, then those of the other architectures that its kernel runs programs of. */
struct seccomp_machine {
	const struct seccomp_table *tables;
	size_t count;
	const char *const *elsewhere; /* names that only other machines have; ends with NULL. NULL: none are known */
};

/* The one that xrun was built for; generated from libseccomp's tables by src/filter. */
extern const struct seccomp_machine seccomp_machine;

/* A program, the caller's to free. At most BPF_MAXINSNS instructions. */
struct seccomp_program {
	struct sock_filter *code;
	size_t len;
};

/* What conditions look at. */
struct seccomp_setting {
	uint64_t capabilities;
	uint32_t kernel;          /* KERNEL_VERSION's number */
};

/* Whether the rule's condition is met; its architectures are the machine's own. */
bool seccomp_rule_counts(const struct seccomp_rule *rule, const struct seccomp_machine *machine,
	const struct seccomp_setting *setting);

/*
 * Where several rules name a call, those with comparisons are asked first, in their order (libseccomp
 * forgets them where a rule without comparisons names the call, too). A call that is younger than
 * every one that the profile names gets ENOSYS, as from a kernel that has not heard of it, unless the profile's own
 * verdict is to allow, or to ask: a libc then falls back to older calls. A 32-bit x86 program's socketcall(2) and ipc(2) are what
 * they stand for: a rule for socket or shmget counts for them, too. Calls of a foreign architecture end the process.
 */
int seccomp_compile(const struct seccomp_profile *profile, const struct seccomp_machine *machine,
	const struct seccomp_setting *setting, struct seccomp_program *ret_program, struct err *err);

/* The first name in the profile's rules that is no system call of any machine there is a table of; NULL: there is none. */
const char *seccomp_find_unknown(const struct seccomp_profile *profile, const struct seccomp_machine *machine);

#endif
