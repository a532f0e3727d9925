/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_seccomp.c: a seccomp profile becomes a program that says what the profile says; libseccomp's program agrees. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "src/base/str.h"
#include "src/seccomp/ready.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define NAMES(...) (const char *const[]){ __VA_ARGS__, NULL }

/* What the kernel would do: the part of classic BPF that seccomp allows and that programs here use. */
static uint32_t interpret(const struct sock_filter *code, size_t len, const struct seccomp_data *data)
{
	uint32_t a = 0;
	for (size_t at = 0; at < len; at++) {
		const struct sock_filter *i = &code[at];
		bool yes = false;
		switch (i->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			assert_true(i->k % 4 == 0 && i->k < sizeof *data);
			memcpy(&a, (const char *)data + i->k, sizeof a);
			continue;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= i->k;
			continue;
		case BPF_RET | BPF_K:
			return i->k;
		case BPF_JMP | BPF_JA:
			at += i->k;
			continue;
		case BPF_JMP | BPF_JEQ | BPF_K:
			yes = a == i->k;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			yes = a >= i->k;
			break;
		case BPF_JMP | BPF_JGT | BPF_K:
			yes = a > i->k;
			break;
		case BPF_JMP | BPF_JSET | BPF_K:
			yes = a & i->k;
			break;
		default:
			fail_msg("instruction %zu has the code 0x%x", at, i->code);
		}
		at += yes ? i->jt : i->jf;
	}
	fail_msg("the program runs out of its end");
	return 0;
}

static struct seccomp_program compiled(const struct seccomp_profile *profile, const struct seccomp_machine *machine,
	uint64_t capabilities)
{
	struct seccomp_program program = { 0 };
	struct seccomp_setting setting = { .capabilities = capabilities, .kernel = 0x060100 };
	struct err err;
	if (seccomp_compile(profile, machine, &setting, &program, &err) < 0)
		fail_msg("%s", err.text);
	return program;
}

/* A machine of two tables, one with 64 bits and one with 32. */
static const struct seccomp_call wide_calls[] = { { "one", 1 }, { "ten", 10 }, { "two", 2 } };
static const struct seccomp_call narrow_calls[] = { { "ipc", 5 }, { "one", 21 }, { "shmget", 9 }, { "socket", 7 },
	{ "socketcall", 6 } };
static const struct seccomp_table small_tables[] = {
	{ "SCMP_ARCH_WIDE", "wide", 0x1000, true, wide_calls, COUNT(wide_calls) },
	{ "SCMP_ARCH_NARROW", "narrow", 0x2000, false, narrow_calls, COUNT(narrow_calls) },
};
static const struct seccomp_machine small = { small_tables, COUNT(small_tables), NULL };

static uint32_t verdict(const struct seccomp_profile *profile, uint32_t arch, int number, uint64_t argument)
{
	struct seccomp_program program = compiled(profile, &small, 1);
	struct seccomp_data data = { .nr = number, .arch = arch, .args = { argument } };
	uint32_t result = interpret(program.code, program.len, &data);
	free(program.code);
	return result;
}

static bool holds(const struct seccomp_compare *c, uint64_t x)
{
	switch (c->operator) {
	case SECCOMP_EQ: return x == c->value;
	case SECCOMP_NE: return x != c->value;
	case SECCOMP_LT: return x < c->value;
	case SECCOMP_LE: return x <= c->value;
	case SECCOMP_GT: return x > c->value;
	case SECCOMP_GE: return x >= c->value;
	default: return (x & c->value) == c->value_two;
	}
}

