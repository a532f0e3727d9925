/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_patch.c: programs that are changed to start with options, and the CPU models that guests get. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "binfmt/cpu.h"
#include "binfmt/emulator.h"
#include "binfmt/patch.h"
#include "binfmt/stub/data.h"
#include "src/base/fd.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { SEGMENTS = 5, FILE_SIZE = 70000 };

struct image {
	Elf64_Ehdr header;
	Elf64_Phdr segments[SEGMENTS];
};

/* A program as a linker leaves it, with the note first or last. */
static struct image make(bool note_first)
{
	const struct arch *host = arch_host();
	struct image image = { .header = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, host->elf_data, 1 }, .e_type = ET_EXEC,
				       .e_machine = host->elf_machine, .e_entry = 0x401234, .e_phoff = sizeof(Elf64_Ehdr),
				       .e_phentsize = sizeof(Elf64_Phdr), .e_phnum = SEGMENTS } };
	Elf64_Phdr loads[] = { { .p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_vaddr = 0x400000, .p_memsz = 0x5000 },
		{ .p_type = PT_LOAD, .p_vaddr = 0x500000, .p_memsz = 0x12345 } };
	Elf64_Phdr note = { .p_type = PT_NOTE }, stack = { .p_type = PT_GNU_STACK }, tls = { .p_type = PT_TLS };
	Elf64_Phdr first[] = { note, loads[0], loads[1], tls, stack }, last[] = { loads[0], loads[1], tls, stack, note };
	memcpy(image.segments, note_first ? first : last, sizeof first);
	return image;
}

static int patch(const struct image *image, struct image *ret_image, struct patch *ret_patch)
{
	struct err err;
	char *items[] = { "-cpu", "max" };
	struct strv words = { items, 2 };
	int r = patch_plan(image, sizeof *image, FILE_SIZE, &words, ret_patch, &err);
	if (r == 0)
		memcpy(ret_image, ret_patch->head.data, sizeof *ret_image);
	return r;
}

static void a_segment_with_the_stub_takes_the_place_of_a_note(void **state)
{
	(void)state;
	for (int note_first = 0; note_first < 2; note_first++) {
		static const uint32_t types[] = { PT_LOAD, PT_LOAD, PT_LOAD, PT_TLS, PT_GNU_STACK };
		struct image image = make(note_first), changed = { 0 };
		struct patch result = { 0 };
		assert_int_equal(patch(&image, &changed, &result), 0);
		for (int i = 0; i < SEGMENTS; i++)
			assert_int_equal(changed.segments[i].p_type, types[i]);
		assert_int_equal(changed.segments[2].p_vaddr, 0x520000);
		assert_int_equal(changed.segments[2].p_offset, 131072);
		assert_int_equal(changed.segments[2].p_filesz, result.tail.len);
		assert_int_equal(changed.segments[2].p_flags, PF_R | PF_X);
		assert_int_equal(result.tail_offset, 131072);
		assert_int_equal(changed.header.e_entry, 0x520000);
		patch_done(&result);
	}
}

static void the_stub_finds_the_words_and_the_way_back(void **state)
{
	(void)state;
	static const char words[] = "-cpu\0max";
	struct image image = make(false), changed = { 0 };
	struct patch result = { 0 };
	struct stub_data data;
	assert_int_equal(patch(&image, &changed, &result), 0);
	const char *at = result.tail.data + result.tail.len - sizeof words - sizeof data;
	memcpy(&data, at, sizeof data);
	assert_int_equal(data.count, 2);
	assert_int_equal(0x520000 + data.entry, 0x401234);
	assert_int_equal(0x520000 + data.code, 0x400000);
	assert_int_equal(data.size, result.tail.len);
	assert_memory_equal(at + sizeof data, words, sizeof words);
	patch_done(&result);
}

static void a_program_of_another_form_is_refused(void **state)
{
	(void)state;
	struct image changed = { 0 };
	struct patch result = { 0 };
	struct image cases[6];
	for (size_t i = 0; i < 6; i++)
		cases[i] = make(false);
	cases[0].segments[4].p_type = PT_NULL;           /* no note */
	cases[1].header.e_machine ^= 1;                  /* another machine's */
	cases[2].header.e_phnum = SEGMENTS + 1;          /* headers beyond what was read */
	cases[3].header.e_phoff = UINT64_MAX - 8;
	cases[4].segments[0].p_type = cases[4].segments[1].p_type = PT_NULL; /* nothing to load */
	cases[5].header.e_phoff = 8;                     /* headers that overlap */
	for (size_t i = 0; i < 6; i++)
		assert_int_equal(patch(&cases[i], &changed, &result), -ENOEXEC);
}

static void models_are_tried_best_first(void **state)
{
	(void)state;
	assert_string_equal(cpu_models(arch_by_name("aarch64"))[0], "max,pauth=off,sve=off");
	assert_string_equal(cpu_models(arch_by_name("armv6"))[0], "arm1176");
	assert_string_equal(cpu_models(arch_by_name("armel"))[0], "arm926");
	assert_string_equal(cpu_models(arch_by_name("x86_64"))[0], "max");
	assert_null(cpu_models(arch_by_name("armv7"))[0]);
}

