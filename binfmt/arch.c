/* SPDX-License-Identifier: GPL-2.0-or-later */
/* arch.c owns the one table of CPU architectures. */
#include "binfmt/arch.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* elf(5): classes, data encodings, and e_machine numbers. */
enum { BITS32 = 1, BITS64 = 2, LITTLE = 1, BIG = 2 };

/*
 * Compared: the ELF magic, class, data encoding and version; then e_type, where 2 (EXEC) and 3 (DYN) pass, and
 * e_machine. Not compared: OSABI (glibc marks some programs GNU, 3), the ABI's version and padding. The o32 and n32 ABIs
 * of 32-bit mips differ only in e_flags, which lie beyond what is looked at here: both go to the o32 emulator.
 */
#define HEAD(bits, data) 0x7f, 'E', 'L', 'F', bits, data, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0
#define HEAD_MASK 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0
#define LITTLE_ENDIAN_ELF(bits, machine)                                                                           \
	.elf_class = bits, .elf_data = LITTLE, .elf_machine = machine,                                             \
	.magic = { HEAD(bits, LITTLE), 2, 0, (machine) & 0xff, (machine) >> 8 }, .mask = { HEAD_MASK, 0xfe, 0xff, 0xff, 0xff }
#define BIG_ENDIAN_ELF(bits, machine)                                                                              \
	.elf_class = bits, .elf_data = BIG, .elf_machine = machine,                                                \
	.magic = { HEAD(bits, BIG), 0, 2, (machine) >> 8, (machine) & 0xff }, .mask = { HEAD_MASK, 0xff, 0xfe, 0xff, 0xff }
#define NAMES(...) .aliases = (const char *const[]){ __VA_ARGS__, NULL }

static const struct arch table[] = {
	{ .name = "x86_64", .oci_arch = "amd64", .oci_variant = "", .qemu = "x86_64", .uname = "x86_64",
		NAMES("amd64", "x86-64", "x64", "amd64/v1"), LITTLE_ENDIAN_ELF(BITS64, 62) },
	{ .name = "i386", .oci_arch = "386", .oci_variant = "", .qemu = "i386", .uname = "i686",
		NAMES("386", "i486", "i586", "i686", "x86", "x86_32"), LITTLE_ENDIAN_ELF(BITS32, 3) },
	{ .name = "aarch64", .oci_arch = "arm64", .oci_variant = "v8", .qemu = "aarch64", .uname = "aarch64",
		NAMES("arm64", "arm64/v8", "arm64v8", "armv8", "aarch64le"), LITTLE_ENDIAN_ELF(BITS64, 183) },
	{ .name = "armv7", .oci_arch = "arm", .oci_variant = "v7", .qemu = "arm", .uname = "armv7l",
		NAMES("arm", "armhf", "arm/v7", "armv7l", "armv7hl", "armv7a", "arm32v7", "arm/7", "armv8l"),
		LITTLE_ENDIAN_ELF(BITS32, 40) },
	{ .name = "armv6", .oci_arch = "arm", .oci_variant = "v6", .qemu = "arm", .uname = "armv6l",
		NAMES("arm/v6", "armv6l", "armv6hf", "arm32v6", "arm/6"), LITTLE_ENDIAN_ELF(BITS32, 40) },
	{ .name = "armv5", .oci_arch = "arm", .oci_variant = "v5", .qemu = "arm", .uname = "armv5tel",
		NAMES("armel", "arm/v5", "armv5l", "armv5tel", "armv5te", "arm32v5", "arm/5"), LITTLE_ENDIAN_ELF(BITS32, 40) },
	{ .name = "riscv64", .oci_arch = "riscv64", .oci_variant = "", .qemu = "riscv64", .uname = "riscv64",
		NAMES("riscv", "riscv64gc", "rv64"), LITTLE_ENDIAN_ELF(BITS64, 243) },
	{ .name = "ppc64le", .oci_arch = "ppc64le", .oci_variant = "", .qemu = "ppc64le", .uname = "ppc64le",
		NAMES("ppc64el", "powerpc64le", "power64le"), LITTLE_ENDIAN_ELF(BITS64, 21) },
	{ .name = "s390x", .oci_arch = "s390x", .oci_variant = "", .qemu = "s390x", .uname = "s390x",
		NAMES("s390", "systemz", "zarch"), BIG_ENDIAN_ELF(BITS64, 22) },
	{ .name = "mips64el", .oci_arch = "mips64le", .oci_variant = "", .qemu = "mips64el", .uname = "mips64",
		NAMES("mips64le"), LITTLE_ENDIAN_ELF(BITS64, 8) },
	{ .name = "mipsel", .oci_arch = "mipsle", .oci_variant = "", .qemu = "mipsel", .uname = "mips",
		NAMES("mipsle", "mips32el"), LITTLE_ENDIAN_ELF(BITS32, 8) },
	{ .name = "loongarch64", .oci_arch = "loong64", .oci_variant = "", .qemu = "loongarch64", .uname = "loongarch64",
		NAMES("loong64", "loongarch"), LITTLE_ENDIAN_ELF(BITS64, 258) },
	{ .name = "ppc64", .oci_arch = "ppc64", .oci_variant = "", .qemu = "ppc64", .uname = "ppc64",
		NAMES("powerpc64"), BIG_ENDIAN_ELF(BITS64, 21) },
	{ .name = "mips64", .oci_arch = "mips64", .oci_variant = "", .qemu = "mips64", .uname = "mips64",
		NAMES("mips64be"), BIG_ENDIAN_ELF(BITS64, 8) },
	{ .name = "mips", .oci_arch = "mips", .oci_variant = "", .qemu = "mips", .uname = "mips",
		NAMES("mipsbe", "mips32"), BIG_ENDIAN_ELF(BITS32, 8) },
};
enum { TABLE_COUNT = sizeof table / sizeof *table };

