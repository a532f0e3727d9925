/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_arch.c: the names of architectures, their ELF headers, and the rules that the kernel gets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "binfmt/arch.h"
#include "binfmt/binfmt.h"
#include "binfmt/elf.h"
#include "src/base/fd.h"

#include <ctype.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const char *name_of(const struct arch *arch)
{
	return arch ? arch->name : "none";
}

/* Names. */

static void every_name_that_people_use_is_known(void **state)
{
	(void)state;
	static const struct {
		const char *arch, *names[16];
	} cases[] = {
		{ "x86_64", { "x86_64", "amd64", "x86-64", "x64", "linux/amd64", "linux/amd64/v1" } },
		{ "i386", { "i386", "386", "i486", "i586", "i686", "x86", "linux/386" } },
		{ "aarch64", { "aarch64", "arm64", "arm64v8", "armv8", "arm64/v8", "linux/arm64", "linux/arm64/v8" } },
		{ "armv7", { "armv7", "arm", "armhf", "armv7l", "armv7hl", "arm32v7", "armv8l", "arm/v7", "linux/arm", "linux/arm/v7" } },
		{ "armv6", { "armv6", "armv6l", "arm32v6", "arm/v6", "linux/arm/v6" } },
		{ "armv5", { "armv5", "armel", "armv5l", "armv5tel", "arm32v5", "arm/v5", "linux/arm/v5" } },
		{ "riscv64", { "riscv64", "riscv64gc", "rv64", "linux/riscv64" } },
		{ "ppc64le", { "ppc64le", "ppc64el", "powerpc64le", "linux/ppc64le" } },
		{ "s390x", { "s390x", "linux/s390x" } },
		{ "mips64el", { "mips64el", "mips64le", "linux/mips64le" } },
		{ "mipsel", { "mipsel", "mipsle", "linux/mipsle" } },
		{ "loongarch64", { "loongarch64", "loong64", "linux/loong64" } },
		{ "ppc64", { "ppc64", "powerpc64", "linux/ppc64" } },
		{ "mips64", { "mips64", "linux/mips64" } },
		{ "mips", { "mips", "linux/mips" } },
	};
	size_t count;
	arch_table(&count);
	assert_int_equal(COUNT(cases), count);
	for (size_t i = 0; i < COUNT(cases); i++)
		for (const char *const *name = cases[i].names; *name; name++)
			if (!str_eq(name_of(arch_by_name(*name)), cases[i].arch))
				fail_msg("%s means %s, not %s", *name, name_of(arch_by_name(*name)), cases[i].arch);
}

static void names_may_be_in_any_case(void **state)
{
	(void)state;
	assert_string_equal(name_of(arch_by_name("AARCH64")), "aarch64");
	assert_string_equal(name_of(arch_by_name("Linux/ARM64/V8")), "aarch64");
}

static void other_names_are_unknown(void **state)
{
	(void)state;
	static const char *const names[] = { "", " ", "linux", "linux/", "/", "linux//arm64", "linux/linux/arm64", "windows/amd64",
		"x86_64 ", "arm64/", "arm/v9", "arm/v77", "amd64/v8", "aarch64_be", "armeb", "sparc64", "riscv32", "native", "qemu-arm" };
	for (size_t i = 0; i < COUNT(names); i++)
		if (arch_by_name(names[i]))
			fail_msg("'%s' means %s", names[i], arch_by_name(names[i])->name);
}

static void no_name_means_two_architectures(void **state)
{
	(void)state;
	size_t count;
	const struct arch *table = arch_table(&count);
	for (size_t i = 0; i < count; i++) {
		assert_ptr_equal(arch_by_name(table[i].name), &table[i]);
		for (const char *const *alias = table[i].aliases; *alias; alias++) {
			assert_ptr_equal(arch_by_name(*alias), &table[i]);
			for (const char *c = *alias; *c; c++)
				assert_false(isupper((unsigned char)*c));
		}
	}
}

/* OCI platforms. */

static void every_architecture_is_found_by_its_platform(void **state)
{
	(void)state;
	size_t count;
	const struct arch *table = arch_table(&count);
	for (size_t i = 0; i < count; i++) {
		assert_ptr_equal(arch_by_platform(table[i].oci_arch, table[i].oci_variant), &table[i]);
		cleanup_free char *name = str_fmt("linux/%s%s%s", table[i].oci_arch, *table[i].oci_variant ? "/" : "", table[i].oci_variant);
		assert_ptr_equal(arch_by_name(name), &table[i]);
	}
}

