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

static bool is_sound(const uint8_t *elf, size_t len)
{
	return len >= 64 && memcmp(elf, "\177ELF", 4) == 0 && elf[4] >= 1 && elf[4] <= 2 && elf[5] >= 1 && elf[5] <= 2;
}

/* The path lies at p_offset, with its NUL in p_filesz bytes. */
static void take_path(const uint8_t *elf, size_t len, const uint8_t *header, bool wide, bool big, char *ret_path, size_t size)
{
	uint64_t offset = wide ? read_number(header + 8, 8, big) : read_number(header + 4, 4, big);
	uint64_t bytes = wide ? read_number(header + 32, 8, big) : read_number(header + 16, 4, big);
	if (bytes == 0 || bytes > size || offset > len || bytes > len - offset)
		return;
	memcpy(ret_path, elf + offset, bytes);
	ret_path[bytes - 1] = 0;
}

/* Offsets of e_phoff, e_phentsize and e_phnum for the two classes. */
int elf_interpreter(const void *data, size_t len, char *ret_path, size_t path_size)
{
	enum { PT_INTERP_TYPE = 3 };
	const uint8_t *elf = data;
	if (path_size)
		*ret_path = 0;
	if (!is_sound(elf, len))
		return -1;
	bool wide = elf[4] == 2, big = elf[5] == 2;
	uint64_t table = wide ? read_number(elf + 32, 8, big) : read_number(elf + 28, 4, big);
	uint64_t size = read_number(elf + (wide ? 54 : 42), 2, big);
	uint64_t count = read_number(elf + (wide ? 56 : 44), 2, big);
	if (size < (wide ? 56 : 32) || table > len || count * size > len - table)
		return -1;
	for (uint64_t i = 0; i < count; i++) {
		const uint8_t *header = elf + table + i * size;
		if (read_number(header, 4, big) != PT_INTERP_TYPE)
			continue;
		take_path(elf, len, header, wide, big, ret_path, path_size);
		return 1;
	}
	return 0;
}

int elf_has_interpreter(const void *data, size_t len)
{
	return elf_interpreter(data, len, NULL, 0);
}

unsigned elf_flags(const void *data, size_t len)
{
	const uint8_t *elf = data;
	return is_sound(elf, len) ? (unsigned)read_number(elf + (elf[4] == 2 ? 48 : 36), 4, elf[5] == 2) : 0;
}

/* A note: three words (sizes of name and content, type), the name, the content, each padded to four bytes. */
static int note_signal(const uint8_t *elf, size_t len, uint64_t offset, bool big)
{
	enum { NT_PRSTATUS_TYPE = 1 };
	if (offset > len || len - offset < 12)
		return 0;
	const uint8_t *note = elf + offset;
	uint64_t content = 12 + ((read_number(note, 4, big) + 3) & ~UINT64_C(3));
	if (read_number(note + 8, 4, big) != NT_PRSTATUS_TYPE || content > len - offset || len - offset - content < 4)
		return 0;
	int number = (int)read_number(note + content, 4, big);
	return number > 0 && number < 65 ? number : 0;
}

int elf_core_signal(const void *data, size_t len)
{
	enum { PT_NOTE_TYPE = 4, ET_CORE_TYPE = 4 };
	const uint8_t *elf = data;
	if (!is_sound(elf, len))
		return 0;
	bool wide = elf[4] == 2, big = elf[5] == 2;
	uint64_t table = wide ? read_number(elf + 32, 8, big) : read_number(elf + 28, 4, big);
	uint64_t size = wide ? 56 : 32, count = read_number(elf + (wide ? 56 : 44), 2, big);
	if (read_number(elf + 16, 2, big) != ET_CORE_TYPE || table > len)
		return 0;
	for (uint64_t i = 0; i < count && (i + 1) * size <= len - table; i++) {
		const uint8_t *header = elf + table + i * size;
		if (read_number(header, 4, big) == PT_NOTE_TYPE)
			return note_signal(elf, len, wide ? read_number(header + 8, 8, big) : read_number(header + 4, 4, big), big);
	}
	return 0;
}
