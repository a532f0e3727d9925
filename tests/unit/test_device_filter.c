/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_device_filter.c: rules of devices, and what the program made of them answers, run by an interpreter. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "src/base/str.h"
#include "src/runtime/device_filter.h"

#include <string.h>

enum { ROOM = 16 };

struct program {
	struct bpf_insn code[DEVICE_FILTER_ROOM(ROOM)];
	size_t len;
};

/* "deny RULE" or a rule that allows. */
static void make(struct program *ret_program, const char *const *texts)
{
	struct device_rule rules[ROOM];
	size_t count = 0;
	for (; texts[count]; count++) {
		bool deny = strncmp(texts[count], "deny ", 5) == 0;
		assert_true(device_rule_parse(texts[count] + (deny ? 5 : 0), &rules[count]));
		rules[count].allow = !deny;
	}
	ret_program->len = device_filter_make(rules, count, ret_program->code);
	assert_true(ret_program->len <= DEVICE_FILTER_ROOM(count));
}

static uint64_t operate(int operation, uint64_t left, uint64_t right)
{
	switch (operation) {
	case BPF_MOV:
		return right;
	case BPF_AND:
		return left & right;
	case BPF_RSH:
		return left >> right;
	default:
		fail_msg("operation %#x", operation);
		return 0;
	}
}

/* The few instructions there are, as Documentation/bpf/standardization/instruction-set.rst has them. */
static bool allows(const struct program *p, char type, unsigned access, unsigned major, unsigned minor)
{
	uint32_t context[3] = { access << 16 | (type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR), major, minor };
	uint64_t registers[11] = { 0 };
	for (size_t at = 0; at < p->len; at++) {
		const struct bpf_insn *in = &p->code[at];
		uint64_t right = BPF_SRC(in->code) == BPF_X ? registers[in->src_reg] : (uint64_t)(int64_t)in->imm;
		uint64_t *left = &registers[in->dst_reg];
		if (in->code == (BPF_JMP | BPF_EXIT))
			return registers[0];
		if (in->code == (BPF_LDX | BPF_W | BPF_MEM))
			*left = context[in->off / 4];
		else if (BPF_CLASS(in->code) == BPF_ALU64)
			*left = operate(BPF_OP(in->code), *left, right);
		else if (in->code == (BPF_JMP | BPF_JNE | BPF_K))
			at += *left != right ? in->off : 0;
		else if (in->code == (BPF_JMP | BPF_JEQ | BPF_K))
			at += *left == right ? in->off : 0;
		else
			fail_msg("instruction %#x", in->code);
	}
	fail_msg("the program has no end");
	return false;
}

static void a_rule_is_read_as_it_is_written(void **state)
{
	(void)state;
	struct device_rule rule;
	assert_true(device_rule_parse("b 8:* rm", &rule));
	assert_true(rule.allow && rule.type == 'b' && rule.major == 8 && rule.minor == -1 && rule.access == (DEVICE_READ | DEVICE_MKNOD));
	cleanup_free char *text = device_rule_text(&rule);
	assert_string_equal(text, "b 8:* mr");
	assert_true(device_rule_parse("a *:* rwm", &rule));
	static const char *const bad[] = { "", "c", "c ", "c 1:3", "c 1:3 ", "c 1:3 x", "c 1:3 rwmr", "d 1:3 r", "c 1 r", "c -1:3 r",
		"c 4096:1 r", "c 1:1048576 r", "c 1:3  r", "c1:3 r", "a 1:3 rwm", "a *:* r", NULL };
	for (int i = 0; bad[i]; i++)
		assert_false(device_rule_parse(bad[i], &rule));
}

static void what_no_rule_names_is_denied(void **state)
{
	(void)state;
	struct program p;
	make(&p, (const char *const[]){ NULL });
	assert_false(allows(&p, 'c', DEVICE_READ, 1, 3));
	make(&p, (const char *const[]){ "c 1:3 rw", "b 8:* r", "c 136:* rwm", NULL });
	assert_true(allows(&p, 'c', DEVICE_READ, 1, 3));
	assert_true(allows(&p, 'c', DEVICE_READ | DEVICE_WRITE, 1, 3));
	assert_false(allows(&p, 'c', DEVICE_MKNOD, 1, 3));
	assert_false(allows(&p, 'b', DEVICE_READ, 1, 3));
	assert_false(allows(&p, 'c', DEVICE_READ, 1, 4));
	assert_true(allows(&p, 'b', DEVICE_READ, 8, 17));
	assert_false(allows(&p, 'b', DEVICE_READ | DEVICE_WRITE, 8, 17));
	assert_false(allows(&p, 'c', DEVICE_READ, 8, 17));
	assert_true(allows(&p, 'c', DEVICE_ALL, 136, 1048575));
}

static void two_rules_may_allow_what_is_asked_for_together(void **state)
{
	(void)state;
	struct program p;
	make(&p, (const char *const[]){ "c *:* r", "c 10:200 w", NULL });
	assert_true(allows(&p, 'c', DEVICE_READ | DEVICE_WRITE, 10, 200));
	assert_false(allows(&p, 'c', DEVICE_READ | DEVICE_WRITE, 10, 201));
	assert_false(allows(&p, 'c', DEVICE_ALL, 10, 200));
}

static void the_last_rule_counts(void **state)
{
	(void)state;
	struct program p;
	make(&p, (const char *const[]){ "a *:* rwm", "deny b 8:0 w", "deny c 1:* m", "c 1:3 m", NULL });
	assert_true(allows(&p, 'b', DEVICE_READ, 8, 0));
	assert_false(allows(&p, 'b', DEVICE_READ | DEVICE_WRITE, 8, 0));
	assert_true(allows(&p, 'b', DEVICE_ALL, 8, 1));
	assert_false(allows(&p, 'c', DEVICE_MKNOD, 1, 5));
	assert_true(allows(&p, 'c', DEVICE_MKNOD, 1, 3));
	make(&p, (const char *const[]){ "a *:* rwm", "deny a *:* rwm", "c 1:3 r", NULL });
	assert_false(allows(&p, 'c', DEVICE_READ, 1, 5));
	assert_true(allows(&p, 'c', DEVICE_READ, 1, 3));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rule_is_read_as_it_is_written),
		cmocka_unit_test(what_no_rule_names_is_denied),
		cmocka_unit_test(two_rules_may_allow_what_is_asked_for_together),
		cmocka_unit_test(the_last_rule_counts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
