/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fuzz_emulators.c: emulators.conf, and what a program that may be an emulator says of itself. */
#include "binfmt/choice.h"
#include "binfmt/kinds.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

const unsigned fuzz_rounds = 20000;
FUZZ_SEEDS(SEED("aarch64\0# mine\narm64 = \"/opt/qemu/qemu-aarch64\"\n's390x' = '/q'\n"),
	SEED("armv5\0armhf = \"/7\"\n\"arm/v6\" = \"/6\" # old\n"), SEED("x\0qemu-aarch64 version 7.2.22 (Debian)\n"),
	SEED("x\0FEX-Emu (FEX-2506)\n"), SEED("x\0[BOX64] Box64 with Dynarec v0.3.4 nogit\nBox86 v1\n"))

static void check_choice(const struct arch *arch, const char *text, size_t size)
{
	struct err err = { 0 };
	struct choice choice = { 0 };
	int r = choice_read("conf", text, size, arch, &choice, &err);
	CHECK(r <= 0 && r == err.code && (r == 0 || str_starts(err.text, "conf: ")));
	CHECK(r < 0 ? choice.where && !choice.path : !choice.path == !choice.where);
	CHECK(!choice.path || (*choice.path == '/' && str_starts(choice.where, "conf:")));
	choice_done(&choice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char name[16] = "", version[16] = "";
	cleanup_free char *wanted = fuzz_text(&data, &size);
	cleanup_free char *text = mem_new(size + 1);
	memcpy(text, data, size);
	const struct arch *arch = arch_by_name(wanted);
	check_choice(arch ? arch : arch_host(), text, size);
	if (kinds_read(text, name, sizeof name, version, sizeof version))
		CHECK(*name && *version && strlen(name) < sizeof name && strlen(version) < sizeof version);
	return 0;
}
