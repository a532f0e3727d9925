/* SPDX-License-Identifier: GPL-2.0-or-later */
/* seccomp.h owns reading a seccomp profile as docker and the OCI runtime specification write it. Pure. */
#ifndef XRUN_PLAN_SECCOMP_H
#define XRUN_PLAN_SECCOMP_H

#include "src/base/err.h"
#include "src/plan/spec.h"
#include "src/seccomp/compile.h"

/*
 * A profile that was read: what it says, and the memory behind that. Two comparisons of one argument make two rules, of
 * which one is enough, as in docker. TRAP, TRACE, LOG and the ways to kill are as in seccomp(2).
 */
struct seccomp_document {
	struct seccomp_profile profile;
	uint64_t flags;                   /* SECCOMP_FILTER_FLAG_* */
	void *json;
	struct seccomp_rule *rules;
	void **blocks;                    /* what the rules point to */
	size_t rule_count, block_count;
};
void seccomp_document_done(struct seccomp_document *document);

/*
 * Reads docker's format and the specification's linux.seccomp. What cannot be honoured is refused: unknown
 * actions, flags, operators, capabilities and keys. Names of calls that this machine has not are passed over,
 * as docker does.
 */
int seccomp_read(const char *text, size_t len, struct seccomp_document *ret_document, struct err *err);

/* The specification's linux.seccomp of what counts in this setting, as JSON; the caller's. */
char *seccomp_write(const struct seccomp_document *document, const struct seccomp_setting *setting);

/* What a profile has become in a setting, when its text was planned before. */
struct seccomp_known {
	uint64_t capabilities;
	uint32_t kernel;
	struct spec_profile profile;
};
void seccomp_known_done(struct seccomp_known *known); /* NULL is fine */

/* Whether that is what seccomp_plan would make now. NULL: no. */
bool seccomp_is_known(const struct seccomp_known *known, uint64_t capabilities, uint32_t kernel);

/* The spec's profile becomes a copy of it. */
void seccomp_take(const struct seccomp_known *known, struct spec *spec);

/*
 * Plans the profile `text`, from `file` for messages, as the spec's: its text of linux.seccomp and its program. The spec's
 * capabilities must be planned; kernel is KERNEL_VERSION's number. User notification is for engines' containers: otherwise refused.
 */
int seccomp_plan(const char *file, const char *text, size_t len, uint32_t kernel, struct spec *spec, struct err *err);

#endif