static void a_platform_without_variant_is_the_usual_one(void **state)
{
	(void)state;
	assert_string_equal(name_of(arch_by_platform("arm", "")), "armv7");
	assert_string_equal(name_of(arch_by_platform("arm64", "")), "aarch64");
	assert_string_equal(name_of(arch_by_platform("amd64", "")), "x86_64");
}

static void a_variant_chooses_among_arms(void **state)
{
	(void)state;
	assert_string_equal(name_of(arch_by_platform("arm", "v7")), "armv7");
	assert_string_equal(name_of(arch_by_platform("arm", "v6")), "armv6");
	assert_string_equal(name_of(arch_by_platform("arm", "v5")), "armv5");
}

static void a_variant_that_is_not_in_the_table_has_the_same_emulator(void **state)
{
	(void)state;
	assert_string_equal(name_of(arch_by_platform("amd64", "v3")), "x86_64");
	assert_string_equal(name_of(arch_by_platform("arm64", "v9")), "aarch64");
}

static void platforms_have_their_oci_names_only(void **state)
{
	(void)state;
	static const char *const names[] = { "", "x86_64", "aarch64", "ARM64", "i386", "mips64el", "unknown", "wasm" };
	for (size_t i = 0; i < COUNT(names); i++)
		assert_null(arch_by_platform(names[i], ""));
}

/* ELF headers: class, data encoding, version, OSABI; then e_type and e_machine as they stand in the file. */

#define ELF_HEADER(bits, data, osabi, ...) { 0x7f, 'E', 'L', 'F', bits, data, 1, osabi, 0, 0, 0, 0, 0, 0, 0, 0, __VA_ARGS__ }

static void programs_are_recognised_by_their_header(void **state)
{
	(void)state;
	static const struct {
		const char *arch;
		uint8_t header[ARCH_MAGIC_SIZE];
	} cases[] = {
		{ "x86_64", ELF_HEADER(2, 1, 0, 0x03, 0x00, 0x3e, 0x00) },  /* position-independent */
		{ "x86_64", ELF_HEADER(2, 1, 3, 0x02, 0x00, 0x3e, 0x00) },  /* static, of OSABI GNU */
		{ "i386", ELF_HEADER(1, 1, 0, 0x02, 0x00, 0x03, 0x00) },
		{ "aarch64", ELF_HEADER(2, 1, 0, 0x03, 0x00, 0xb7, 0x00) },
		{ "aarch64", ELF_HEADER(2, 1, 3, 0x02, 0x00, 0xb7, 0x00) },
		{ "armv7", ELF_HEADER(1, 1, 0, 0x02, 0x00, 0x28, 0x00) },
		{ "riscv64", ELF_HEADER(2, 1, 0, 0x03, 0x00, 0xf3, 0x00) },
		{ "ppc64le", ELF_HEADER(2, 1, 0, 0x03, 0x00, 0x15, 0x00) },
		{ "ppc64", ELF_HEADER(2, 2, 0, 0x00, 0x02, 0x00, 0x15) },
		{ "s390x", ELF_HEADER(2, 2, 0, 0x00, 0x03, 0x00, 0x16) },
		{ "s390x", ELF_HEADER(2, 2, 3, 0x00, 0x02, 0x00, 0x16) },
		{ "mips64el", ELF_HEADER(2, 1, 0, 0x03, 0x00, 0x08, 0x00) },
		{ "mips64", ELF_HEADER(2, 2, 0, 0x00, 0x03, 0x00, 0x08) },
		{ "mipsel", ELF_HEADER(1, 1, 0, 0x02, 0x00, 0x08, 0x00) },
		{ "mips", ELF_HEADER(1, 2, 0, 0x00, 0x02, 0x00, 0x08) },
		{ "loongarch64", ELF_HEADER(2, 1, 0, 0x03, 0x00, 0x02, 0x01) },
	};
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_string_equal(name_of(arch_by_elf(cases[i].header, ARCH_MAGIC_SIZE)), cases[i].arch);
}