static void only_what_can_be_a_model_is_taken_for_one(void **state)
{
	(void)state;
	static const char *const good[] = { "max", "max,pauth=off,sve=off", "rv64,v=true,vlen=256", "Skylake-Server-v4", "qemu64,+avx2" };
	static const char *const bad[] = { "", "-strace", "a b", "max;id", "\033[31m", "max\n" };
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		assert_true(cpu_model_is_sound(good[i]));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(cpu_model_is_sound(bad[i]));
}

static void a_stack_without_limit_is_as_large_as_fits(void **state)
{
	(void)state;
	static const struct {
		const char *arch;
		uint64_t limit;
		const char *size;
	} cases[] = { { "aarch64", UINT64_MAX, "1073741824" }, { "armv7", UINT64_MAX, "268435456" }, { "armv7", 1 << 20, "1048576" } };
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		cleanup_strv struct strv words = { 0 };
		cpu_stack_options(arch_by_name(cases[i].arch), cases[i].limit, &words);
		assert_int_equal(words.len, 2);
		assert_string_equal(words.items[0], "-s");
		assert_string_equal(words.items[1], cases[i].size);
	}
}

static void randomization_is_trouble_for_qemu_at_a_fixed_address(void **state)
{
	(void)state;
	struct emulator_facts facts = { .name = "qemu-aarch64", .version = "9.2.0", .fixed_address = true };
	assert_non_null(emulator_randomization_trouble(&facts));
	facts.fixed_address = false;
	assert_null(emulator_randomization_trouble(&facts));
	facts = (struct emulator_facts){ .fixed_address = true };
	assert_null(emulator_randomization_trouble(&facts));
}

/* A script that calls itself qemu of an architecture, knows one CPU model, and leaves a mark when it is asked for its version. */
static char *fake_emulator(const char *dir, const char *target)
{
	struct err err;
	char *path = str_fmt("%s/qemu-fake", dir);
	cleanup_free char *text = str_fmt("#!/bin/sh\n"
					  "case $1 in\n"
					  "--version) echo \"qemu-%s version 6.2.0 (Debian)\"; : >%s/asked ;;\n"
					  "-cpu) [ \"$2\" = cortex-a72 ] || echo \"qemu: unable to find CPU model '$2'\" ;;\n"
					  "esac\n", target, dir);
	int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(fd_publish_file(dir_fd, "qemu-fake", text, strlen(text), 0755, &err), 0);
	close(dir_fd);
	return path;
}

static void an_emulator_is_asked_once(void **state)
{
	(void)state;
	struct err err;
	struct emulator_facts facts;
	char dir[] = "/tmp/test-patch-XXXXXX";
	assert_non_null(mkdtemp(dir));
	assert_int_equal(chmod(dir, 01777), 0); /* it runs as nobody */
	cleanup_free char *path = fake_emulator(dir, "aarch64"), *mark = str_fmt("%s/asked", dir);
	int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), cache_fd = emulator_cache_open(dir_fd, &err);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(emulator_ask(cache_fd, arch_by_name("arm64"), path, &facts, &err), 0);
		assert_string_equal(facts.name, "qemu-aarch64");
		assert_string_equal(facts.version, "6.2.0");
		assert_false(facts.takes_options); /* it is no ELF program */
		assert_string_equal(facts.model, "");
		assert_int_equal(unlink(mark), i ? -1 : 0);
	}
	assert_int_equal(emulator_check_model(path, "max", &err), -EINVAL);
	assert_string_equal(err.text, "unable to find CPU model 'max'");
	close(cache_fd);
	assert_int_equal(fd_remove_tree(AT_FDCWD, dir, &err), 0);
	close(dir_fd);
}

static void an_emulator_of_another_architecture_is_refused(void **state)
{
	(void)state;
	struct err err;
	struct emulator_facts facts;
	char dir[] = "/tmp/test-patch-XXXXXX";
	assert_non_null(mkdtemp(dir));
	assert_int_equal(chmod(dir, 01777), 0); /* it runs as nobody */
	cleanup_free char *path = fake_emulator(dir, "riscv64");
	assert_int_equal(emulator_ask(-1, arch_by_name("arm64"), path, &facts, &err), -ENOEXEC);
	assert_non_null(strstr(err.text, "is qemu-riscv64, which runs no aarch64 programs"));
	assert_int_equal(emulator_ask(-1, arch_by_name("riscv64"), path, &facts, &err), 0);
	assert_int_equal(fd_remove_tree(AT_FDCWD, dir, &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_segment_with_the_stub_takes_the_place_of_a_note),
		cmocka_unit_test(the_stub_finds_the_words_and_the_way_back),
		cmocka_unit_test(a_program_of_another_form_is_refused),
		cmocka_unit_test(models_are_tried_best_first),
		cmocka_unit_test(only_what_can_be_a_model_is_taken_for_one),
		cmocka_unit_test(a_stack_without_limit_is_as_large_as_fits),
		cmocka_unit_test(randomization_is_trouble_for_qemu_at_a_fixed_address),
		cmocka_unit_test(an_emulator_is_asked_once),
		cmocka_unit_test(an_emulator_of_another_architecture_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
