/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_explain.c tests the rules that this machine cannot provoke, and that no rule speaks out of turn. */
#include "src/plan/explain.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const struct explain_facts ran_elf = { .arch = "x86_64", .program_arch = "x86_64", .program_runs = true, .x86_level = 1,
	.program = { .kind = PROGRAM_ELF, .executable = true, .path = "/p", .interpreter = "/lib64/ld-linux-x86-64.so.2",
		.interpreter_found = true, .needs = { .elf_class = 2, .elf_data = 1, .machine = 62, .arm_cpu = -1 } } };

static void expect(const struct explain_facts *facts, const char *part)
{
	char *text = explain(facts);
	if (!part)
		assert_null(text);
	else
		assert_non_null(text);
	if (part && !strstr(text, part))
		fail_msg("%s is not in: %s", part, text);
	free(text);
}

static void level_natively(void **state)
{
	(void)state;
	struct explain_facts f = ran_elf;
	f.status = 127;
	expect(&f, NULL); /* it asks for nothing */
	f.program.needs.x86_level = 3;
	expect(&f, "needs a processor of level x86-64-v3, and this machine's is x86-64-v1");
	f.status = 132;
	expect(&f, "x86-64-v3");
	f.x86_level = 3;
	expect(&f, NULL);
	f.x86_level = 0; /* not known */
	expect(&f, NULL);
	f.x86_level = 1;
	f.status = 1;
	expect(&f, NULL);
}

static void level_emulated(void **state)
{
	(void)state;
	struct explain_facts f = ran_elf;
	f.status = 127;
	f.emulator = "/usr/bin/qemu-x86_64-static";
	f.cpu_model = "qemu64";
	f.program.needs.x86_level = 3;
	expect(&f, "the emulator (qemu64) is x86-64-v1: --cpu-model max");
	f.program.needs.x86_level = 4;
	expect(&f, "x86-64-v4");
	f.status = 139;
	expect(&f, NULL);
}

static void levels_of_models(void **state)
{
	(void)state;
	assert_int_equal(explain_model_level(NULL, "7.2.22"), 1);
	assert_int_equal(explain_model_level("qemu64,-sse3", "7.2.22"), 1);
	assert_int_equal(explain_model_level("max", "7.2.22"), 3);
	assert_int_equal(explain_model_level("max", "6.2.0"), 2);
	assert_int_equal(explain_model_level("max", ""), 0);
	assert_int_equal(explain_model_level("Haswell", "7.2.22"), 0);
}

static void versions_that_crash(void **state)
{
	(void)state;
	static const struct { const char *name, *version; bool bad; } cases[] = {
		{ "qemu-aarch64", "5.2.0", true }, { "qemu-aarch64", "7.2.22", true }, { "qemu-aarch64", "8.0.5", true }, { "qemu-aarch64", "8.1.0", false },
		{ "qemu-aarch64", "10.0.13", false }, { "qemu-aarch64", "", false }, { "box64", "0.3.4", false }, { NULL, "7.2.22", false },
	};
	struct explain_facts f = { .status = 139, .arch = "aarch64", .emulator = "/q", .program_arch = "aarch64", .program_runs = true,
		.program = { .kind = PROGRAM_ELF, .path = "/p", .needs = { .elf_class = 2, .zeros_behind_code = true } } };
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		f.emulator_name = cases[i].name;
		f.emulator_version = cases[i].version;
		expect(&f, cases[i].bad ? cases[i].version : NULL);
	}
	f.emulator_name = "qemu-aarch64";
	f.emulator_version = "7.2.22";
	f.status = 134;
	expect(&f, NULL);
	f.status = 139;
	f.program.needs.zeros_behind_code = false;
	expect(&f, NULL);
}

static void old_arm(void **state)
{
	(void)state;
	struct explain_facts f = { .status = 132, .arch = "armv6", .emulator = "/q", .cpu_model = "arm1176", .program_arch = "armv6",
		.program = { .kind = PROGRAM_ELF, .path = "/p", .needs = { .elf_class = 1, .elf_data = 1, .machine = 40, .arm_cpu = 10 } } };
	expect(&f, "/p is built for ARMv7");
	f.program.needs.arm_cpu = 6;
	expect(&f, NULL);
	f.cpu_model = "arm926";
	expect(&f, "built for ARMv6");
	f.cpu_model = "max";
	expect(&f, NULL);
	f.program.needs.arm_cpu = -1;
	f.cpu_model = "arm1176";
	expect(&f, NULL);
}

