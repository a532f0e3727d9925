/* SPDX-License-Identifier: GPL-2.0-or-later */
/* device_filter.c owns rules of devices as a BPF program, which is how cgroup v2 takes them. Pure. */
/*
 * The program holds the kinds of access that no rule has decided yet in a register. It goes through the rules from the last
 * to the first: one that denies any of them ends it, one that allows some takes them out, and when none is left all are
 * allowed. So opening for reading and writing may be allowed by two rules, and a later rule counts more than an earlier one.
 */
#include "src/runtime/device_filter.h"

#include <stdbool.h>

enum { VERDICT = BPF_REG_0, CONTEXT = BPF_REG_1, TYPE = BPF_REG_2, ASKED = BPF_REG_3, MAJOR = BPF_REG_4, MINOR = BPF_REG_5 };

struct program {
	struct bpf_insn *code;
	size_t len;
};

static void add(struct program *p, int code, int to, int from, int offset, int value)
{
	p->code[p->len++] = (struct bpf_insn){ .code = code, .dst_reg = to, .src_reg = from, .off = offset, .imm = value };
}

static void load(struct program *p, int to, size_t offset)
{
	add(p, BPF_LDX | BPF_W | BPF_MEM, to, CONTEXT, (int)offset, 0);
}

static void set(struct program *p, int operation, int to, int value)
{
	add(p, BPF_ALU64 | operation | BPF_K, to, 0, 0, value);
}

static void end(struct program *p, bool allow)
{
	set(p, BPF_MOV, VERDICT, allow);
	add(p, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/* access_type is the access in its upper half, and the type in its lower. */
static void begin(struct program *p)
{
	load(p, TYPE, offsetof(struct bpf_cgroup_dev_ctx, access_type));
	add(p, BPF_ALU64 | BPF_MOV | BPF_X, ASKED, TYPE, 0, 0);
	set(p, BPF_RSH, ASKED, 16);
	set(p, BPF_AND, TYPE, 0xffff);
	load(p, MAJOR, offsetof(struct bpf_cgroup_dev_ctx, major));
	load(p, MINOR, offsetof(struct bpf_cgroup_dev_ctx, minor));
}

/* Without a jump's target, which is the rule's end. */
static void require(struct program *p, int what, int value)
{
	add(p, BPF_JMP | BPF_JNE | BPF_K, what, 0, 0, value);
}

static void decide(struct program *p, const struct device_rule *rule)
{
	if (rule->allow) {
		set(p, BPF_AND, ASKED, ~(int)rule->access);
		add(p, BPF_JMP | BPF_JNE | BPF_K, ASKED, 0, 0, 0);
	} else {
		add(p, BPF_ALU64 | BPF_MOV | BPF_X, VERDICT, ASKED, 0, 0);
		set(p, BPF_AND, VERDICT, (int)rule->access);
		add(p, BPF_JMP | BPF_JEQ | BPF_K, VERDICT, 0, 0, 0);
	}
	end(p, rule->allow);
}

static void add_rule(struct program *p, const struct device_rule *rule)
{
	size_t first = p->len;
	if (rule->type != 'a')
		require(p, TYPE, rule->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR);
	if (rule->major >= 0)
		require(p, MAJOR, rule->major);
	if (rule->minor >= 0)
		require(p, MINOR, rule->minor);
	decide(p, rule);
	for (size_t i = first; i < p->len; i++) {
		int operation = p->code[i].code;
		if (operation == (BPF_JMP | BPF_JNE | BPF_K) || operation == (BPF_JMP | BPF_JEQ | BPF_K))
			p->code[i].off = (int)(p->len - i - 1);
	}
}

/* What comes after a rule for all would never be reached, and the kernel takes no such program. */
size_t device_filter_make(const struct device_rule *rules, size_t count, struct bpf_insn *ret_code)
{
	struct program p = { .code = ret_code };
	begin(&p);
	for (size_t i = count; i-- > 0;) {
		if (device_rule_is_for_all(&rules[i])) {
			end(&p, rules[i].allow);
			return p.len;
		}
		add_rule(&p, &rules[i]);
	}
	end(&p, false);
	return p.len;
}
