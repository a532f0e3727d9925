/* SPDX-License-Identifier: GPL-2.0-or-later */
/* needs.c owns what a program's ELF file says that it needs of a processor. */
#include "binfmt/elf.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* elf(5), and for the last ones the psABIs of x86-64 and of Arm. */
enum { LOAD = 1, INTERP = 3, NOTE = 4, PROPERTY_NOTE = 5, X86_ISA_NEEDED = 0xc0008002, ARM_ATTRIBUTES = 0x70000003, TAG_CPU_ARCH = 6 };

/* A file's content; what is read beyond its end is zero. */
struct elf {
	const uint8_t *data;
	uint64_t len;
	bool wide, big;
};

static uint64_t number(const struct elf *elf, uint64_t at, int size)
{
	uint64_t value = 0;
	if (at > elf->len || elf->len - at < (uint64_t)size)
		return 0;
	for (int i = 0; i < size; i++)
		value |= (uint64_t)elf->data[at + (elf->big ? size - 1 - i : i)] << (8 * i);
	return value;
}

static bool has(const struct elf *elf, uint64_t at, uint64_t size)
{
	return at <= elf->len && size <= elf->len - at;
}

static void read_interpreter(const struct elf *elf, uint64_t at, uint64_t size, struct elf_needs *needs)
{
	if (size == 0 || size > sizeof needs->interpreter || !has(elf, at, size))
		return;
	memcpy(needs->interpreter, elf->data + at, size);
	needs->interpreter[size - 1] = 0;
}

/* Properties are padded to the size of an address. */
static void read_properties(const struct elf *elf, uint64_t at, uint64_t end, struct elf_needs *needs)
{
	uint64_t pad = elf->wide ? 8 : 4;
	while (at + 8 <= end) {
		uint32_t type = number(elf, at, 4), size = number(elf, at + 4, 4);
		uint32_t levels = type == X86_ISA_NEEDED ? number(elf, at + 8, 4) : 0;
		for (int level = 4; level > 0 && !needs->x86_level; level--)
			if (levels & 1u << (level - 1))
				needs->x86_level = level;
		at += 8 + (size + pad - 1) / pad * pad;
	}
}

static void read_notes(const struct elf *elf, uint64_t at, uint64_t size, struct elf_needs *needs)
{
	uint64_t pad = elf->wide ? 8 : 4;
	if (!has(elf, at, size))
		return;
	for (uint64_t end = at + size; at + 12 <= end;) {
		uint64_t name = number(elf, at, 4), content = number(elf, at + 4, 4);
		uint64_t start = at + 12 + (name + 3) / 4 * 4;
		bool gnu = name == 4 && has(elf, at + 12, 4) && memcmp(elf->data + at + 12, "GNU", 4) == 0;
		if (gnu && number(elf, at + 8, 4) == PROPERTY_NOTE && has(elf, start, content))
			read_properties(elf, start, start + content, needs);
		at = start + (content + pad - 1) / pad * pad;
	}
}

/* A segment that is loaded: whether the file has its part, and what it wants behind that. */
static void read_load(const struct elf *elf, uint64_t header, uint64_t at, uint64_t size, struct elf_needs *needs)
{
	enum { WRITABLE = 2, PAGE = 4096 };
	uint64_t flags = number(elf, header + (elf->wide ? 4 : 24), 4);
	uint64_t start = number(elf, header + (elf->wide ? 16 : 8), elf->wide ? 8 : 4);
	uint64_t memory = number(elf, header + (elf->wide ? 40 : 20), elf->wide ? 8 : 4);
	if (!has(elf, at, size))
		needs->cut = true;
	if (!(flags & WRITABLE) && size && memory > size && (start + size) % PAGE)
		needs->zeros_behind_code = true;
}

