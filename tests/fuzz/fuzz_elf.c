/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fuzz_elf.c: headers of emulators and of images' programs. */
#include "binfmt/arch.h"
#include "binfmt/elf.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

#define HEAD(class, order, machine) "\177ELF" class order "\1\0\0\0\0\0\0\0\0\0" machine
#define ADDRESS(low) low "\0\0\0\0\0\0\0"

/* A type and a machine, then version, entry, program headers, section headers; program headers right behind. */
const unsigned fuzz_rounds = 100000;
FUZZ_SEEDS(SEED(HEAD("\2", "\1", "\2\0\x3e\0") "\1\0\0\0" ADDRESS("\0") ADDRESS("\x40") ADDRESS("\0")
		"\0\0\0\0\x40\0\x38\0\1\0\0\0\0\0\0\0\3\0\0\0\4\0\0\0" ADDRESS("\0") ADDRESS("\0") ADDRESS("\0") ADDRESS("\0")
			ADDRESS("\0") ADDRESS("\0")),
	SEED(HEAD("\1", "\1", "\2\0\x28\0") "\1\0\0\0\0\0\0\0\x34\0\0\0\0\0\0\0\0\0\0\0\x34\0\x20\0\2\0\0\0\0\0\0\0\1\0\0\0"
		"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\3\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
	SEED(HEAD("\2", "\2", "\0\3\0\x16") "\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x40\0\0\0\0\0\0\0\0\0\0\0\0\0\x40\0\x38\0\0\0\0\0\0\0\0"),
	SEED(HEAD("\2", "\1", "\4\0\xb7\0") "\1\0\0\0" ADDRESS("\0") ADDRESS("\x40") ADDRESS("\0")
		"\0\0\0\0\x40\0\x38\0\1\0\0\0\0\0\0\0\4\0\0\0\4\0\0\0" ADDRESS("\x78") ADDRESS("\0") ADDRESS("\0") ADDRESS("\0")
			ADDRESS("\0") ADDRESS("\0") "\5\0\0\0\4\0\0\0\1\0\0\0" "CORE\0\0\0\0" "\x0b\0\0\0"),
	SEED("#!/bin/sh\n"))

static bool agrees(const struct arch *arch, const uint8_t *header)
{
	bool big = arch->elf_data == 2;
	unsigned machine = header[big ? 19 : 18] | header[big ? 18 : 19] << 8;
	unsigned type = header[big ? 17 : 16] | header[big ? 16 : 17] << 8;
	return header[4] == arch->elf_class && header[5] == arch->elf_data && machine == arch->elf_machine && (type == 2 || type == 3);
}

/* What follows the program headers changes nothing. */
static void check_longer(const uint8_t *data, size_t size, int answer)
{
	uint8_t *longer = mem_new(size + 1);
	memcpy(longer, data, size);
	longer[size] = 3;
	CHECK(elf_has_interpreter(longer, size + 1) == answer);
	free(longer);
}

/* A loader's name ends within its room; a core's signal is one, and no program has it. */
static void check_details(const uint8_t *data, size_t size, int answer)
{
	char path[16];
	memset(path, 'x', sizeof path);
	CHECK(elf_interpreter(data, size, path, sizeof path) == answer);
	CHECK(memchr(path, 0, sizeof path));
	int number = elf_core_signal(data, size);
	CHECK(number >= 0 && number <= 64);
	CHECK(number == 0 || (data[16] | data[17]) == 4);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int answer = elf_has_interpreter(data, size);
	CHECK(answer >= -1 && answer <= 1);
	if (answer >= 0) {
		CHECK(size >= 64 && memcmp(data, "\177ELF", 4) == 0);
		check_longer(data, size, answer);
	}
	check_details(data, size, answer);
	struct elf_needs needs;
	if (elf_read(data, size, &needs) == 0)
		CHECK(strlen(needs.interpreter) < sizeof needs.interpreter && needs.x86_level >= 0 && needs.x86_level <= 4 &&
			needs.arm_cpu >= -1 && needs.arm_cpu < 100);
	const struct arch *arch = arch_by_elf(data, size);
	if (arch)
		CHECK(size >= ARCH_MAGIC_SIZE && memcmp(data, "\177ELF", 4) == 0 && agrees(arch, data));
	return 0;
}
