/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_emulator.c: which emulators are looked for, what they say of themselves, and the file that names them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "binfmt/choice.h"
#include "binfmt/kinds.h"

#include <stdlib.h>
#include <string.h>

static const struct arch *named(const char *name)
{
	const struct arch *arch = arch_by_name(name);
	assert_non_null(arch);
	return arch;
}

static void check_names(const char *host, const char *guest, const char *want)
{
	cleanup_strv struct strv names = { 0 };
	cleanup_buf struct buf text = { 0 };
	kinds_list(named(host), named(guest), &names);
	for (size_t i = 0; i < names.len; i++)
		buf_fmt(&text, "%s ", names.items[i]);
	assert_string_equal(text.data, want);
}

static void x86_emulators_beside_qemu_are_looked_for_where_they_run(void **state)
{
	(void)state;
	check_names("x86_64", "aarch64", "qemu-aarch64-static qemu-aarch64 ");
	check_names("aarch64", "x86_64", "qemu-x86_64-static qemu-x86_64 FEX FEXInterpreter box64 ");
	check_names("aarch64", "i386", "qemu-i386-static qemu-i386 FEX FEXInterpreter box64 box86 ");
	check_names("riscv64", "x86_64", "qemu-x86_64-static qemu-x86_64 box64 ");
	check_names("aarch64", "s390x", "qemu-s390x-static qemu-s390x ");
	check_names("s390x", "x86_64", "qemu-x86_64-static qemu-x86_64 ");
}

static void check_said(const char *said, const char *want_name, const char *want_version)
{
	char name[32] = "", version[32] = "";
	assert_int_equal(kinds_read(said, name, sizeof name, version, sizeof version), *want_name != 0);
	if (*want_name) {
		assert_string_equal(name, want_name);
		assert_string_equal(version, want_version);
	}
}

static void emulators_tell_name_and_version(void **state)
{
	(void)state;
	check_said("qemu-aarch64 version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)\nCopyright", "qemu-aarch64", "7.2.22");
	check_said("FEX-Emu (FEX-2506)\n", "FEX", "2506");
	check_said("FEX-Emu (FEX-2407-15-gabc) \n", "FEX", "2407-15-gabc");
	check_said("Dynarec for ARM64, with extension: ASIMD AES\nBox64 with Dynarec v0.1.7 fa07a0f built on Mar 23 2022\n", "box64", "0.1.7");
	check_said("Box64 arm64 v0.4.3 nogit with Dynarec built on Jun 13 2026\n", "box64", "0.4.3");
	check_said("[BOX64] Box64 with Dynarec v0.3.4 nogit built on Apr 24 2025 09:54:47\n", "box64", "0.3.4");
	check_said("Box86 with Dynarec v0.2.3 ff365085 built on Aug  4 2021\n", "box86", "0.2.3");
	check_said("Box64\nelse v1\n", "", "");
	check_said("true (GNU coreutils) 9.1\n", "", "");
	check_said("qemu-" "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa version 1\n", "", "");
	check_said("", "", "");
}

static void an_emulator_is_told_by_its_name_from_one_for_something_else(void **state)
{
	(void)state;
	assert_true(kinds_runs("qemu-arm", named("armv6")));
	assert_false(kinds_runs("qemu-arm", named("aarch64")));
	assert_true(kinds_runs("FEX", named("x86_64")));
	assert_true(kinds_runs("FEX", named("i386")));
	assert_true(kinds_runs("box64", named("x86_64")));
	assert_false(kinds_runs("box64", named("s390x")));
	assert_false(kinds_runs("box86", named("x86_64")));
}

static void who_understands_the_flag_that_keeps_argv0_is_known(void **state)
{
	(void)state;
	assert_true(kinds_keeps_argv0("qemu-arm", "7.2.22"));
	assert_true(kinds_keeps_argv0("qemu-arm", "10.0.13"));
	assert_false(kinds_keeps_argv0("qemu-arm", "5.2.0"));
	assert_true(kinds_keeps_argv0("FEX", "2506"));
	assert_false(kinds_keeps_argv0("box64", "0.4.3"));
	assert_false(kinds_keeps_argv0("", ""));
}

/* choose ARCH: "PATH WHERE" of the text, "none", or the error. */
static char *choose(const char *arch, const char *text)
{
	struct err err = { 0 };
	struct choice choice = { 0 };
	int r = choice_read("conf", text, strlen(text), named(arch), &choice, &err);
	char *said = r < 0 ? str_dup(err.text) : choice.path ? str_fmt("%s %s", choice.path, choice.where) : str_dup("none");
	assert_true(r == 0 || choice.where);
	choice_done(&choice);
	return said;
}

static void check_choice(const char *arch, const char *text, const char *want)
{
	cleanup_free char *said = choose(arch, text);
	assert_string_equal(said, want);
}

static void the_file_names_emulators_by_any_name_of_their_architecture(void **state)
{
	(void)state;
	check_choice("aarch64", "", "none");
	check_choice("aarch64", "# mine\narm64 = \"/opt/q\" # newer\n", "/opt/q conf:2");
	check_choice("riscv64", "arm64 = \"/opt/q\"\nriscv = '/opt/r'\n", "/opt/r conf:2");
	check_choice("s390x", "arm64 = \"/opt/q\"\n", "none");
	check_choice("aarch64", "\"arm64/v8\" = \"/opt/q\"\n", "/opt/q conf:1");
}

static void arms_variants_share_a_line_unless_they_have_their_own(void **state)
{
	static const char text[] = "armhf = \"/7\"\n'arm/v6' = \"/6\"\n";
	(void)state;
	check_choice("armv7", text, "/7 conf:1");
	check_choice("armv6", text, "/6 conf:2");
	check_choice("armv5", text, "/7 conf:1");
	check_choice("aarch64", text, "none");
}

static void what_the_file_does_not_mean_is_an_error_with_its_line(void **state)
{
	(void)state;
	check_choice("s390x", "\nvax = \"/opt/vax\"\n", "conf: line 2: unknown architecture vax; `xrun binfmt status` lists them");
	check_choice("s390x", "arm64 = \"qemu\"\n", "conf: line 1: arm64: an emulator is written like \"/usr/local/bin/qemu-aarch64\"");
	check_choice("s390x", "arm64 = true\n", "conf: line 1: arm64: an emulator is written like \"/usr/local/bin/qemu-aarch64\"");
	check_choice("s390x", "arm64 = \"/a\"\naarch64 = \"/b\"\n", "conf: line 2: aarch64: there is a line for aarch64 already");
	check_choice("s390x", "[arm64]\n", "conf: line 1: [arm64]: there are no tables here, only lines ARCH = \"FILE\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(x86_emulators_beside_qemu_are_looked_for_where_they_run),
		cmocka_unit_test(emulators_tell_name_and_version),
		cmocka_unit_test(an_emulator_is_told_by_its_name_from_one_for_something_else),
		cmocka_unit_test(who_understands_the_flag_that_keeps_argv0_is_known),
		cmocka_unit_test(the_file_names_emulators_by_any_name_of_their_architecture),
		cmocka_unit_test(arms_variants_share_a_line_unless_they_have_their_own),
		cmocka_unit_test(what_the_file_does_not_mean_is_an_error_with_its_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
