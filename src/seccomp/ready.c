/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ready.c owns the programs that were compiled when xrun was built. */
#include "src/seccomp/ready.h"

/* default_code, single_id_code, and the capabilities that default_code is for */
#include "programs.inc"

const struct sock_filter *ready_default(uint64_t capabilities, size_t *ret_len)
{
	uint64_t looked_at = 0;
	for (size_t i = 0; i < seccomp_default.rule_count; i++)
		looked_at |= seccomp_default.rules[i].when.capabilities | seccomp_default.rules[i].when.not_capabilities;
	*ret_len = sizeof default_code / sizeof *default_code;
	return (capabilities & looked_at) == DEFAULT_CODE_CAPABILITIES ? default_code : NULL;
}

const struct sock_filter *ready_single_id(size_t *ret_len)
{
	*ret_len = sizeof single_id_code / sizeof *single_id_code;
	return single_id_code;
}