static void neighbours_are_not_mistaken_for_them(void **state)
{
	(void)state;
	static const struct {
		const char *what;
		uint8_t header[ARCH_MAGIC_SIZE];
	} cases[] = {
		{ "x32", ELF_HEADER(1, 1, 0, 0x02, 0x00, 0x3e, 0x00) },
		{ "64-bit i386", ELF_HEADER(2, 1, 0, 0x02, 0x00, 0x03, 0x00) },
		{ "big-endian aarch64", ELF_HEADER(2, 2, 0, 0x00, 0x02, 0x00, 0xb7) },
		{ "aarch64 ilp32", ELF_HEADER(1, 1, 0, 0x02, 0x00, 0xb7, 0x00) },
		{ "big-endian arm", ELF_HEADER(1, 2, 0, 0x00, 0x02, 0x00, 0x28) },
		{ "riscv32", ELF_HEADER(1, 1, 0, 0x02, 0x00, 0xf3, 0x00) },
		{ "ppc", ELF_HEADER(1, 2, 0, 0x00, 0x02, 0x00, 0x14) },
		{ "31-bit s390", ELF_HEADER(1, 2, 0, 0x00, 0x02, 0x00, 0x16) },
		{ "loongarch32", ELF_HEADER(1, 1, 0, 0x02, 0x00, 0x02, 0x01) },
		{ "sparc64", ELF_HEADER(2, 2, 0, 0x00, 0x02, 0x00, 0x2b) },
		{ "alpha", ELF_HEADER(2, 1, 0, 0x02, 0x00, 0x26, 0x90) },
		{ "m68k", ELF_HEADER(1, 2, 0, 0x00, 0x02, 0x00, 0x04) },
		{ "sh4", ELF_HEADER(1, 1, 0, 0x02, 0x00, 0x2a, 0x00) },
		{ "machine 0x013e", ELF_HEADER(2, 1, 0, 0x02, 0x00, 0x3e, 0x01) },
		{ "machine 2, swapped", ELF_HEADER(2, 1, 0, 0x02, 0x00, 0x01, 0x02) },
	};
	for (size_t i = 0; i < COUNT(cases); i++)
		if (arch_by_elf(cases[i].header, ARCH_MAGIC_SIZE))
			fail_msg("%s is taken for %s", cases[i].what, arch_by_elf(cases[i].header, ARCH_MAGIC_SIZE)->name);
}

static void only_programs_are_taken_not_objects_or_cores(void **state)
{
	(void)state;
	static const uint8_t headers[][ARCH_MAGIC_SIZE] = {
		ELF_HEADER(2, 1, 0, 0x00, 0x00, 0xb7, 0x00), ELF_HEADER(2, 1, 0, 0x01, 0x00, 0xb7, 0x00),
		ELF_HEADER(2, 1, 0, 0x04, 0x00, 0xb7, 0x00), ELF_HEADER(2, 1, 0, 0x02, 0xff, 0xb7, 0x00),
		ELF_HEADER(2, 2, 0, 0x00, 0x01, 0x00, 0x16), ELF_HEADER(2, 2, 0, 0x02, 0x00, 0x00, 0x16),
	};
	for (size_t i = 0; i < COUNT(headers); i++)
		assert_null(arch_by_elf(headers[i], ARCH_MAGIC_SIZE));
}

static void damaged_and_short_headers_are_nothing(void **state)
{
	(void)state;
	static const uint8_t sound[ARCH_MAGIC_SIZE] = ELF_HEADER(2, 1, 0, 0x02, 0x00, 0xb7, 0x00);
	for (size_t i = 0; i < 7; i++) { /* ELF magic, class, data encoding, version */
		uint8_t damaged[ARCH_MAGIC_SIZE];
		memcpy(damaged, sound, sizeof damaged);
		damaged[i] ^= 0x80;
		assert_null(arch_by_elf(damaged, sizeof damaged));
	}
	assert_null(arch_by_elf(sound, ARCH_MAGIC_SIZE - 1));
	assert_null(arch_by_elf("", 0));
	assert_null(arch_by_elf("#!/bin/sh\necho this is a script\n", 31));
}

static void the_table_agrees_with_its_own_headers(void **state)
{
	(void)state;
	size_t count;
	const struct arch *table = arch_table(&count);
	for (size_t i = 0; i < count; i++) {
		const struct arch *found = arch_by_elf(table[i].magic, ARCH_MAGIC_SIZE);
		assert_non_null(found);
		assert_string_equal(found->qemu, table[i].qemu); /* arm's variants share one */
		assert_int_equal(table[i].magic[4], table[i].elf_class);
		assert_int_equal(table[i].magic[5], table[i].elf_data);
		unsigned low = table[i].magic[table[i].elf_data == 1 ? 18 : 19], high = table[i].magic[table[i].elf_data == 1 ? 19 : 18];
		assert_int_equal(high << 8 | low, table[i].elf_machine);
	}
}

