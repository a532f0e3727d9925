/* SPDX-License-Identifier: GPL-2.0-or-later */
/* auxv.c owns finding out what a guest is told of its CPU. */
#include "binfmt/auxv.h"

#include "src/base/str.h"

#include <elf.h>
#include <string.h>

enum { MAX_WORDS = 14, LOAD_ADDRESS = 0x400000, X86_ANSWERS = 4 };

/*
 * write(1, stack pointer, AUXV_STACK); exit(0), in words of the architecture's byte order; its ABI's e_flags. x86 is told little
 * in the auxiliary vector: its programs push what cpuid says, ecx of leaf 0x80000001, ebx of 7, ecx and edx of 1, and write that.
 */
static const struct {
	const char *arch;
	uint32_t flags, words[MAX_WORDS];
} codes[] = {
	{ "aarch64", 0, { 0xd2800020, 0x910003e1, 0xd2808002, 0xd2800808, 0xd4000001, 0xd2800000, 0xd2800ba8, 0xd4000001 } },
	{ "arm", 0x05000200, { 0xe3a00001, 0xe1a0100d, 0xe3a02b01, 0xe3a07004, 0xef000000, 0xe3a00000, 0xe3a07001, 0xef000000 } },
	{ "riscv64", 0x5, { 0x00100513, 0x00010593, 0x40000613, 0x04000893, 0x00000073, 0x00000513, 0x05d00893, 0x00000073 } },
	{ "ppc64le", 2, { 0x38600001, 0x7c240b78, 0x38a00400, 0x38000004, 0x44000002, 0x38600000, 0x38000001, 0x44000002 } },
	{ "ppc64", 2, { 0x38600001, 0x7c240b78, 0x38a00400, 0x38000004, 0x44000002, 0x38600000, 0x38000001, 0x44000002 } },
	{ "s390x", 0, { 0xa7290001, 0xb904003f, 0xa7490400, 0x0a04a729, 0x00000a01 } },
	{ "loongarch64", 0x43, { 0x03800404, 0x00150065, 0x03900006, 0x0381000b, 0x002b0000, 0x03800004, 0x0381740b, 0x002b0000 } },
	{ "x86_64", 0, { 0x000001b8, 0x51a20f80, 0x000007b8, 0x0fc93100, 0x01b853a2, 0x0f000000, 0xbf5251a2, 0x00000001,
		0xbae68948, 0x00000020, 0x000001b8, 0x31050f00, 0x003cb8ff, 0x050f0000 } },
	{ "i386", 0, { 0x000001b8, 0x51a20f80, 0x000007b8, 0x0fc93100, 0x01b853a2, 0x0f000000, 0xbb5251a2, 0x00000001,
		0x10bae189, 0xb8000000, 0x00000004, 0xdb3180cd, 0x000001b8, 0x9080cd00 } },
};

static void put(const struct arch *arch, uint8_t **at, uint64_t value, int size)
{
	for (int i = 0; i < size; i++)
		(*at)[arch->elf_data == ELFDATA2MSB ? size - 1 - i : i] = value >> (8 * i);
	*at += size;
}

/* elf(5). Words are 4 or 8 bytes, by the class. */
static uint8_t *put_headers(const struct arch *arch, uint32_t flags, size_t code_size, uint8_t *elf)
{
	bool wide = arch->elf_class == ELFCLASS64;
	int word = wide ? 8 : 4, header_size = wide ? 64 : 52, segment_size = wide ? 56 : 32;
	uint64_t size = header_size + segment_size + code_size;
	const uint64_t entry = LOAD_ADDRESS + header_size + segment_size;
	uint8_t *at = elf + 16;
	memcpy(elf, (uint8_t[16]){ 0x7f, 'E', 'L', 'F', arch->elf_class, arch->elf_data, 1 }, 16);
	put(arch, &at, ET_EXEC, 2);
	put(arch, &at, arch->elf_machine, 2);
	put(arch, &at, 1, 4);
	put(arch, &at, entry, word);
	put(arch, &at, header_size, word);
	put(arch, &at, 0, word);
	put(arch, &at, flags, 4);
	const uint16_t sizes[] = { header_size, segment_size, 1, 0, 0, 0 };
	for (size_t i = 0; i < 6; i++)
		put(arch, &at, sizes[i], 2);
	put(arch, &at, PT_LOAD, 4);
	if (wide)
		put(arch, &at, PF_R | PF_X, 4);
	const uint64_t fields[] = { 0, LOAD_ADDRESS, LOAD_ADDRESS, size, size };
	for (size_t i = 0; i < 5; i++)
		put(arch, &at, fields[i], word);
	if (!wide)
		put(arch, &at, PF_R | PF_X, 4);
	put(arch, &at, 0x10000, word);
	return at;
}

size_t auxv_program(const struct arch *arch, uint8_t ret_program[AUXV_PROGRAM_ROOM])
{
	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
		if (!str_eq(codes[i].arch, arch->qemu))
			continue;
		uint8_t *at = put_headers(arch, codes[i].flags, sizeof codes[i].words, ret_program);
		for (int word = 0; word < MAX_WORDS; word++)
			put(arch, &at, codes[i].words[word], 4);
		return at - ret_program;
	}
	return 0;
}

static uint64_t get(const struct arch *arch, const uint8_t *at, int size)
{
	uint64_t value = 0;
	for (int i = 0; i < size; i++)
		value = value << 8 | at[arch->elf_data == ELFDATA2MSB ? i : size - 1 - i];
	return value;
}

static bool is_x86(const struct arch *arch)
{
	return str_eq(arch->qemu, "x86_64") || str_eq(arch->qemu, "i386");
}

static bool read_x86(const struct arch *arch, const uint8_t *answers, size_t len, struct cpu_capabilities *ret_capabilities)
{
	int word = arch->elf_class == ELFCLASS64 ? 8 : 4;
	uint64_t values[X86_ANSWERS]; /* what was pushed last comes first */
	if (len < (size_t)X86_ANSWERS * word)
		return false;
	for (int i = 0; i < X86_ANSWERS; i++)
		values[i] = get(arch, answers + i * word, 4);
	*ret_capabilities = (struct cpu_capabilities){ values[0] | values[1] << 32, values[2] | values[3] << 32 };
	return true;
}

bool auxv_read(const struct arch *arch, const void *stack, size_t len, struct cpu_capabilities *ret_capabilities)
{
	struct cpu_capabilities found = { 0 };
	int word = arch->elf_class == ELFCLASS64 ? 8 : 4, lists = 2;
	if (len < (size_t)word)
		return false;
	if (is_x86(arch))
		return read_x86(arch, stack, len, ret_capabilities);
	const uint8_t *at = stack, *end = at + len;
	for (at += word; lists && end - at >= word; at += word) /* past argc, argv and the environment, which end with 0 */
		lists -= get(arch, at, word) == 0;
	for (; end - at >= 2 * word; at += 2 * word) {
		uint64_t type = get(arch, at, word), value = get(arch, at + word, word);
		if (type == AT_HWCAP)
			found.hwcap = value;
		else if (type == AT_HWCAP2)
			found.hwcap2 = value;
		if (type != AT_NULL)
			continue;
		*ret_capabilities = found;
		return true;
	}
	return false;
}
