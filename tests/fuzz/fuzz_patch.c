/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fuzz_patch.c: emulators' files that are to be given options, and stacks that a guest writes. */
#include "binfmt/auxv.h"
#include "binfmt/patch.h"
#include "tests/fuzz/fuzz.h"

#include <elf.h>
#include <string.h>

#define HEAD "\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\2\0\x3e\0\1\0\0\0"
#define WORD(low) low "\0\0\0\0\0\0\0"
#define SEGMENT(type) type "\0\0\0\5\0\0\0" WORD("\0") WORD("\x40") WORD("\x40") WORD("\x10") WORD("\x10") WORD("\x10")
#define SIZES(count) "\0\0\0\0\x40\0\x38\0" count "\0\0\0\0\0\0\0"

/* Program headers right behind the header: what is loaded and a note, in either order, and none to spare. */
const unsigned fuzz_rounds = 100000;
FUZZ_SEEDS(SEED(HEAD WORD("\x50") WORD("\x40") WORD("\0") SIZES("\2") SEGMENT("\1") SEGMENT("\4")),
	SEED(HEAD WORD("\x50") WORD("\x40") WORD("\0") SIZES("\3") SEGMENT("\4") SEGMENT("\1") SEGMENT("\1")),
	SEED(HEAD WORD("\x50") WORD("\x40") WORD("\0") SIZES("\1") SEGMENT("\1")),
	SEED(WORD("\1") WORD("\x20") WORD("\0") WORD("\0") WORD("\x10") WORD("\3") WORD("\0") WORD("\0")))

/* As many segments as before, one more that is loaded, and it is the last of these. */
static void check_segments(const struct patch *patch, size_t size)
{
	Elf64_Ehdr header;
	memcpy(&header, patch->head.data, sizeof header);
	CHECK(patch->head.len <= size && patch->head.len == header.e_phoff + header.e_phnum * sizeof(Elf64_Phdr));
	const Elf64_Phdr *last = NULL;
	Elf64_Phdr segment, found = { 0 };
	for (size_t i = 0; i < header.e_phnum; i++) {
		memcpy(&segment, patch->head.data + header.e_phoff + i * sizeof segment, sizeof segment);
		if (segment.p_type == PT_LOAD) {
			found = segment;
			last = &found;
		}
	}
	CHECK(last && last->p_offset == patch->tail_offset && last->p_filesz == patch->tail.len && last->p_vaddr == header.e_entry);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = { 0 };
	struct patch patch = { 0 };
	struct cpu_capabilities capabilities;
	char *items[] = { "-cpu", "max" };
	struct strv words = { items, 2 };
	size_t len = size < PATCH_HEAD_SIZE ? size : PATCH_HEAD_SIZE;
	int r = patch_plan(data, len, size, &words, &patch, &err);
	CHECK(r == 0 || (r < 0 && *err.text));
	if (r == 0) {
		CHECK(patch.tail_offset >= size);
		check_segments(&patch, size);
	}
	patch_done(&patch);
	auxv_read(arch_by_name("aarch64"), data, size, &capabilities);
	auxv_read(arch_by_name("mips"), data, size, &capabilities);
	return 0;
}