/* What the kernel does with a handler's magic and mask. */
static bool kernel_matches(const struct arch *arch, const uint8_t *header)
{
	for (int i = 0; i < ARCH_MAGIC_SIZE; i++)
		if ((header[i] ^ arch->magic[i]) & arch->mask[i])
			return false;
	return true;
}

static void no_handler_catches_another_emulators_programs(void **state)
{
	(void)state;
	size_t count;
	const struct arch *table = arch_table(&count);
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < count; j++)
			assert_int_equal(kernel_matches(&table[i], table[j].magic), str_eq(table[i].qemu, table[j].qemu));
}

static void this_program_is_of_the_hosts_architecture(void **state)
{
	(void)state;
	uint8_t header[64];
	cleanup_fd int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	assert_int_equal(read(fd, header, sizeof header), sizeof header);
	assert_ptr_equal(arch_by_elf(header, sizeof header), arch_host());
}

/* The line for the kernel's register file. */

static void a_rule_has_the_form_that_the_kernel_documents(void **state)
{
	(void)state;
	cleanup_buf struct buf rule = { 0 };
	binfmt_rule(&rule, arch_by_name("aarch64"), "/usr/bin/qemu-aarch64-static", "POCF");
	assert_string_equal(rule.data,
		":xrun-aarch64:M:0:"
		"\\x7f\\x45\\x4c\\x46\\x02\\x01\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x02\\x00\\xb7\\x00:"
		"\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\xfe\\xff\\xff\\xff:"
		"/usr/bin/qemu-aarch64-static:POCF");
}

static void a_big_endian_rule_looks_at_the_other_byte_of_the_type(void **state)
{
	(void)state;
	cleanup_buf struct buf rule = { 0 };
	binfmt_rule(&rule, arch_by_name("s390x"), "/q", "F");
	assert_string_equal(rule.data,
		":xrun-s390x:M:0:"
		"\\x7f\\x45\\x4c\\x46\\x02\\x02\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x02\\x00\\x16:"
		"\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\xff\\xfe\\xff\\xff:"
		"/q:F");
}

static void the_arms_have_one_rule(void **state)
{
	(void)state;
	cleanup_buf struct buf seven = { 0 }, five = { 0 };
	binfmt_rule(&seven, arch_by_name("armv7"), "/q", "F");
	binfmt_rule(&five, arch_by_name("armel"), "/q", "F");
	assert_string_equal(seven.data, five.data);
	assert_true(str_starts(seven.data, ":xrun-arm:M:"));
}

/* Program headers, in files of `len` bytes and not one more, so that a sanitizer sees what is read beyond. */

struct elf_file {
	bool wide, big;
	uint64_t table;         /* e_phoff */
	unsigned size, count;   /* e_phentsize, e_phnum */
	size_t len;
	uint32_t types[4];      /* of the first headers */
};

static void put(uint8_t *file, const struct elf_file *elf, uint64_t at, int size, uint64_t value)
{
	for (int i = 0; i < size; i++)
		if (at + size <= elf->len)
			file[at + (elf->big ? size - 1 - i : i)] = (uint8_t)(value >> (8 * i));
}

static int has_interpreter(struct elf_file elf)
{
	uint8_t *file = mem_new(elf.len);
	const uint8_t ident[] = { 0x7f, 'E', 'L', 'F', elf.wide ? 2 : 1, elf.big ? 2 : 1, 1 };
	memcpy(file, ident, sizeof ident);
	put(file, &elf, elf.wide ? 32 : 28, elf.wide ? 8 : 4, elf.table);
	put(file, &elf, elf.wide ? 54 : 42, 2, elf.size);
	put(file, &elf, elf.wide ? 56 : 44, 2, elf.count);
	for (unsigned i = 0; i < COUNT(elf.types) && i < elf.count; i++)
		if (elf.types[i])
			put(file, &elf, elf.table + (uint64_t)i * elf.size, 4, elf.types[i]);
	int answer = elf_has_interpreter(file, elf.len);
	free(file);
	return answer;
}