static void read_segments(const struct elf *elf, struct elf_needs *needs)
{
	uint64_t table = number(elf, elf->wide ? 32 : 28, elf->wide ? 8 : 4);
	uint64_t entry = number(elf, elf->wide ? 54 : 42, 2), count = number(elf, elf->wide ? 56 : 44, 2);
	needs->cut = !has(elf, table, count * entry);
	for (uint64_t i = 0; i < count && table < elf->len; i++) {
		uint64_t header = table + i * entry;
		uint64_t at = number(elf, header + (elf->wide ? 8 : 4), elf->wide ? 8 : 4);
		uint64_t size = number(elf, header + (elf->wide ? 32 : 16), elf->wide ? 8 : 4);
		uint64_t type = number(elf, header, 4);
		if (type == LOAD)
			read_load(elf, header, at, size, needs);
		else if (type == INTERP)
			read_interpreter(elf, at, size, needs);
		else if (type == NOTE)
			read_notes(elf, at, size, needs);
	}
}

/* Unsigned, seven bits a byte, the lowest first. */
static uint64_t take_uleb(const struct elf *elf, uint64_t *at, uint64_t end)
{
	uint64_t value = 0;
	for (int shift = 0; *at < end; shift += 7) {
		uint8_t byte = number(elf, (*at)++, 1);
		if (shift < 63)
			value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			break;
	}
	return value;
}

static void skip_string(const struct elf *elf, uint64_t *at, uint64_t end)
{
	while (*at < end && number(elf, (*at)++, 1))
		;
}

/* Tag by tag: 4, 5 and the odd ones from 33 on have strings, 32 a number and a string, all others a number. */
static void read_tags(const struct elf *elf, uint64_t at, uint64_t end, struct elf_needs *needs)
{
	while (at < end) {
		uint64_t tag = take_uleb(elf, &at, end);
		bool text = tag == 4 || tag == 5 || (tag > 32 && tag % 2);
		uint64_t value = text ? 0 : take_uleb(elf, &at, end);
		if (text || tag == 32)
			skip_string(elf, &at, end);
		if (tag == TAG_CPU_ARCH && value < 100)
			needs->arm_cpu = (int)value;
	}
}

/* 'A', then the length and name of a vendor's part; in that of "aeabi", 1 (the whole file), a length, tags. */
static void read_attributes(const struct elf *elf, uint64_t at, uint64_t size, struct elf_needs *needs)
{
	static const char vendor[] = "aeabi";
	if (size < 16 || !has(elf, at, size) || elf->data[at] != 'A' || memcmp(elf->data + at + 5, vendor, sizeof vendor) != 0)
		return;
	uint64_t tags = at + 5 + sizeof vendor, end = tags + number(elf, tags + 1, 4);
	if (elf->data[tags] == 1 && end <= at + size && end > tags + 5)
		read_tags(elf, tags + 5, end, needs);
}

static void read_sections(const struct elf *elf, struct elf_needs *needs)
{
	uint64_t table = number(elf, 32, 4), entry = number(elf, 46, 2), count = number(elf, 48, 2);
	for (uint64_t i = 0; i < count && table < elf->len; i++)
		if (number(elf, table + i * entry + 4, 4) == ARM_ATTRIBUTES)
			read_attributes(elf, number(elf, table + i * entry + 16, 4), number(elf, table + i * entry + 20, 4), needs);
}

int elf_read(const void *data, size_t len, struct elf_needs *ret_needs)
{
	struct elf elf = { .data = data, .len = len };
	if (len < 52 || memcmp(data, "\177ELF", 4) != 0)
		return -1;
	elf.wide = elf.data[4] == 2;
	elf.big = elf.data[5] == 2;
	*ret_needs = (struct elf_needs){ .elf_class = elf.data[4], .elf_data = elf.data[5], .arm_cpu = -1,
		.type = number(&elf, 16, 2), .machine = number(&elf, 18, 2) };
	read_segments(&elf, ret_needs);
	if (!elf.wide)
		read_sections(&elf, ret_needs);
	return 0;
}
