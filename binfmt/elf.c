/* SPDX-License-Identifier: GPL-2.0-or-later */
/* elf.c owns reading ELF headers. */
#include "binfmt/elf.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static uint64_t read_number(const uint8_t *at, int size, bool big)
{
	uint64_t value = 0;
	for (int i = 0; i < size; i++)
		value |= (uint64_t)at[big ? size - 1 - i : i] << (8 * i);
	return value;
}

/* Offsets of e_phoff, e_phentsize and e_phnum for the two classes. */
int elf_has_interpreter(const void *data, size_t len)
{
	enum { PT_INTERP_TYPE = 3 };
	const uint8_t *elf = data;
	if (len < 64 || memcmp(elf, "\177ELF", 4) != 0 || elf[4] < 1 || elf[4] > 2 || elf[5] < 1 || elf[5] > 2)
		return -1;
	bool wide = elf[4] == 2, big = elf[5] == 2;
	uint64_t table = wide ? read_number(elf + 32, 8, big) : read_number(elf + 28, 4, big);
	uint64_t size = read_number(elf + (wide ? 54 : 42), 2, big);
	uint64_t count = read_number(elf + (wide ? 56 : 44), 2, big);
	if (size < 4 || table > len || count * size > len - table)
		return -1;
	for (uint64_t i = 0; i < count; i++)
		if (read_number(elf + table + i * size, 4, big) == PT_INTERP_TYPE)
			return 1;
	return 0;
}
