/* SPDX-License-Identifier: GPL-2.0-or-later */
/* seccomp.h owns planning a seccomp profile as docker and the OCI runtime specification write it. Pure. */
#ifndef XRUN_PLAN_SECCOMP_H
#define XRUN_PLAN_SECCOMP_H

#include "src/base/err.h"
#include "src/plan/spec.h"
#include "src/seccomp/compile.h"

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
 * Plans the profile `text`, docker's format or the specification's linux.seccomp, from `file` for messages, as the spec's: its
 * text of linux.seccomp and its program. The spec's capabilities must be planned; kernel is KERNEL_VERSION's number. What cannot be
 * honoured is refused: unknown actions, flags, operators, capabilities and keys, and user notification but for engines'
 * containers. Names of calls that this machine has not are passed over, as docker does.
 */
int seccomp_plan(const char *file, const char *text, size_t len, uint32_t kernel, struct spec *spec, struct err *err);

#endif