static void a_loader_is_found_in_either_class_and_byte_order(void **state)
{
	(void)state;
	for (int kind = 0; kind < 4; kind++) {
		struct elf_file elf = { .wide = kind & 1, .big = kind & 2, .table = 64, .size = kind & 1 ? 56 : 32, .count = 3, .len = 400,
			.types = { 6, 1, 3 } };
		assert_int_equal(has_interpreter(elf), 1);
		elf.types[2] = 2;
		assert_int_equal(has_interpreter(elf), 0);
	}
}

static void the_last_header_may_end_with_what_was_read(void **state)
{
	(void)state;
	struct elf_file elf = { .wide = true, .table = 64, .size = 56, .count = 2, .len = 64 + 2 * 56, .types = { 1, 3 } };
	assert_int_equal(has_interpreter(elf), 1);
	elf.len--;
	assert_int_equal(has_interpreter(elf), -1);
}

static void headers_beyond_what_was_read_are_unsound(void **state)
{
	(void)state;
	static const struct elf_file cases[] = {
		{ .wide = true, .table = 4096, .size = 56, .count = 1, .len = 4096 },
		{ .wide = true, .table = UINT64_MAX, .size = 56, .count = 1, .len = 4096 },
		{ .wide = true, .table = UINT64_MAX - 55, .size = 56, .count = 1, .len = 4096 },
		{ .wide = true, .table = 1ULL << 63, .size = 65535, .count = 65535, .len = 4096 },
		{ .wide = true, .table = 64, .size = 65535, .count = 65535, .len = 4096 },
		{ .table = UINT32_MAX, .size = 32, .count = 1, .len = 4096 },
		{ .table = 52, .size = 3, .count = 1, .len = 4096 },
		{ .wide = true, .table = 64, .size = 0, .count = 5, .len = 4096 },
	};
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(has_interpreter(cases[i]), -1);
}

static void what_is_no_elf_file_is_unsound(void **state)
{
	(void)state;
	uint8_t file[64] = { 0x7f, 'E', 'L', 'F', 2, 1, 1 };
	file[54] = 56;
	assert_int_equal(elf_has_interpreter(file, sizeof file), 0);
	assert_int_equal(elf_has_interpreter(file, 63), -1);
	assert_int_equal(elf_has_interpreter(file, 0), -1);
	for (int i = 0; i < 6; i++) {
		uint8_t kept = file[i];
		file[i] = 0;
		assert_int_equal(elf_has_interpreter(file, sizeof file), -1);
		file[i] = kept;
	}
	file[4] = 3;
	assert_int_equal(elf_has_interpreter(file, sizeof file), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_name_that_people_use_is_known),
		cmocka_unit_test(names_may_be_in_any_case),
		cmocka_unit_test(other_names_are_unknown),
		cmocka_unit_test(no_name_means_two_architectures),
		cmocka_unit_test(every_architecture_is_found_by_its_platform),
		cmocka_unit_test(a_platform_without_variant_is_the_usual_one),
		cmocka_unit_test(a_variant_chooses_among_arms),
		cmocka_unit_test(a_variant_that_is_not_in_the_table_has_the_same_emulator),
		cmocka_unit_test(platforms_have_their_oci_names_only),
		cmocka_unit_test(programs_are_recognised_by_their_header),
		cmocka_unit_test(neighbours_are_not_mistaken_for_them),
		cmocka_unit_test(only_programs_are_taken_not_objects_or_cores),
		cmocka_unit_test(damaged_and_short_headers_are_nothing),
		cmocka_unit_test(the_table_agrees_with_its_own_headers),
		cmocka_unit_test(no_handler_catches_another_emulators_programs),
		cmocka_unit_test(this_program_is_of_the_hosts_architecture),
		cmocka_unit_test(a_rule_has_the_form_that_the_kernel_documents),
		cmocka_unit_test(a_big_endian_rule_looks_at_the_other_byte_of_the_type),
		cmocka_unit_test(the_arms_have_one_rule),
		cmocka_unit_test(a_loader_is_found_in_either_class_and_byte_order),
		cmocka_unit_test(the_last_header_may_end_with_what_was_read),
		cmocka_unit_test(headers_beyond_what_was_read_are_unsound),
		cmocka_unit_test(what_is_no_elf_file_is_unsound),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