static void memory(void **state)
{
	(void)state;
	struct explain_facts f = { .status = 137, .arch = "x86_64", .out_of_memory = true, .memory_bytes = 64 << 20 };
	expect(&f, "its limit is 64 MiB");
	f.out_of_memory = false;
	expect(&f, NULL);
}

static void nothing_known(void **state)
{
	(void)state;
	static const int statuses[] = { 1, 2, 126, 127, 132, 134, 135, 136, 137, 139, 143, 255 };
	struct explain_facts f = { .arch = "aarch64", .emulator = "/q", .emulator_version = "7.2.22" };
	for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
		f.status = statuses[i];
		expect(&f, NULL);
	}
	f.status = 0;
	f.error = -ENOENT;
	expect(&f, NULL);
}

/* A 64-bit file whose one program header is a note: GNU, type 5, the property "ISA needed" with v3. */
static void needs_of_x86(void **state)
{
	(void)state;
	uint8_t elf[64 + 56 + 32] = { 0x7f, 'E', 'L', 'F', 2, 1, 1, [16] = 3, [18] = 62, [32] = 64, [54] = 56, [56] = 1 };
	uint8_t *header = elf + 64, *note = elf + 120;
	struct elf_needs needs;
	header[0] = 4;
	header[8] = 120;
	header[32] = 32;
	memcpy(note, "\4\0\0\0\20\0\0\0\5\0\0\0GNU\0\2\200\0\300\4\0\0\0\4\0\0\0", 28);
	assert_int_equal(elf_read(elf, sizeof elf, &needs), 0);
	assert_int_equal(needs.x86_level, 3);
	assert_int_equal(needs.machine, 62);
	assert_false(needs.cut);
	assert_int_equal(elf_read(elf, 100, &needs), 0);
	assert_true(needs.cut);
	assert_int_equal(needs.x86_level, 0);
	assert_int_equal(elf_read("#!/bin/sh", 9, &needs), -1);
}

/* A file of either class whose one program header is a segment at 0x400078 that has 16 bytes in the file and 32 in memory. */
static void zeros_behind_code(void **state)
{
	(void)state;
	enum { EXECUTABLE = 5, WRITABLE = 6 };
	uint8_t wide[64 + 56] = { 0x7f, 'E', 'L', 'F', 2, 1, 1, [16] = 2, [18] = 183, [32] = 64, [54] = 56, [56] = 1,
		[64] = 1, [68] = EXECUTABLE, [80] = 0x78, [82] = 0x40, [96] = 16, [104] = 32 };
	uint8_t narrow[52 + 32] = { 0x7f, 'E', 'L', 'F', 1, 2, 1, [17] = 2, [19] = 8, [31] = 52, [43] = 32, [45] = 1,
		[55] = 1, [61] = 0x40, [63] = 0x78, [71] = 16, [75] = 32, [79] = EXECUTABLE };
	struct elf_needs needs;
	assert_int_equal(elf_read(wide, sizeof wide, &needs), 0);
	assert_true(needs.zeros_behind_code);
	assert_int_equal(elf_read(narrow, sizeof narrow, &needs), 0);
	assert_true(needs.zeros_behind_code);
	wide[68] = narrow[79] = WRITABLE;
	assert_int_equal(elf_read(wide, sizeof wide, &needs), 0);
	assert_false(needs.zeros_behind_code);
	assert_int_equal(elf_read(narrow, sizeof narrow, &needs), 0);
	assert_false(needs.zeros_behind_code);
	wide[68] = EXECUTABLE;
	wide[104] = 16;
	assert_int_equal(elf_read(wide, sizeof wide, &needs), 0);
	assert_false(needs.zeros_behind_code); /* as long as in the file */
	wide[104] = 32;
	wide[80] = 0xf0;
	wide[81] = 0x0f;
	assert_int_equal(elf_read(wide, sizeof wide, &needs), 0);
	assert_false(needs.zeros_behind_code); /* a page's end is the file's: whole pages of zeros are mapped */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(level_natively), cmocka_unit_test(level_emulated), cmocka_unit_test(levels_of_models),
		cmocka_unit_test(versions_that_crash), cmocka_unit_test(old_arm), cmocka_unit_test(memory),
		cmocka_unit_test(nothing_known), cmocka_unit_test(needs_of_x86), cmocka_unit_test(zeros_behind_code),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