const struct arch *arch_table(size_t *ret_count)
{
	*ret_count = TABLE_COUNT;
	return table;
}

static bool has_name(const struct arch *arch, const char *name)
{
	if (strcasecmp(arch->name, name) == 0)
		return true;
	for (const char *const *alias = arch->aliases; *alias; alias++)
		if (strcasecmp(*alias, name) == 0)
			return true;
	return false;
}

const struct arch *arch_by_name(const char *name)
{
	static const char prefix[] = "linux/";
	if (strncasecmp(name, prefix, sizeof prefix - 1) == 0)
		name += sizeof prefix - 1;
	for (size_t i = 0; i < TABLE_COUNT; i++)
		if (has_name(&table[i], name))
			return &table[i];
	return NULL;
}

const struct arch *arch_by_platform(const char *oci_arch, const char *oci_variant)
{
	const struct arch *fallback = NULL;
	for (size_t i = 0; i < TABLE_COUNT; i++) {
		if (strcmp(table[i].oci_arch, oci_arch) != 0)
			continue;
		if (strcmp(table[i].oci_variant, oci_variant) == 0)
			return &table[i];
		if (!fallback)
			fallback = &table[i];
	}
	return fallback;
}

static bool matches(const struct arch *arch, const uint8_t *header)
{
	for (int i = 0; i < ARCH_MAGIC_SIZE; i++)
		if ((header[i] & arch->mask[i]) != (arch->magic[i] & arch->mask[i]))
			return false;
	return true;
}

const struct arch *arch_by_elf(const void *header, size_t len)
{
	if (len < ARCH_MAGIC_SIZE)
		return NULL;
	for (size_t i = 0; i < TABLE_COUNT; i++)
		if (matches(&table[i], header))
			return &table[i];
	return NULL;
}

const struct arch *arch_host(void)
{
#if defined(__x86_64__)
	return arch_by_name("x86_64");
#elif defined(__aarch64__)
	return arch_by_name("aarch64");
#elif defined(__riscv)
	return arch_by_name("riscv64");
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
	return arch_by_name("ppc64le");
#elif defined(__s390x__)
	return arch_by_name("s390x");
#else
#error "add this architecture to the list of hosts"
#endif
}
