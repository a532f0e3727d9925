/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cpu.c owns which CPU an emulator shows to its guest. */
/*
 * Measured with qemu 7.2, see docs/emulation.md. What a model lacks, it also denies to have: programs that look at the
 * hardware capabilities (getauxval(3)) or ID registers first never meet an illegal instruction because of these choices.
 */
#include "binfmt/cpu.h"

#include <string.h>

static const struct {
	const char *arch;
	const char *models[4];
} choices[] = {
	/*
	 * Without pointer authentication its hint instructions are no-ops, 20 to 30 times faster for programs built with
	 * -mbranch-protection=standard. Without SVE the string functions use NEON, which qemu translates better. qemu older
	 * than 6.0 cannot leave pointer authentication out of max; a Cortex-A72 has none.
	 */
	{ "aarch64", { "max,pauth=off,sve=off", "cortex-a72" } },
	/* An image for these must not get away with instructions that its CPU lacks: qemu's default has ARMv8's. */
	{ "armv6", { "arm1176" } },
	{ "armv5", { "arm926" } },
	/* qemu64, the default, is x86-64-v1 and some: glibc of an x86-64-v2 or v3 distribution refuses to start on it. */
	{ "x86_64", { "max" } },
};

const char *const *cpu_models(const struct arch *arch)
{
	static const char *const none[] = { NULL };
	for (size_t i = 0; i < sizeof choices / sizeof *choices; i++)
		if (str_eq(choices[i].arch, arch->name))
			return choices[i].models;
	return none;
}

bool cpu_model_is_sound(const char *model)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.,=+-";
	size_t len = strlen(model);
	return len > 0 && len < 256 && *model != '-' && strspn(model, letters) == len;
}

void cpu_options(const char *model, struct strv *ret_words)
{
	strv_add(ret_words, "-cpu");
	strv_add(ret_words, model);
}

void cpu_stack_options(const struct arch *arch, uint64_t limit, struct strv *ret_words)
{
	const uint64_t most = arch->elf_class == 2 ? UINT64_C(1) << 30 : UINT64_C(1) << 28;
	strv_add(ret_words, "-s");
	strv_take(ret_words, str_fmt("%llu", (unsigned long long)(limit == UINT64_MAX ? most : limit)));
}