static void comparisons_are_of_all_64_bits_or_of_32(void **state)
{
	static const uint64_t values[] = { 0, 1, 5, 0xffffffff, 0x100000000, 0x100000005, 0x500000001, 0x500000005, UINT64_MAX };
	(void)state;
	for (int op = SECCOMP_EQ; op <= SECCOMP_MASKED_EQ; op++) {
		for (size_t v = 0; v < COUNT(values); v++) {
			struct seccomp_compare compare = { 0, op, values[v], op == SECCOMP_MASKED_EQ ? values[v] & 5 : 0 };
			struct seccomp_rule rule = { NAMES("one"), 7, &compare, 1, { 0 } };
			struct seccomp_profile profile = { SECCOMP_RET_ALLOW, NULL, &rule, 1 };
			for (size_t x = 0; x < COUNT(values); x++) {
				assert_int_equal(verdict(&profile, 0x1000, 1, values[x]), holds(&compare, values[x]) ? 7 : SECCOMP_RET_ALLOW);
				struct seccomp_compare low = compare;
				low.value = (uint32_t)low.value;
				low.value_two = (uint32_t)low.value_two;
				assert_int_equal(verdict(&profile, 0x2000, 21, values[x]),
					holds(&low, (uint32_t)values[x]) ? 7 : SECCOMP_RET_ALLOW);
			}
		}
	}
}

static void all_comparisons_of_a_rule_must_hold_and_the_rule_without_comes_last(void **state)
{
	static const struct seccomp_compare both[] = { { 0, SECCOMP_GE, 5, 0 }, { 0, SECCOMP_LT, 9, 0 } };
	const struct seccomp_rule rules[] = {
		{ NAMES("one"), 3, NULL, 0, { 0 } }, { NAMES("two", "one"), 7, both, 2, { 0 } },
	};
	const struct seccomp_profile profile = { SECCOMP_RET_ERRNO | EPERM, NULL, rules, 2 };
	(void)state;
	assert_int_equal(verdict(&profile, 0x1000, 1, 4), 3);
	assert_int_equal(verdict(&profile, 0x1000, 1, 5), 7);
	assert_int_equal(verdict(&profile, 0x1000, 1, 9), 3);
	assert_int_equal(verdict(&profile, 0x1000, 2, 8), 7);
	assert_int_equal(verdict(&profile, 0x1000, 2, 9), SECCOMP_RET_ERRNO | EPERM);
}

