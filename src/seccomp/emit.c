/* SPDX-License-Identifier: GPL-2.0-or-later */
/* emit.c owns a BPF program while it is written. */
#include "src/seccomp/emit.h"

#include <endian.h>
#include <linux/seccomp.h>
#include <stddef.h>

static void put(struct emit *e, uint16_t code, uint8_t yes, uint8_t no, uint32_t value)
{
	if (e->len == BPF_MAXINSNS) {
		e->full = true;
		return;
	}
	e->code[BPF_MAXINSNS - ++e->len] = (struct sock_filter){ code, yes, no, value };
}

void emit_return(struct emit *e, uint32_t verdict)
{
	put(e, BPF_RET | BPF_K, 0, 0, verdict);
}

/* A conditional jump reaches it then, mostly: little is put between the two sides of a branch. */
enum { NEAR = 200 };

unsigned emit_verdict(struct emit *e, uint32_t verdict)
{
	size_t farthest = 0;
	for (size_t i = 0; i < sizeof e->returns / sizeof *e->returns; i++) {
		if (e->returns[i].place && e->returns[i].verdict == verdict && e->len - e->returns[i].place < NEAR)
			return e->returns[i].place;
		if (e->returns[i].place < e->returns[farthest].place)
			farthest = i;
	}
	emit_return(e, verdict);
	e->returns[farthest].verdict = verdict;
	e->returns[farthest].place = e->len;
	return e->len;
}

void emit_load(struct emit *e, uint32_t offset)
{
	put(e, BPF_LD | BPF_W | BPF_ABS, 0, 0, offset);
}

/* A conditional jump skips 255 instructions at most, an unconditional one any number. */
void emit_jump(struct emit *e, uint16_t test, uint32_t value, unsigned yes, unsigned no)
{
	if (e->len - no > UINT8_MAX - 1) {
		put(e, BPF_JMP | BPF_JA, 0, 0, e->len - no);
		no = e->len;
	}
	if (e->len - yes > UINT8_MAX) {
		put(e, BPF_JMP | BPF_JA, 0, 0, e->len - yes);
		yes = e->len;
	}
	put(e, BPF_JMP | test | BPF_K, e->len - yes, e->len - no, value);
}

static void load_half(struct emit *e, unsigned argument, bool high)
{
	bool second = high == (BYTE_ORDER == LITTLE_ENDIAN);
	emit_load(e, offsetof(struct seccomp_data, args) + argument * sizeof(uint64_t) + (second ? sizeof(uint32_t) : 0));
}

static void masked_half(struct emit *e, const struct seccomp_compare *c, bool high, unsigned no)
{
	unsigned shift = high ? 32 : 0;
	emit_jump(e, BPF_JEQ, c->value_two >> shift, e->len, no);
	put(e, BPF_ALU | BPF_AND | BPF_K, 0, 0, c->value >> shift);
	load_half(e, c->argument, high);
}

/* argument > value, or >= with BPF_JGE: by the higher half, and where that is equal, by the lower. */
static void greater(struct emit *e, const struct seccomp_compare *c, uint16_t test, bool wide, unsigned yes, unsigned no)
{
	emit_jump(e, test, c->value, yes, no);
	load_half(e, c->argument, false);
	if (!wide)
		return;
	emit_jump(e, BPF_JEQ, c->value >> 32, e->len, no);
	emit_jump(e, BPF_JGT, c->value >> 32, yes, e->len);
	load_half(e, c->argument, true);
}

static void equal(struct emit *e, const struct seccomp_compare *c, bool wide, unsigned yes, unsigned no)
{
	emit_jump(e, BPF_JEQ, c->value, yes, no);
	load_half(e, c->argument, false);
	if (!wide)
		return;
	emit_jump(e, BPF_JEQ, c->value >> 32, e->len, no);
	load_half(e, c->argument, true);
}

void emit_compare(struct emit *e, const struct seccomp_compare *c, bool wide, unsigned no)
{
	unsigned yes = e->len;
	switch (c->operator) {
	case SECCOMP_EQ:
		equal(e, c, wide, yes, no);
		break;
	case SECCOMP_NE:
		equal(e, c, wide, no, yes);
		break;
	case SECCOMP_GT:
		greater(e, c, BPF_JGT, wide, yes, no);
		break;
	case SECCOMP_GE:
		greater(e, c, BPF_JGE, wide, yes, no);
		break;
	case SECCOMP_LE:
		greater(e, c, BPF_JGT, wide, no, yes);
		break;
	case SECCOMP_LT:
		greater(e, c, BPF_JGE, wide, no, yes);
		break;
	case SECCOMP_MASKED_EQ:
		masked_half(e, c, false, no);
		if (wide)
			masked_half(e, c, true, no);
		break;
	}
}
