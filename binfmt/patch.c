/* SPDX-License-Identifier: GPL-2.0-or-later */
/* patch.c owns how an emulator's file changes so that it starts with options of ours. */
/*
 * Theory of operation. The kernel starts an interpreter of binfmt_misc with a command line of its own making, so an
 * emulator gets no options; its environment is the guest's to clear. A script or a small program that executes the
 * emulator with options would need its file inside the container, and one more exec for each program. So the
 * emulator itself is changed, in a copy: one more loadable segment holds the stub and the words (binfmt/stub), and the
 * entry point is the stub's. Its program header takes the place of a note, which nothing needs at run time (elf(5)).
 */
#include "binfmt/patch.h"

#include "binfmt/arch.h"
#include "binfmt/stub/data.h"

#include <elf.h>
#include <errno.h>
#include <string.h>

static const uint8_t stub[] = {
#include "stub.inc"
};

/* The largest page size of any machine that xrun knows: a segment that is aligned to it can be loaded everywhere. */
enum { SEGMENT_ALIGNMENT = 65536 };
#define ADDRESS_LIMIT (UINT64_C(1) << 46) /* addresses that no real program exceeds; keeps sums from wrapping */

struct program {
	Elf64_Ehdr header;
	Elf64_Phdr *segments;
	size_t count, note, last_load;
	uint64_t end; /* of what is loaded */
};

void patch_done(struct patch *patch)
{
	buf_done(&patch->head);
	buf_done(&patch->tail);
}

uint64_t patch_version(void)
{
	uint64_t hash = 0xcbf29ce484222325 ^ PATCH_MARK; /* FNV-1a */
	for (size_t i = 0; i < sizeof stub; i++)
		hash = (hash ^ stub[i]) * 0x100000001b3;
	return hash;
}

static uint64_t align(uint64_t value)
{
	return (value + SEGMENT_ALIGNMENT - 1) & ~(uint64_t)(SEGMENT_ALIGNMENT - 1);
}

static bool is_of_this_machine(const Elf64_Ehdr *header)
{
	const struct arch *host = arch_host();
	return memcmp(header->e_ident, ELFMAG, SELFMAG) == 0 && header->e_ident[EI_CLASS] == ELFCLASS64 &&
	       header->e_ident[EI_DATA] == host->elf_data && header->e_machine == host->elf_machine &&
	       header->e_phentsize == sizeof(Elf64_Phdr);
}

static int read_program(const uint8_t *head, size_t len, struct program *ret_program, struct err *err)
{
	struct program program = { 0 };
	Elf64_Ehdr *header = &program.header;
	if (len < sizeof *header)
		return err_set(err, -ENOEXEC, "it is not an ELF program");
	memcpy(header, head, sizeof *header);
	size_t size = header->e_phnum * sizeof *program.segments;
	if (!is_of_this_machine(header) || header->e_phoff < sizeof *header || header->e_phoff > len || size > len - header->e_phoff)
		return err_set(err, -ENOEXEC, "it is not an ELF program of this machine");
	program.segments = mem_new(size + sizeof *program.segments);
	memcpy(program.segments, head + header->e_phoff, size);
	program.count = program.note = program.last_load = header->e_phnum;
	for (size_t i = 0; i < program.count; i++) {
		const Elf64_Phdr *p = &program.segments[i];
		if (p->p_type == PT_NOTE)
			program.note = i;
		if (p->p_type != PT_LOAD)
			continue;
		program.last_load = i;
		if (p->p_vaddr < ADDRESS_LIMIT && p->p_memsz < ADDRESS_LIMIT && p->p_vaddr + p->p_memsz > program.end)
			program.end = p->p_vaddr + p->p_memsz;
	}
	*ret_program = program;
	return 0;
}

/* Segments that are loaded stand in the order of their addresses: the new one, the highest, after the last. */
static void replace_note(struct program *program, const Elf64_Phdr *added)
{
	size_t at = program->last_load + 1, note = program->note;
	if (note < at) { /* close the gap: everything up to the last loaded one moves down */
		memmove(&program->segments[note], &program->segments[note + 1], (at - note - 1) * sizeof *added);
		at--;
	} else {
		memmove(&program->segments[at + 1], &program->segments[at], (note - at) * sizeof *added);
	}
	program->segments[at] = *added;
}

/* What the kernel takes for the beginning of the code (fs/binfmt_elf.c). */
static uint64_t code_start(const struct program *program)
{
	uint64_t start = UINT64_MAX;
	for (size_t i = 0; i < program->count; i++) {
		const Elf64_Phdr *p = &program->segments[i];
		if (p->p_type == PT_LOAD && (p->p_flags & PF_X) && p->p_vaddr < start)
			start = p->p_vaddr;
	}
	return start == UINT64_MAX ? 0 : start;
}

static void add_tail(const struct strv *words, const struct program *program, uint64_t address, struct buf *tail)
{
	struct stub_data data = { .entry = (int64_t)(program->header.e_entry - address), .count = words->len,
		.code = (int64_t)(code_start(program) - address), .size = sizeof stub + sizeof data };
	for (size_t i = 0; i < words->len; i++)
		data.size += strlen(words->items[i]) + 1;
	buf_add(tail, stub, sizeof stub);
	buf_add(tail, &data, sizeof data);
	for (size_t i = 0; i < words->len; i++)
		buf_add(tail, words->items[i], strlen(words->items[i]) + 1);
}

int patch_plan(const void *head, size_t len, uint64_t file_size, const struct strv *words, struct patch *ret_patch,
	struct err *err)
{
	struct program program = { 0 };
	struct patch patch = { .tail_offset = align(file_size) };
	if (sizeof stub == 0)
		return err_set(err, -EOPNOTSUPP, "xrun has no code for this machine that gives an emulator options");
	if (words->len > STUB_MAX_WORDS)
		return err_set(err, -E2BIG, "more than %d words of options", STUB_MAX_WORDS);
	int r = read_program(head, len, &program, err);
	if (r < 0)
		return r;
	if (!program.segments || program.note == program.count || program.last_load == program.count || file_size > ADDRESS_LIMIT) {
		free(program.segments);
		return err_set(err, -ENOEXEC, "it has no program header to spare");
	}
	uint64_t address = align(program.end);
	add_tail(words, &program, address, &patch.tail);
	replace_note(&program, &(Elf64_Phdr){ .p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_offset = patch.tail_offset,
				       .p_vaddr = address, .p_paddr = address, .p_filesz = patch.tail.len, .p_memsz = patch.tail.len,
				       .p_align = SEGMENT_ALIGNMENT });
	program.header.e_entry = address;
	program.header.e_ident[PATCH_MARK_AT] = PATCH_MARK;
	buf_add(&patch.head, head, program.header.e_phoff + program.count * sizeof *program.segments);
	memcpy(patch.head.data, &program.header, sizeof program.header);
	memcpy(patch.head.data + program.header.e_phoff, program.segments, program.count * sizeof *program.segments);
	free(program.segments);
	*ret_patch = patch;
	return 0;
}