static void unknown_calls_are_not_there_and_forbidden_ones_are_forbidden(void **state)
{
	const struct seccomp_rule rules[] = { { NAMES("two", "nonesuch"), SECCOMP_RET_ALLOW, NULL, 0, { 0 } } };
	struct seccomp_profile profile = { SECCOMP_RET_ERRNO | EPERM, NULL, rules, 1 };
	(void)state;
	assert_int_equal(verdict(&profile, 0x1000, 0, 0), SECCOMP_RET_ERRNO | EPERM);
	assert_int_equal(verdict(&profile, 0x1000, 1, 0), SECCOMP_RET_ERRNO | EPERM);
	assert_int_equal(verdict(&profile, 0x1000, 2, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(verdict(&profile, 0x1000, 3, 0), SECCOMP_RET_ERRNO | ENOSYS);
	assert_int_equal(verdict(&profile, 0x1000, -1, 0), SECCOMP_RET_ERRNO | ENOSYS);
	profile.verdict = SECCOMP_RET_ALLOW;
	assert_int_equal(verdict(&profile, 0x1000, 3, 0), SECCOMP_RET_ALLOW);
	profile.verdict = SECCOMP_RET_LOG;
	assert_int_equal(verdict(&profile, 0x1000, 1000, 0), SECCOMP_RET_LOG);
}

static void calls_of_another_architecture_end_the_process(void **state)
{
	const struct seccomp_rule rules[] = { { NAMES("one"), 3, NULL, 0, { 0 } } };
	struct seccomp_profile profile = { SECCOMP_RET_ALLOW, NULL, rules, 1 };
	(void)state;
	assert_int_equal(verdict(&profile, 0x3000, 1, 0), SECCOMP_RET_KILL_PROCESS);
	assert_int_equal(verdict(&profile, 0x2000, 21, 0), 3);
	profile.architectures = NAMES("SCMP_ARCH_OTHER");
	assert_int_equal(verdict(&profile, 0x2000, 21, 0), SECCOMP_RET_KILL_PROCESS);
	assert_int_equal(verdict(&profile, 0x1000, 1, 0), 3); /* the machine's own is always wanted */
}

static void conditions_decide_whether_a_rule_counts(void **state)
{
	const struct {
		struct seccomp_condition when;
		bool counts;
	} cases[] = {
		{ { .capabilities = 1 }, true }, { { .capabilities = 2 }, false }, { { .capabilities = 3 }, false },
		{ { .not_capabilities = 1 }, false }, { { .not_capabilities = 2 }, true },
		{ { .architectures = NAMES("wide") }, true }, { { .architectures = NAMES("narrow") }, false },
		{ { .not_architectures = NAMES("narrow", "wide") }, false }, { { .min_kernel = 0x060100 }, true },
		{ { .min_kernel = 0x060101 }, false }, { { .not_kernel = 0x060100 }, false }, { { .not_kernel = 0x060200 }, true },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct seccomp_rule rule = { NAMES("one"), 3, NULL, 0, cases[i].when };
		const struct seccomp_profile profile = { SECCOMP_RET_ALLOW, NULL, &rule, 1 };
		assert_int_equal(verdict(&profile, 0x1000, 1, 0), cases[i].counts ? 3 : SECCOMP_RET_ALLOW);
	}
}

static void a_rule_for_a_call_counts_for_its_way_through_socketcall_or_ipc(void **state)
{
	static const struct seccomp_compare family = { 0, SECCOMP_EQ, 40, 0 };
	const struct seccomp_rule deny[] = { { NAMES("socket"), 7, &family, 1, { 0 } }, { NAMES("shmget"), 8, NULL, 0, { 0 } } };
	struct seccomp_profile profile = { SECCOMP_RET_ALLOW, NULL, deny, 2 };
	const struct seccomp_rule allow = { NAMES("socket"), SECCOMP_RET_ALLOW, &family, 1, { 0 } };
	(void)state;
	assert_int_equal(verdict(&profile, 0x2000, 7, 40), 7);
	assert_int_equal(verdict(&profile, 0x2000, 7, 41), SECCOMP_RET_ALLOW);
	assert_int_equal(verdict(&profile, 0x2000, 6, 1), 7); /* SYS_SOCKET: the family is out of sight */
	assert_int_equal(verdict(&profile, 0x2000, 6, 2), SECCOMP_RET_ALLOW);
	assert_int_equal(verdict(&profile, 0x2000, 5, 23), 8);
	assert_int_equal(verdict(&profile, 0x2000, 5, 0x10017), 8);
	profile = (struct seccomp_profile){ SECCOMP_RET_ERRNO | EPERM, NULL, &allow, 1 };
	assert_int_equal(verdict(&profile, 0x2000, 7, 40), SECCOMP_RET_ALLOW);
	assert_int_equal(verdict(&profile, 0x2000, 6, 1), SECCOMP_RET_ERRNO | EPERM);
}

static void a_profile_that_is_too_large_is_refused(void **state)
{
	enum { MANY = 2500 };
	const char *const *names = NAMES("one");
	struct seccomp_compare *compares = mem_new(MANY * sizeof *compares);
	struct seccomp_rule *rules = mem_new(MANY * sizeof *rules);
	struct seccomp_program program = { 0 };
	struct seccomp_setting setting = { 0 };
	struct err err;
	(void)state;
	for (unsigned i = 0; i < MANY; i++) {
		compares[i] = (struct seccomp_compare){ 0, SECCOMP_EQ, i, 0 };
		rules[i] = (struct seccomp_rule){ names, i, &compares[i], 1, { 0 } };
	}
	struct seccomp_profile profile = { SECCOMP_RET_ALLOW, NULL, rules, MANY };
	assert_int_equal(seccomp_compile(&profile, &small, &setting, &program, &err), -E2BIG);
	profile.rule_count = 300; /* jumps of more than 255 instructions */
	for (unsigned i = 0; i < 300; i += 37)
		assert_int_equal(verdict(&profile, 0x1000, 1, i), i);
	assert_int_equal(verdict(&profile, 0x1000, 2, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(verdict(&profile, 0x1000, 1, 300), SECCOMP_RET_ALLOW);
	free(compares);
	free(rules);
}

/* libseccomp's program of the same profile. */
static bool same(const char *const *names, const char *name)
{
	for (; names && *names; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return false;
}

static bool rule_counts(const struct seccomp_rule *rule, uint64_t capabilities)
{
	const char *docker_name = seccomp_machine.tables[0].docker_name;
	return (capabilities & rule->when.capabilities) == rule->when.capabilities &&
	       !(capabilities & rule->when.not_capabilities) && !same(rule->when.not_architectures, docker_name) &&
	       (!rule->when.architectures || same(rule->when.architectures, docker_name));
}

static void add_rule(scmp_filter_ctx ctx, const struct seccomp_rule *rule)
{
	static const enum scmp_compare operators[] = { SCMP_CMP_EQ, SCMP_CMP_NE, SCMP_CMP_LT, SCMP_CMP_LE, SCMP_CMP_GT,
		SCMP_CMP_GE, SCMP_CMP_MASKED_EQ };
	struct scmp_arg_cmp compares[6];
	for (size_t i = 0; i < rule->compare_count; i++)
		compares[i] = (struct scmp_arg_cmp){ rule->compares[i].argument, operators[rule->compares[i].operator],
			rule->compares[i].value, rule->compares[i].value_two };
	uint32_t action = rule->verdict == SECCOMP_RET_ALLOW ? SCMP_ACT_ALLOW :
							       SCMP_ACT_ERRNO(rule->verdict & SECCOMP_RET_DATA);
	for (const char *const *name = rule->names; *name; name++) {
		int call = seccomp_syscall_resolve_name(*name);
		if (call != __NR_SCMP_ERROR)
			assert_true(seccomp_rule_add_array(ctx, action, call, rule->compare_count, compares) >= 0);
	}
}

static uint32_t token_of(const struct seccomp_table *table)
{
	char name[64];
	size_t i = 0;
	for (const char *at = strrchr(table->name, '_') + 1; *at && i < sizeof name - 1; at++)
		name[i++] = *at | (*at >= 'A' && *at <= 'Z' ? 0x20 : 0);
	name[i] = 0;
	return seccomp_arch_resolve_name(strcmp(table->name, "SCMP_ARCH_X86_64") == 0 ? "x86_64" : name);
}

static struct sock_filter *by_libseccomp(uint64_t capabilities, size_t *ret_len)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	for (size_t i = 1; i < seccomp_machine.count; i++)
		assert_int_equal(seccomp_arch_add(ctx, token_of(&seccomp_machine.tables[i])), 0);
	for (size_t i = 0; i < seccomp_default.rule_count; i++)
		if (rule_counts(&seccomp_default.rules[i], capabilities))
			add_rule(ctx, &seccomp_default.rules[i]);
	int fd = memfd_create("filter", 0);
	assert_int_equal(seccomp_export_bpf(ctx, fd), 0);
	seccomp_release(ctx);
	*ret_len = lseek(fd, 0, SEEK_END) / sizeof(struct sock_filter);
	struct sock_filter *code = mem_new(*ret_len * sizeof *code);
	assert_int_equal(pread(fd, code, *ret_len * sizeof *code, 0), *ret_len * sizeof *code);
	close(fd);
	return code;
}

static void compare_programs(uint64_t capabilities)
{
	static const uint64_t arguments[] = { 0, 2, 8, 12, 16, 38, 40, 44, 100, 0x20008, 0x10000000, 0x40000011, 0xffffffff,
		0x100000002 };
	size_t len, compared = 0;
	struct sock_filter *theirs = by_libseccomp(capabilities, &len);
	struct seccomp_program ours = compiled(&seccomp_default, &seccomp_machine, capabilities);
	for (size_t t = 0; t < seccomp_machine.count; t++) {
		const struct seccomp_table *table = &seccomp_machine.tables[t];
		for (size_t c = 0; c < table->count; c++) {
			if (seccomp_syscall_resolve_name_arch(token_of(table), table->calls[c].name) < 0)
				continue; /* too young for this libseccomp */
			for (size_t a = 0; a < COUNT(arguments); a++, compared++) {
				struct seccomp_data data = { .nr = table->calls[c].number, .arch = table->audit,
					.args = { arguments[a], arguments[a], arguments[a] } };
				uint32_t our = interpret(ours.code, ours.len, &data), their = interpret(theirs, len, &data);
				if (our != their)
					fail_msg("%s %s(0x%llx): 0x%x, and libseccomp says 0x%x", table->name, table->calls[c].name,
						(unsigned long long)arguments[a], our, their);
			}
		}
	}
	assert_true(compared > 1000);
	free(ours.code);
	free(theirs);
}

static void libseccomp_reads_the_default_profile_alike(void **state)
{
	(void)state;
	compare_programs(0);
	compare_programs(1ull << CAP_SYS_CHROOT);
	compare_programs(1ull << CAP_SYS_ADMIN | 1ull << CAP_BPF);
	compare_programs(UINT64_MAX);
}

/* By name on the machine's own table, with one argument. */
static uint32_t by_default(const char *name, uint64_t argument, uint64_t capabilities)
{
	const struct seccomp_table *own = &seccomp_machine.tables[0];
	struct seccomp_data data = { .arch = own->audit, .args = { argument } };
	size_t len;
	const struct sock_filter *ready = ready_default(capabilities, &len);
	size_t i = 0;
	while (i < own->count && strcmp(own->calls[i].name, name) != 0)
		i++;
	if (i == own->count)
		fail_msg("there is no call %s", name);
	data.nr = own->calls[i].number;
	if (ready)
		return interpret(ready, len, &data);
	struct seccomp_program program = compiled(&seccomp_default, &seccomp_machine, capabilities);
	uint32_t result = interpret(program.code, program.len, &data);
	free(program.code);
	return result;
}

static void the_default_profile_is_an_allow_list(void **state)
{
	const uint64_t usual = 1ull << CAP_SYS_CHROOT | 1ull << CAP_CHOWN;
	size_t len;
	(void)state;
	assert_non_null(ready_default(usual, &len));
	assert_null(ready_default(usual | 1ull << CAP_SYS_TIME, &len));
	assert_int_equal(by_default("openat", 0, usual), SECCOMP_RET_ALLOW);
	assert_int_equal(by_default("fchmodat2", 0, usual), SECCOMP_RET_ALLOW);
	assert_int_equal(by_default("chroot", 0, usual), SECCOMP_RET_ALLOW);
	assert_int_equal(by_default("chroot", 0, 0), SECCOMP_RET_ERRNO | EPERM);
	assert_int_equal(by_default("clone3", 0, usual), SECCOMP_RET_ERRNO | ENOSYS);
	assert_int_equal(by_default("clone3", 0, 1ull << CAP_SYS_ADMIN), SECCOMP_RET_ALLOW);
	assert_int_equal(by_default("socket", 2, usual), SECCOMP_RET_ALLOW);
	assert_int_equal(by_default("socket", 38, usual), SECCOMP_RET_ERRNO | EPERM);
	assert_int_equal(by_default("socket", 40, usual), SECCOMP_RET_ERRNO | EPERM);
	assert_int_equal(by_default("clock_settime", 0, usual | 1ull << CAP_SYS_TIME), SECCOMP_RET_ALLOW);
	static const char *const forbidden[] = { "add_key", "bpf", "clock_settime", "init_module", "io_uring_setup", "kexec_load",
		"keyctl", "mbind", "mount", "move_pages", "open_by_handle_at", "open_tree", "open_tree_attr", "perf_event_open",
		"pivot_root", "process_madvise", "reboot", "request_key", "setns", "swapon", "umount2", "unshare", "userfaultfd" };
	for (size_t i = 0; i < COUNT(forbidden); i++)
		if (by_default(forbidden[i], 0, usual) == SECCOMP_RET_ALLOW)
			fail_msg("%s is allowed", forbidden[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comparisons_are_of_all_64_bits_or_of_32),
		cmocka_unit_test(all_comparisons_of_a_rule_must_hold_and_the_rule_without_comes_last),
		cmocka_unit_test(unknown_calls_are_not_there_and_forbidden_ones_are_forbidden),
		cmocka_unit_test(calls_of_another_architecture_end_the_process),
		cmocka_unit_test(conditions_decide_whether_a_rule_counts),
		cmocka_unit_test(a_rule_for_a_call_counts_for_its_way_through_socketcall_or_ipc),
		cmocka_unit_test(a_profile_that_is_too_large_is_refused),
		cmocka_unit_test(libseccomp_reads_the_default_profile_alike),
		cmocka_unit_test(the_default_profile_is_an_allow_list),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
