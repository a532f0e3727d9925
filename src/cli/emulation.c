/* SPDX-License-Identifier: GPL-2.0-or-later */
/* emulation.c owns choosing how a container's programs run on this machine: natively, or through which emulators. */
#include "src/cli/run.h"

#include "binfmt/binfmt.h"
#include "src/base/fd.h"

#include <errno.h>

/* A private instance hides the host's handlers, so it gets every emulator there is, not only the image's. */
static void add_other_emulators(const struct arch *wanted, struct spec *spec)
{
	size_t count;
	const struct arch *table = arch_table(&count);
	for (size_t i = 0; i < count; i++) {
		struct err ignored;
		cleanup_free char *path = NULL;
		bool shared = str_eq(table[i].qemu, wanted->qemu) || (i > 0 && str_eq(table[i].qemu, table[i - 1].qemu));
		if (shared || str_eq(table[i].qemu, arch_host()->qemu) || binfmt_is_native(&table[i]))
			continue;
		cleanup_fd int fd = emulator_open(&table[i], NULL, &path, &ignored);
		if (fd >= 0)
			spec_add_emulator(spec, table[i].name, path);
	}
}

int run_plan_emulation(const struct request *q, const struct image *image, struct spec *spec, struct err *err)
{
	struct binfmt_answer answer = { 0 };
	const struct arch *arch = arch_by_platform(image->platform.arch, image->platform.variant);
	if (!arch)
		return err_set(err, -ENOEXEC, "%s is for %s, an architecture that xrun does not know", image->reference,
			platform_text(&image->platform).text);
	int r = binfmt_ask(arch, q->emulator, &answer, err);
	if (r < 0)
		return r;
	if (answer.way == BINFMT_NONE) {
		*err = answer.why_not;
		return err->code;
	}
	spec->personality_32 = answer.way == BINFMT_NATIVE && arch->elf_class != arch_host()->elf_class;
	if (answer.way == BINFMT_PRIVATE) {
		spec_add_emulator(spec, arch->name, answer.emulator);
		add_other_emulators(arch, spec);
	}
	free(answer.emulator);
	return 0;
}
