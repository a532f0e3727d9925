/* SPDX-License-Identifier: GPL-2.0-or-later */
/* profile.h owns what a seccomp profile says: the OCI runtime specification's linux.seccomp (config-linux.md). */
#ifndef XRUN_SECCOMP_PROFILE_H
#define XRUN_SECCOMP_PROFILE_H

#include <stddef.h>
#include <stdint.h>

enum seccomp_operator {
	SECCOMP_EQ, SECCOMP_NE, SECCOMP_LT, SECCOMP_LE, SECCOMP_GT, SECCOMP_GE,
	SECCOMP_MASKED_EQ, /* (argument & value) == value_two */
};

/* Arguments are 64 bits wide, on a 32-bit architecture 32. Comparisons are unsigned. */
struct seccomp_compare {
	unsigned argument; /* 0..5 */
	enum seccomp_operator operator;
	uint64_t value, value_two;
};

/*
 * When a rule counts: with all of `capabilities`, with none of `not_capabilities`; on one of `architectures` (a
 * NULL-terminated list of names as docker writes them: amd64, arm64, s390x; NULL: on all), on none of
 * `not_architectures`; from the kernel `min_kernel` (KERNEL_VERSION's number) on, before `not_kernel`. 0: no condition.
 */
struct seccomp_condition {
	uint64_t capabilities, not_capabilities;
	const char *const *architectures, *const *not_architectures;
	uint32_t min_kernel, not_kernel;
};

/* Calls that are answered alike. A verdict is SECCOMP_RET_*, for SECCOMP_RET_ERRNO with the number. */
struct seccomp_rule {
	const char *const *names;               /* ends with NULL; names that no table has are left out */
	uint32_t verdict;
	const struct seccomp_compare *compares; /* all must hold */
	size_t compare_count;
	struct seccomp_condition when;
};

struct seccomp_profile {
	uint32_t verdict;                /* for what no rule names */
	const char *const *architectures; /* SCMP_ARCH_* beside the machine's own whose calls may be made; NULL: every one */
	const struct seccomp_rule *rules;
	size_t rule_count;
};

/*
 * The built-in one. An allow list: what docker's default profile lets a container do, with the same conditions on
 * capabilities (moby/profiles, seccomp/default.json).
 */
extern const struct seccomp_profile seccomp_default;

/*
 * For a container with a single id: changing owners or ids, and making devices, succeeds and does nothing, so that package
 * managers work. To be loaded beside the profile: of two filters the one that answers with an errno (0, here) wins.
 */
extern const struct seccomp_profile seccomp_single_id;

#endif
