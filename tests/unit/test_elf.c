/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_elf.c: what a program's ELF headers say it needs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "binfmt/elf.h"

#include <elf.h>
#include <string.h>

struct program32 {
	Elf32_Ehdr header;
	Elf32_Phdr segments[2];
	char path[32];
};

static struct program32 arm_program(void)
{
	struct program32 p = { .header = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS32, ELFDATA2LSB, 1 }, .e_type = ET_EXEC,
					   .e_machine = EM_ARM, .e_flags = 0x5000200, .e_phoff = offsetof(struct program32, segments),
					   .e_phentsize = sizeof(Elf32_Phdr), .e_phnum = 2 },
		.segments = { { .p_type = PT_LOAD }, { .p_type = PT_INTERP, .p_offset = offsetof(struct program32, path), .p_filesz = 24 } },
		.path = "/lib/ld-linux-armhf.so.3" };
	p.path[23] = 0;
	return p;
}

static void the_loader_of_a_32_bit_program(void **state)
{
	(void)state;
	struct program32 p = arm_program();
	char path[64];
	assert_int_equal(elf_interpreter(&p, sizeof p, path, sizeof path), 1);
	assert_string_equal(path, "/lib/ld-linux-armhf.so.");
	assert_int_equal(elf_flags(&p, sizeof p), 0x5000200);
}

static void a_loader_s_name_out_of_reach_is_none(void **state)
{
	(void)state;
	struct program32 p = arm_program();
	char path[64] = "x";
	p.segments[1].p_offset = 100000;
	assert_int_equal(elf_interpreter(&p, sizeof p, path, sizeof path), 1);
	assert_string_equal(path, "");
	p.segments[1].p_offset = offsetof(struct program32, path);
	assert_int_equal(elf_interpreter(&p, sizeof p, path, 8), 1);
	assert_string_equal(path, "");
	p.segments[1].p_filesz = 0;
	assert_int_equal(elf_interpreter(&p, sizeof p, path, sizeof path), 1);
	assert_string_equal(path, "");
}

static void the_signal_of_a_core(void **state)
{
	(void)state;
	struct {
		Elf64_Ehdr header;
		Elf64_Phdr segments[2];
		uint32_t note[3];
		char name[8];
		uint32_t content[4];
	} core = { .header = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, 1 }, .e_type = ET_CORE, .e_phnum = 2 },
		.segments = { { .p_type = PT_LOAD }, { .p_type = PT_NOTE } }, .note = { 5, 16, NT_PRSTATUS }, .name = "CORE",
		.content = { 11 } };
	core.header.e_phoff = offsetof(__typeof__(core), segments);
	core.segments[1].p_offset = offsetof(__typeof__(core), note);
	assert_int_equal(elf_core_signal(&core, sizeof core), 11);
	assert_int_equal(elf_core_signal(&core, offsetof(__typeof__(core), content)), 0);
	core.segments[1].p_offset = UINT64_MAX;
	assert_int_equal(elf_core_signal(&core, sizeof core), 0);
	core.header.e_type = ET_EXEC;
	assert_int_equal(elf_core_signal(&core, sizeof core), 0);
}

static void headers_that_cannot_be(void **state)
{
	(void)state;
	struct program32 p = arm_program();
	p.header.e_phentsize = 4;
	assert_int_equal(elf_interpreter(&p, sizeof p, NULL, 0), -1);
	p = arm_program();
	p.header.e_phnum = 60000;
	assert_int_equal(elf_interpreter(&p, sizeof p, NULL, 0), -1);
	assert_int_equal(elf_interpreter("\177ELF", 4, NULL, 0), -1);
	assert_int_equal(elf_flags("#!/bin/sh", 9), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_loader_of_a_32_bit_program), cmocka_unit_test(a_loader_s_name_out_of_reach_is_none),
		cmocka_unit_test(the_signal_of_a_core), cmocka_unit_test(headers_that_cannot_be),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
