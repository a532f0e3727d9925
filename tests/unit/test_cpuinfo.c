/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_cpuinfo.c: what a guest is told of its CPU, and what /proc/cpuinfo makes of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "binfmt/auxv.h"

#include <elf.h>
#include <endian.h>
#include <string.h>

static void has(const char *arch, struct cpu_capabilities capabilities, unsigned processors, const char *line)
{
	cleanup_buf struct buf text = { 0 };
	assert_true(cpuinfo_text(arch_by_name(arch), &capabilities, processors, &text));
	if (!strstr(text.data, line))
		fail_msg("%s: no \"%s\" in:\n%s", arch, line, text.data);
}

static void features_are_the_capabilities_that_the_guest_has(void **state)
{
	(void)state;
	has("aarch64", (struct cpu_capabilities){ 0x2cbffffb, 0x76181 }, 1, "Features\t: fp asimd aes pmull sha1 sha2 crc32 atomics");
	has("aarch64", (struct cpu_capabilities){ 0xc0000003, 0 }, 1, "Features\t: fp asimd paca pacg\n");
	has("armv5", (struct cpu_capabilities){ 0x97 & ~0x10, 0 }, 1, "CPU architecture: 5TEJ\n");
	has("armv7", (struct cpu_capabilities){ 0x1fb0d7, 0x1f }, 1, "vfpv4 idiva idivt vfpd32 lpae aes pmull sha1 sha2 crc32\n");
	has("riscv64", (struct cpu_capabilities){ 0x112d, 0 }, 1, "isa\t\t: rv64imafdc\n");
	has("riscv64", (struct cpu_capabilities){ 0x20112d, 0 }, 1, "isa\t\t: rv64imafdcv\n");
	has("ppc64le", (struct cpu_capabilities){ 0, 0x800000 }, 1, "cpu\t\t: POWER9 ");
	has("s390x", (struct cpu_capabilities){ 0x3, 0 }, 1, "features\t: esan3 zarch \n");
	has("x86_64", (struct cpu_capabilities){ 1 | 1ull << 26 | 1ull << 32 | 1ull << 52, 1 << 5 | 1ull << 32 }, 1,
		"flags\t\t: fpu sse2 pni sse4_2 syscall nx lm avx2 lahf_lm\n");
	has("i386", (struct cpu_capabilities){ 1 | 1 << 15 | 1 << 10, 0 }, 1, "flags\t\t: fpu cmov\n");
}

static void every_processor_has_its_place(void **state)
{
	(void)state;
	static const char *const arches[] = { "aarch64", "armv7", "riscv64", "ppc64le", "loongarch64", "mips64el" };
	for (size_t i = 0; i < sizeof arches / sizeof *arches; i++) {
		cleanup_buf struct buf text = { 0 };
		int count = 0;
		assert_true(cpuinfo_text(arch_by_name(arches[i]), &(struct cpu_capabilities){ 0 }, 12, &text));
		for (const char *at = text.data; (at = strstr(at, "processor\t")); at++)
			count += at == text.data || at[-1] == '\n';
		assert_int_equal(count, 12);
	}
	has("s390x", (struct cpu_capabilities){ 0 }, 12, "# processors    : 12\n");
	has("s390x", (struct cpu_capabilities){ 0 }, 12, "processor 11: ");
	has("s390x", (struct cpu_capabilities){ 0 }, 12, "machine = 0000\n\ncpu number      : 0\n");
	has("s390x", (struct cpu_capabilities){ 0 }, 12, "\n\ncpu number      : 11\n");
}

static void x86_of_which_nothing_was_found_out_has_no_text(void **state)
{
	(void)state;
	cleanup_buf struct buf text = { 0 };
	assert_false(cpuinfo_text(arch_by_name("x86_64"), &(struct cpu_capabilities){ 0 }, 1, &text));
}

static void answers_of_cpuid_are_read(void **state)
{
	(void)state;
	static const uint64_t wide[] = { 0x1781abfd, 0x80202001, 0x200, 0x21 };
	static const uint32_t narrow[] = { 0x1781abfd, 0x80202001, 0x200, 0x21 };
	struct cpu_capabilities found = { 0 };
	assert_true(auxv_read(arch_by_name("x86_64"), wide, sizeof wide, &found));
	assert_true(found.hwcap == 0x802020011781abfd && found.hwcap2 == 0x2100000200);
	found = (struct cpu_capabilities){ 0 };
	assert_true(auxv_read(arch_by_name("i386"), narrow, sizeof narrow, &found));
	assert_true(found.hwcap == 0x802020011781abfd && found.hwcap2 == 0x2100000200);
	assert_false(auxv_read(arch_by_name("i386"), narrow, sizeof narrow - 1, &found));
}

static void a_stack_of_either_class_and_byte_order_is_read(void **state)
{
	(void)state;
	static const uint64_t little[] = { 1, 0x1000, 0, 0x2000, 0x3000, 0, AT_PAGESZ, 4096, AT_HWCAP, 0x2cb, AT_HWCAP2, 7, AT_NULL, 0 };
	const uint32_t big[] = { htobe32(0), 0, 0, htobe32(AT_HWCAP), htobe32(9), 0, 0 };
	struct cpu_capabilities found = { 0 };
	assert_true(auxv_read(arch_by_name("aarch64"), little, sizeof little, &found));
	assert_int_equal(found.hwcap, 0x2cb);
	assert_int_equal(found.hwcap2, 7);
	assert_true(auxv_read(arch_by_name("mips"), big, sizeof big, &found));
	assert_int_equal(found.hwcap, 9);
	for (size_t len = 0; len < sizeof little - 16; len++)
		assert_false(auxv_read(arch_by_name("aarch64"), little, len, &found));
}

static void the_program_is_an_elf_file_of_its_architecture(void **state)
{
	(void)state;
	static const char *const arches[] = { "aarch64", "armv7", "riscv64", "ppc64le", "ppc64", "s390x", "loongarch64", "x86_64", "i386" };
	uint8_t program[AUXV_PROGRAM_ROOM];
	for (size_t i = 0; i < sizeof arches / sizeof *arches; i++) {
		size_t size = auxv_program(arch_by_name(arches[i]), program);
		assert_in_range(size, 52 + 32 + 20, sizeof program);
		assert_ptr_equal(arch_by_elf(program, size), arch_by_name(arches[i]));
	}
	assert_int_equal(auxv_program(arch_by_name("mips"), program), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(features_are_the_capabilities_that_the_guest_has),
		cmocka_unit_test(every_processor_has_its_place),
		cmocka_unit_test(x86_of_which_nothing_was_found_out_has_no_text),
		cmocka_unit_test(answers_of_cpuid_are_read),
		cmocka_unit_test(a_stack_of_either_class_and_byte_order_is_read),
		cmocka_unit_test(the_program_is_an_elf_file_of_its_architecture),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
