/* SPDX-License-Identifier: GPL-2.0-or-later */
/* emit.h owns a BPF program while it is written: from its end to its beginning, since BPF jumps forward only. Pure. */
#ifndef XRUN_SECCOMP_EMIT_H
#define XRUN_SECCOMP_EMIT_H

#include "src/seccomp/profile.h"

#include <linux/filter.h>
#include <stdbool.h>

/* Places are counted from the program's end: the place of an instruction is how many come after and with it. */
struct emit {
	struct sock_filter code[BPF_MAXINSNS]; /* filled from its end */
	unsigned len;
	bool full;                             /* more was emitted than there is room for */
	struct {
		uint32_t verdict;
		unsigned place;
	} returns[4];                          /* some that stand; place 0: none */
};

/* Each puts code before what is there. Targets are places that stand already. */
void emit_return(struct emit *e, uint32_t verdict);
void emit_load(struct emit *e, uint32_t offset);                                /* struct seccomp_data's field */
void emit_jump(struct emit *e, uint16_t test, uint32_t value, unsigned yes, unsigned no); /* test: BPF_JEQ, BPF_JGE, BPF_JGT */

/* A place where the verdict is returned, for jumping to: one that is near, or a new one. */
unsigned emit_verdict(struct emit *e, uint32_t verdict);

/* Goes on with what is there if the comparison holds, otherwise at the place `no`. */
void emit_compare(struct emit *e, const struct seccomp_compare *compare, bool wide, unsigned no);

#endif
